import type { Catalog, Relation } from '../../domain/index.ts'

/** Look-ups into one catalog, made once however many statements are judged against it. */
export interface CatalogIndex {
  readonly catalog: Catalog
  /** By schema, then by name as the server folds it. */
  find(schema: string, name: string): Relation | null
  /** An unqualified name, along the search path. */
  findInPath(name: string): Relation | null
  /** The relation itself, all it is a part of, and all its parts: a rule on one holds for the others. */
  familyOf(relation: Relation): readonly Relation[]
  /** Those that an unqualified name may call: of the schemas in the search path. What only computes is not among them. */
  readonly userFunctions: ReadonlySet<string>
  /** Symbol → schemas in the search path that define one: what an operator without a schema may mean. */
  readonly userOperators: ReadonlyMap<string, readonly string[]>
  /** Name → schemas of base types, domains and types with casts of their own. */
  readonly userTypes: ReadonlyMap<string, readonly string[]>
  /** Built-in types that somebody has made a cast to. */
  readonly userCastTargets: ReadonlySet<string>
  /** Whether the database has types or casts of its own, which may run its code where nobody names it. */
  readonly hasOwnTypes: boolean
  /** The types a relation's columns have, bare: each once. */
  typesOf(relation: Relation): ReadonlySet<string>
  /** Names of the types columns have, without schema, quotes, length and brackets: among them the enums. */
  readonly columnTypes: ReadonlySet<string>
}

const indexes = new WeakMap<Catalog, CatalogIndex>()

export function indexOf(catalog: Catalog): CatalogIndex {
  const known = indexes.get(catalog)
  if (known !== undefined) return known
  const made = buildIndex(catalog)
  indexes.set(catalog, made)
  return made
}

function buildIndex(catalog: Catalog): CatalogIndex {
  const fold = catalog.dialect === 'sqlite' ? (name: string) => name.toLowerCase() : (name: string) => name
  const keyOf = (schema: string, name: string): string => `${fold(schema)}\u0000${fold(name)}`
  const byName = new Map(catalog.relations.map((relation) => [keyOf(relation.schema, relation.name), relation]))
  const find = (schema: string, name: string): Relation | null => byName.get(keyOf(schema, name)) ?? null
  const inPath = new Set(catalog.searchPath)
  const byDottedName = new Map(catalog.relations.map((relation) => [`${relation.schema}.${relation.name}`, relation]))
  const partsOf = new Map<string, Relation[]>()
  for (const relation of catalog.relations)
    for (const parent of relation.parents) partsOf.set(parent, [...(partsOf.get(parent) ?? []), relation])
  const userTypes = bySecondPart(catalog.types.filter((name) => !name.startsWith(server)))
  const userCastTargets = new Set(catalog.types.filter((name) => name.startsWith(server)).map((name) => name.slice(server.length)))
  const types = new Map<Relation, ReadonlySet<string>>()
  return {
    catalog,
    find,
    findInPath: (name) => {
      for (const schema of catalog.searchPath) {
        const found = find(schema, name)
        if (found !== null) return found
      }
      return null
    },
    familyOf: (relation) => [...ancestors(relation, byDottedName), ...descendants(relation, partsOf)],
    userFunctions: new Set(
      catalog.functions.filter((item) => inPath.has(item.schema) && item.onlyComputes !== true).map((item) => item.name),
    ),
    userOperators: bySecondPart(catalog.operators.filter((name) => inPath.has(name.slice(0, name.indexOf('.'))))),
    userTypes,
    userCastTargets,
    hasOwnTypes: userTypes.size > 0 || userCastTargets.size > 0,
    typesOf: (relation) => {
      const known = types.get(relation) ?? bareTypesOf(relation)
      types.set(relation, known)
      return known
    },
    columnTypes: new Set(catalog.relations.flatMap((relation) => [...bareTypesOf(relation)])),
  }
}

function bareTypesOf({ columns }: Relation): ReadonlySet<string> {
  return new Set(columns.map((column) => bareType(column.type)))
}

const server = 'pg_catalog.'

/** `schema.name` → name, with the schemas that have one. */
function bySecondPart(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const dotted = names.map((name) => [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)] as const)
  return new Map([...Map.groupBy(dotted, ([, name]) => name)].map(([name, all]) => [name, all.map(([schema]) => schema)]))
}

/** A type as a catalog spells it, without schema, quotes, length and brackets. */
export function bareType(type: string): string {
  return type
    .replace(/(\([^)]*\))?(\[\])*$/, '')
    .replace(/^.*\.(?=[^.]+$)/, '')
    .replaceAll('"', '')
}

function ancestors(relation: Relation, byDottedName: ReadonlyMap<string, Relation>): Relation[] {
  const found = new Set<Relation>()
  const add = ({ parents }: Relation): void => {
    for (const name of parents) {
      const parent = byDottedName.get(name)
      if (parent === undefined || found.has(parent)) continue
      found.add(parent)
      add(parent)
    }
  }
  add(relation)
  return [...found]
}

function descendants(relation: Relation, partsOf: ReadonlyMap<string, readonly Relation[]>): Relation[] {
  const found = new Set([relation])
  for (const at of found) for (const part of partsOf.get(`${at.schema}.${at.name}`) ?? []) found.add(part)
  return [...found]
}
