import type { RoleName } from '../../../domain/index.ts'

/** One line of the mapping from aishell.yaml: what follows from a claim. */
export interface ClaimRule {
  /** A claim by name, or by a path with dots into one that holds others. */
  readonly claim: string
  /** The value, or one of them where the claim is a list; `*` stands for any run of characters. */
  readonly value: string
  readonly role?: RoleName | undefined
  readonly groups?: readonly string[] | undefined
  /** Absent: `default`. */
  readonly tenant?: string | undefined
}

export type Claims = { readonly [name: string]: unknown }

/** Whose a rule is that names no tenant: so nobody gets into a customer's tenant by a rule that was written before it was there. */
export const ownTenant = 'default'

/** The tenant that claims lead to where no host decides: that of the first matching rule which gives a role or names a tenant. */
export function tenantByRules(rules: readonly ClaimRule[], claims: Claims): string {
  return matchingRules(rules, claims).find((rule) => rule.role !== undefined || rule.tenant !== undefined)?.tenant ?? ownTenant
}

/**
 * What claims give in one tenant, which rules may call by any of `names`: rules for another give nothing here. The first matching
 * rule that gives a role decides; groups of all matching rules add up.
 */
export function applyRules(
  rules: readonly ClaimRule[],
  claims: Claims,
  names: readonly string[],
): { readonly role: RoleName | null; readonly groups: readonly string[] } {
  const its = matchingRules(rules, claims).filter((rule) => names.includes(rule.tenant ?? ownTenant))
  return {
    role: its.find((rule) => rule.role !== undefined)?.role ?? null,
    groups: [...new Set(its.flatMap((rule) => rule.groups ?? []))],
  }
}

function matchingRules(rules: readonly ClaimRule[], claims: Claims): readonly ClaimRule[] {
  return rules.filter((rule) => valuesOf(claims, rule.claim).some((value) => isMatch(rule.value, value)))
}

/** A claim's values as texts; what is no text, number or truth has none. */
export function valuesOf(claims: Claims, path: string): readonly string[] {
  const value = Object.hasOwn(claims, path) ? claims[path] : path.split('.').reduce(step, claims as unknown)
  return [value].flat().flatMap((item) => (['string', 'number', 'boolean'].includes(typeof item) ? [String(item)] : []))
}

function step(holder: unknown, key: string): unknown {
  return typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key) ? (holder as Claims)[key] : undefined
}

/** Letter case counts: what one provider writes in two ways may be two groups at another. */
function isMatch(pattern: string, value: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 's').test(value)
}
