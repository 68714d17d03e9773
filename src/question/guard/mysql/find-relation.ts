import type { Relation } from '../../../domain/index.ts'
import type { CatalogIndex } from '../catalog-index.ts'

const folded = new WeakMap<CatalogIndex, ReadonlyMap<string, Relation>>()

/**
 * As written first, then without case: where the server minds case, another spelling is a table it does not find; where it
 * does not, there is only one table of that name.
 */
export function findRelation(index: CatalogIndex | null, schema: string | null, name: string): Relation | null {
  if (index === null) return null
  const within = schema ?? index.catalog.searchPath[0] ?? ''
  const exact = index.find(within, name)
  if (exact !== null) return exact
  const known = folded.get(index) ?? new Map(index.catalog.relations.map((relation) => [keyOf(relation.schema, relation.name), relation]))
  folded.set(index, known)
  return known.get(keyOf(within, name)) ?? null
}

function keyOf(schema: string, name: string): string {
  return `${schema.toLowerCase()}\u0000${name.toLowerCase()}`
}
