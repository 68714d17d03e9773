import type { Reason } from '../../../domain/index.ts'
import type { ColumnUse } from '../analysis.ts'
import { identOf } from './names.ts'
import { kindOf, listOf, nodeOf } from './node.ts'
import { Scope, type Columns, type RangeEntry } from './scope.ts'

export function aliasColumns(alias: unknown): string[] {
  return listOf(nodeOf(alias)['columns']).flatMap((column) => identOf(column['name'])?.value ?? [])
}

export function bothSides(left: Columns, right: Columns): Columns {
  if (left === null || right === null) return null
  const others = [...right.values()]
  return new Map([...left].map(([name, origins], at) => [name, [...origins, ...(others[at] ?? [])]]))
}

/** What a derived table sees: the WITH queries here, and the levels around the SELECT; not its neighbours. */
export function aroundOf(scope: Scope): Scope {
  const bare = new Scope(scope.parent)
  for (const [name, columns] of scope.commonTables) bare.commonTables.set(name, columns)
  return bare
}

export function beside(scope: Scope, left: readonly RangeEntry[]): Scope {
  const inner = new Scope(scope)
  inner.entries.push(...left)
  return inner
}

export function jsonColumns(value: unknown): string[] {
  return listOf(value).flatMap((column) => {
    const [kind, content] = kindOf(column)
    const node = nodeOf(content)
    if (kind === 'NestedPath' || kind === 'Nested') return jsonColumns(node['columns'])
    return identOf(node['name'])?.value ?? identOf(content)?.value ?? []
  })
}

export function systemRelation(name: string, span: ColumnUse['span']): Reason {
  return {
    code: 'guard.system-relation',
    message: `${name} is part of the server’s own catalogs, which tell of everybody’s data.`,
    span,
    hint: 'Browse the catalog with \\d instead.',
  }
}

export const targetUnknown: Reason = {
  code: 'guard.unresolved',
  message: 'Which table this changes could not be told.',
  hint: 'Write the names of tables before those of columns.',
}
