import type { Actor } from './actor.ts'
import type { Hours } from './hours.ts'
import type { Limits } from './limits.ts'
import { ceilingLimits, defaultLimits } from './limits.ts'
import { strictestMask, type AttributeRule, type FilterRule, type Mask, type MaskRule } from './masking/mask.ts'
import type { RoleName } from './role.ts'
import { closedWrites, type WritePolicy, type WriteRule, type WriteVerb } from './write-policy.ts'

export * from './write-policy.ts'

export * from './masking/index.ts' // a policy says them

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
export interface Policy extends WritePolicy {
  /** Changes with every edit; part of the verdict cache key. */
  readonly version: string
  readonly disclosure: Disclosure
  /** true: nothing runs on this connection until it is thawed. */
  readonly isFrozen: boolean
  /** deny wins; where an allow applies to a role, all it does not name is denied to that role. */
  readonly rules: readonly PolicyRule[]
  /** Columns whose values are shown changed. */
  readonly masks: readonly MaskRule[]
  /** Rows that are not there; where several apply, all must hold. */
  readonly filters: readonly FilterRule[]
  /** Attributes of actors that filters speak of; a later rule wins. */
  readonly attributes: readonly AttributeRule[]
  /** User-defined functions an admin has marked safe to call, as `schema.name`. */
  readonly safeFunctions: readonly string[]
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
  masks: [],
  filters: [],
  attributes: [],
  safeFunctions: [],
  ...closedWrites,
  costGate: null,
  hours: null,
  defaults: defaultLimits,
  ceiling: ceilingLimits,
}

/** Matches a policy pattern against `schema` and `name`; a pattern without a dot matches in every schema. */
export function matchesRelation(pattern: string, schema: string, name: string): boolean {
  return glob(pattern, name) || glob(pattern, `${schema}.${name}`)
}

/** Whether a rule speaks of a holder of these roles; one that names no role speaks of all. */
export function appliesTo(rule: { readonly roles: readonly RoleName[] }, roles: readonly RoleName[]): boolean {
  return rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role))
}

/** What the rules say to a holder of these roles of a column, or of a whole table when `column` is null. */
export function isAllowed(
  policy: Policy,
  roles: readonly RoleName[],
  relation: { readonly schema: string; readonly name: string },
  column: string | null,
): boolean {
  const applicable = policy.rules.filter((rule) => appliesTo(rule, roles))
  const names = (rule: PolicyRule): boolean => rule.tables.some((pattern) => matchesRelation(pattern, relation.schema, relation.name))
  const covers = (rule: PolicyRule): boolean =>
    names(rule) && (rule.columns.length === 0 || (column !== null && rule.columns.some((pattern) => glob(pattern, column))))
  if (applicable.some((rule) => rule.effect === 'deny' && covers(rule))) return false
  const allows = applicable.filter((rule) => rule.effect === 'allow')
  if (allows.length === 0) return true
  // A table with some allowed columns may be named; which of its columns is asked column by column.
  return allows.some((rule) => (column === null ? names(rule) : covers(rule)))
}

type Named = { readonly schema: string; readonly name: string }

/** What holders of these roles are shown in a column's place; null: the column as it is. */
export function maskOf(policy: Policy, roles: readonly RoleName[], relation: Named, column: string): Mask | null {
  const found = policy.masks.filter(
    (rule) => appliesTo(rule, roles) && covers(rule, relation) && rule.columns.some((pattern) => matchesName(pattern, column)),
  )
  return strictestMask(found.map((rule) => rule.mask))
}

/** The filters that rows of a relation must pass for holders of these roles, all of them. */
export function filtersOf(policy: Policy, roles: readonly RoleName[], relation: Named): readonly FilterRule[] {
  return policy.filters.filter((rule) => appliesTo(rule, roles) && covers(rule, relation))
}

function covers(rule: { readonly tables: readonly string[] }, relation: Named): boolean {
  return rule.tables.some((pattern) => matchesRelation(pattern, relation.schema, relation.name))
}

/** What `actor.<name>` stands for in a row filter; a name that is not here stands for nothing, and nothing equals it. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>

/** What is proven of an actor comes last: no policy can give somebody another's name. */
export function attributesOf(actor: Pick<Actor, 'memberId' | 'name' | 'kind' | 'roles'>, policy: Pick<Policy, 'attributes'>): Attributes {
  const found: Record<string, string | readonly string[]> = {}
  for (const rule of policy.attributes) {
    const isMeant = rule.members.length === 0 || rule.members.some((one) => one === actor.memberId || matchesName(one, actor.name))
    if (isMeant && appliesTo(rule, actor.roles)) Object.assign(found, rule.set)
  }
  return Object.assign(Object.create(null), found, { name: actor.name, kind: actor.kind, roles: actor.roles })
}

/** Matches a pattern against one name: `*` stands for any run of characters, letter case does not count. */
export function matchesName(pattern: string, name: string): boolean {
  return glob(pattern, name)
}

/** The rules that let a holder of these roles do this to a relation; for a column, those that let it be given a value. */
export function writeRulesFor(
  policy: Policy,
  roles: readonly RoleName[],
  relation: { readonly schema: string; readonly name: string },
  verb: WriteVerb,
  column: string | null,
): readonly WriteRule[] {
  return policy.writes.filter(
    (rule) =>
      appliesTo(rule, roles) &&
      (rule.verbs.length === 0 || rule.verbs.includes(verb)) &&
      covers(rule, relation) &&
      (column === null || rule.columns.length === 0 || rule.columns.some((pattern) => glob(pattern, column))),
  )
}

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 's').test(text.toLowerCase())
}
