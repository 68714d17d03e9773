import { certain, lastOf } from '../certain.ts'
import { columnMap } from '../column-map.ts'
import { forEachNode, list, names, type Node } from './parse.ts'
import type { RangeEntry } from './scope.ts'

export type Columns = RangeEntry['columns']

export function functionName(node: Node): string | null {
  const found: string[] = []
  forEachNode(node['functions'], (kind, inner) => {
    if (kind === 'FuncCall') found.push(lastOf(names(inner['funcname'])))
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

/** Whether all columns of some entries are known. */
export function areKnown(entries: readonly RangeEntry[]): boolean {
  return entries.every(({ columns }) => columns !== null)
}

/** What an alias around a join stands for, column by column; those of one name in each other's place. */
export function joinedColumns(entries: readonly RangeEntry[]): Columns {
  return columnMap(entries.flatMap(({ columns }) => [...certain(columns)]))
}
