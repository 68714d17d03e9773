import type { Dialect } from './dialects/index.ts'
import { filtersOf, isAllowed, maskOf, type Policy } from './policy.ts'
import type { RoleName } from './role.ts'
import type { WriteEffect } from './write-policy.ts'

export const relationKinds = ['table', 'view', 'materialized-view', 'foreign-table', 'partitioned-table'] as const
export type RelationKind = (typeof relationKinds)[number]

/** What is known of a column's values; present only where the disclosure level allows it. */
export interface ColumnStatistics {
  /** Different values; null: not known. */
  readonly distinct: number | null
  /** Share of NULL, 0 to 1; null: not known. */
  readonly nullShare: number | null
  /** Values as text, commonest first; every value where `isComplete`. */
  readonly values: readonly string[]
  readonly isComplete: boolean
  readonly min: string | null
  readonly max: string | null
}

export interface CatalogColumn {
  readonly name: string
  /** The engine's own spelling, e.g. `numeric(10,2)`. */
  readonly type: string
  readonly isNullable: boolean
  readonly comment: string | null
  readonly statistics: ColumnStatistics | null
}

export interface ForeignKey {
  readonly name: string
  readonly columns: readonly string[]
  readonly target: { readonly schema: string; readonly name: string; readonly columns: readonly string[] }
}

export interface Relation {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly comment: string | null
  readonly columns: readonly CatalogColumn[]
  readonly primaryKey: readonly string[]
  readonly uniqueKeys: readonly (readonly string[])[]
  readonly foreignKeys: readonly ForeignKey[]
  /** The planner's estimate; null: never analysed. */
  readonly estimatedRows: number | null
  readonly sizeBytes: number | null
  /** Text of a view; null for the rest. */
  readonly definition: string | null
  /** `schema.name` of the relations this one is a partition or child of; of a child there may be several. */
  readonly parents: readonly string[]
  /** What writing to it sets off; absent: not known. For the guard, never part of a view. */
  readonly effects?: readonly WriteEffect[]
  /** true: writing may set off more than `effects` says, which this database user may not see. */
  readonly hasHiddenEffects?: boolean
}

/** A function that is not part of the server itself. */
export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  readonly argumentTypes: readonly string[]
  readonly resultType: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  /** true: of an extension that is known; it only computes, as the server's own of that name does, and does not stand in its way. */
  readonly onlyComputes?: boolean
}

/** All that is known of a connection's objects. Plain data: it can be dumped to a file and read back. */
export interface Catalog {
  readonly dialect: Dialect
  readonly database: string
  readonly serverVersion: string
  /** Digest of everything below; changes when the schema does. */
  readonly version: string
  /** Schemas an unqualified name is looked up in, in order. */
  readonly searchPath: readonly string[]
  readonly relations: readonly Relation[]
  readonly functions: readonly CatalogFunction[]
  /** User-defined operators as `schema.symbol`: the guard refuses their use. */
  readonly operators: readonly string[]
  /** User-defined base types, domains and casts as `schema.name`; enums, composites of tables are not listed. */
  readonly types: readonly string[]
}

/** The catalog as holders of these roles may see it: denied tables and columns are gone, also from keys, and what tells of masked values. */
export function viewCatalog(catalog: Catalog, policy: Policy, roles: readonly RoleName[]): Catalog {
  const relations = withoutMasked(catalog, policy, roles)
    .filter((relation) => isAllowed(policy, roles, relation, null))
    .map((relation) => viewRelation(relation, policy, roles))
    .filter((relation) => relation.columns.length > 0)
  const isVisible = (schema: string, name: string): boolean =>
    relations.some((relation) => relation.schema === schema && relation.name === name)
  return {
    ...catalog,
    relations: relations.map(({ effects: _forTheGuard, hasHiddenEffects: _too, ...relation }) => ({
      ...relation,
      foreignKeys: relation.foreignKeys.filter((key) => isVisible(key.target.schema, key.target.name)),
    })),
  }
}

function viewRelation(relation: Relation, policy: Policy, roles: readonly RoleName[]): Relation {
  const columns = relation.columns.filter((column) => isAllowed(policy, roles, relation, column.name))
  if (columns.length === relation.columns.length) return relation
  const names = new Set(columns.map((column) => column.name))
  const isWhole = (key: readonly string[]): boolean => key.every((name) => names.has(name))
  return {
    ...relation,
    columns,
    definition: null, // a view's text would name what was just taken away
    primaryKey: isWhole(relation.primaryKey) ? relation.primaryKey : [],
    uniqueKeys: relation.uniqueKeys.filter(isWhole),
    foreignKeys: relation.foreignKeys.filter((key) => isWhole(key.columns)),
  }
}

/**
 * Without the statistics of masked columns and of filtered tables. A rule on a table holds for its parts and for what it is
 * a part of; of views nobody knows here what they read, so theirs go as soon as anything is masked.
 */
function withoutMasked({ relations }: Catalog, policy: Policy, roles: readonly RoleName[]): readonly Relation[] {
  if (policy.masks.length === 0 && policy.filters.length === 0) return relations
  const rootOf = familyRoots(relations)
  const familyOf = Map.groupBy(relations, (relation) => rootOf(relation))
  const isAnything = relations.some(
    (one) => filtersOf(policy, roles, one).length > 0 || one.columns.some((column) => maskOf(policy, roles, one, column.name)),
  )
  if (!isAnything) return relations
  return relations.map((relation) => {
    const family = familyOf.get(rootOf(relation)) ?? [relation]
    const isFiltered = family.some((member) => filtersOf(policy, roles, member).length > 0)
    const isView = relation.kind === 'view' || relation.kind === 'materialized-view'
    const isHidden = (name: string): boolean =>
      isFiltered || isView || family.some((member) => maskOf(policy, roles, member, name) !== null)
    return {
      ...relation,
      ...(isFiltered || isView ? { estimatedRows: null, sizeBytes: null } : {}),
      columns: relation.columns.map((column) => (isHidden(column.name) ? { ...column, statistics: null } : column)),
    }
  })
}

/** One name for all that are joined by being parts of one another: rules on one of a family hold for all. */
function familyRoots(relations: readonly Relation[]): (relation: Relation) => string {
  const joined = new Map<string, string>()
  const rootOf = (name: string): string => {
    let at = name
    for (let next = joined.get(at); next !== undefined; next = joined.get(at)) at = next
    return at
  }
  for (const { schema, name, parents } of relations)
    for (const parent of parents) {
      const [own, above] = [rootOf(`${schema}.${name}`), rootOf(parent)]
      if (own !== above) joined.set(own, above)
    }
  return ({ schema, name }) => rootOf(`${schema}.${name}`)
}
