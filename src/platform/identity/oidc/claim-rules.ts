import type { RoleName } from '../../../domain/index.ts'

/** One line of the mapping from aishell.yaml: what follows from a claim. */
export interface ClaimRule {
  /** A claim by name, or by a path with dots into one that holds others. */
  readonly claim: string
  /** The value, or one of them where the claim is a list; `*` stands for any run of characters. */
  readonly value: string
  readonly role?: RoleName | undefined
  readonly groups?: readonly string[] | undefined
  readonly tenant?: string | undefined
}

export type Claims = { readonly [name: string]: unknown }

/** The first matching rule that names a role, or a tenant, decides; groups of all matching rules add up. */
export function applyRules(
  rules: readonly ClaimRule[],
  claims: Claims,
): { readonly role: RoleName | null; readonly groups: readonly string[]; readonly tenant: string | null } {
  const matching = rules.filter((rule) => valuesOf(claims, rule.claim).some((value) => isMatch(rule.value, value)))
  return {
    role: matching.find((rule) => rule.role !== undefined)?.role ?? null,
    groups: [...new Set(matching.flatMap((rule) => rule.groups ?? []))],
    tenant: matching.find((rule) => rule.tenant !== undefined)?.tenant ?? null,
  }
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
