import { createHash } from 'node:crypto'
import type { Catalog } from '../../domain/index.ts'

/** SHA-256, hex, over the schema: statistics, row counts and sizes move without it and are left out. */
export function catalogVersion(catalog: Omit<Catalog, 'version'>): string {
  const relations = catalog.relations.map(({ estimatedRows: _rows, sizeBytes: _size, columns, ...relation }) => ({
    ...relation,
    columns: columns.map(({ statistics: _statistics, ...column }) => column),
  }))
  return createHash('sha256')
    .update(JSON.stringify({ ...catalog, relations }))
    .digest('hex')
}
