import { names, type Node } from './parse.ts'
import type { RangeEntry, Scope } from './scope.ts'

/** The entry whose whole row a reference means; null: it means a column, or nothing that is known. */
export function rowMeant(node: Node, scope: Scope): RangeEntry | null {
  const fields = node['fields'] as readonly Node[]
  const [alias] = names(fields)
  const isStar = fields.at(-1)?.['A_Star'] !== undefined
  if (alias === undefined || fields.length > (isStar ? 2 : 1)) return null
  if (isStar) return scope.findEntry(alias, null)
  const entries = scope.allEntries()
  if (entries.some((entry) => entry.columns?.has(alias) !== false && (entry.columns !== null || entry.alias !== alias))) return null
  return entries.find((entry) => entry.alias === alias) ?? null
}
