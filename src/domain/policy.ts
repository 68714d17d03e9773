import type { Hours } from './hours.ts'
import type { Limits } from './limits.ts'
import { ceilingLimits, defaultLimits } from './limits.ts'
import type { RoleName } from './role.ts'

/** How much of a database may be shown to a drafter, least first. */
export const disclosures = ['schema', 'statistics', 'masked-samples', 'rows'] as const
export type Disclosure = (typeof disclosures)[number]

/** One rule over tables and columns. Patterns are `schema.table` or `table`, `*` stands for any run of characters; letter case does not count. */
export interface PolicyRule {
  readonly effect: 'allow' | 'deny'
  /** Roles it applies to, by name; it applies to whoever holds one of them. Empty: everybody, admins too. */
  readonly roles: readonly RoleName[]
  readonly tables: readonly string[]
  /** Empty: the whole table. */
  readonly columns: readonly string[]
}

/** Planner's estimates; null: no such bound. */
export interface CostBound {
  /** In the planner's own units. */
  readonly cost: number | null
  /** Rows the statement is expected to give. */
  readonly rows: number | null
}

/** Reads that the planner expects to be dear: over one bound somebody else must approve, over the other it is refused. */
export interface CostGate {
  readonly confirmOver: CostBound
  readonly refuseOver: CostBound
}

/** The rules of one connection. */
export interface Policy {
  /** Changes with every edit; part of the verdict cache key. */
  readonly version: string
  readonly disclosure: Disclosure
  /** true: nothing runs on this connection until it is thawed. */
  readonly isFrozen: boolean
  /** deny wins; where an allow applies to a role, all it does not name is denied to that role. */
  readonly rules: readonly PolicyRule[]
  /** User-defined functions an admin has marked safe to call, as `schema.name`. */
  readonly safeFunctions: readonly string[]
  /** Statement classes each role may have run; writes and above end in an approval request. */
  readonly writers: readonly RoleName[]
  /** null: no statement is too dear. */
  readonly costGate: CostGate | null
  /** null: at any time. */
  readonly hours: Hours | null
  readonly defaults: Limits
  readonly ceiling: Limits
}

export const openPolicy: Policy = {
  version: 'open',
  disclosure: 'statistics',
  isFrozen: false,
  rules: [],
  safeFunctions: [],
  writers: [],
  costGate: null,
  hours: null,
  defaults: defaultLimits,
  ceiling: ceilingLimits,
}

/** Matches a policy pattern against `schema` and `name`; a pattern without a dot matches in every schema. */
export function matchesRelation(pattern: string, schema: string, name: string): boolean {
  return glob(pattern, name) || glob(pattern, `${schema}.${name}`)
}

/** What the rules say to a holder of these roles of a column, or of a whole table when `column` is null. */
export function isAllowed(
  policy: Policy,
  roles: readonly RoleName[],
  relation: { readonly schema: string; readonly name: string },
  column: string | null,
): boolean {
  const applicable = policy.rules.filter((rule) => rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role)))
  const names = (rule: PolicyRule): boolean => rule.tables.some((pattern) => matchesRelation(pattern, relation.schema, relation.name))
  const covers = (rule: PolicyRule): boolean =>
    names(rule) && (rule.columns.length === 0 || (column !== null && rule.columns.some((pattern) => glob(pattern, column))))
  if (applicable.some((rule) => rule.effect === 'deny' && covers(rule))) return false
  const allows = applicable.filter((rule) => rule.effect === 'allow')
  if (allows.length === 0) return true
  // A table with some allowed columns may be named; which of its columns is asked column by column.
  return allows.some((rule) => (column === null ? names(rule) : covers(rule)))
}

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 's').test(text.toLowerCase())
}
