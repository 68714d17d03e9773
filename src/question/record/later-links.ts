import type { Scope } from '../../domain/index.ts'
import { sql, type Query } from '../../platform/store/index.ts'
import { readLinkBody, type LinkBody } from './link.ts'

/** Attempts and outcomes of these entries, in the chain's order. */
export async function laterLinks(
  query: Query,
  scope: Scope,
  entryIds: readonly string[],
): Promise<ReadonlyMap<string, readonly LinkBody[]>> {
  if (entryIds.length === 0) return new Map()
  // Each kind has an index of its own, which a search for both of them at once could not use.
  const ofKind = (kind: 'attempt' | 'outcome') =>
    query
      .selectFrom('record_link')
      .select(['body', 'sequence'])
      .where('tenant_id', '=', scope.tenantId)
      .where('kind', '=', sql.lit(kind))
      .where('entry_id', 'in', entryIds)
  const rows = await ofKind('attempt').unionAll(ofKind('outcome')).orderBy('sequence').execute()
  return Map.groupBy(rows.map(readLinkBody), ({ entryId }) => entryId)
}
