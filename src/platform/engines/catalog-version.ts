import { createHash } from 'node:crypto'
import type { Catalog } from '../../domain/index.ts'

/** A digest of the schema alone: statistics, row counts and sizes move without it. */
export function catalogVersion(catalog: Pick<Catalog, 'searchPath' | 'relations' | 'functions' | 'operators' | 'types'>): string {
  const { searchPath, functions, operators, types } = catalog
  const relations = catalog.relations.map((relation) => ({
    ...relation,
    estimatedRows: null,
    sizeBytes: null,
    columns: relation.columns.map((column) => ({ ...column, statistics: null })),
  }))
  return createHash('sha256').update(JSON.stringify({ searchPath, functions, operators, types, relations })).digest('hex')
}
