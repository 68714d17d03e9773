import type { Reason } from '../../../domain/index.ts'
import type { ColumnUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import { identOf } from './names.ts'
import { kindOf, listOf, nodeOf } from './node.ts'
import { Scope, type RangeEntry } from './scope.ts'

export function aliasColumns(alias: unknown): string[] {
  return listOf(nodeOf(alias)['columns']).map((column) => certain(identOf(column['name'])).value)
}

/** What a derived table sees: the WITH queries here, and the levels around the SELECT; not its neighbours. */
export function aroundOf(scope: Scope): Scope {
  return new Scope(scope.parent, scope.commonTables)
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
    return (identOf(node['name']) ?? certain(identOf(content))).value // FOR ORDINALITY is a name alone
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

/** Of another case, or written later: on some servers a table of that name is read. */
export function tableOrWith(known: string, written: string, span: ColumnUse['span']): Reason {
  return {
    code: 'guard.two-readings',
    message: `“${written}” is the WITH query ${known} on some servers, and a table on others.`,
    span,
    hint: 'Write the name as WITH has it, capitals too, and the query before those that read it.',
  }
}

export const targetUnknown: Reason = {
  code: 'guard.unresolved',
  message: 'Which table this changes could not be told.',
  hint: 'Write the names of tables before those of columns.',
}
