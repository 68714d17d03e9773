import { forEachNode, list, names, type Node } from './parse.ts'
import type { Origin, RangeEntry } from './scope.ts'

export type Columns = RangeEntry['columns']

export function functionName(node: Node): string | null {
  const found: string[] = []
  forEachNode(node['functions'], (kind, inner) => {
    if (kind === 'FuncCall') found.push(names(inner['funcname']).at(-1) ?? '')
  })
  return found[0] ?? null
}

export function valuesColumns(node: Node): Columns {
  const [first] = list(node['valuesLists'])
  const width = list((first?.['List'] as Node | undefined)?.['items']).length
  return new Map(Array.from({ length: width }, (_, at) => [`column${at + 1}`, []]))
}

export function widthOf(entries: readonly RangeEntry[]): number {
  return entries.reduce((width, entry) => width + (entry.columns?.size ?? 0), 0)
}

export function sharedColumns(left: readonly RangeEntry[], right: readonly RangeEntry[]): string[] {
  const rightNames = new Set(right.flatMap((entry) => [...(entry.columns?.keys() ?? [])]))
  return left.flatMap((entry) => [...(entry.columns?.keys() ?? [])]).filter((name) => rightNames.has(name))
}

export function mergedColumns(entries: readonly RangeEntry[]): Columns {
  const merged = new Map<string, readonly Origin[]>()
  for (const { columns } of entries) {
    if (columns === null) return null
    for (const [name, origins] of columns) merged.set(name, [...(merged.get(name) ?? []), ...origins])
  }
  return merged
}
