import { lastOf } from '../certain.ts'
import { list, names, type Node } from './parse.ts'

/** How PostgreSQL names a select-list item without AS. */
export function outputName(target: Node): string {
  const node = target['ResTarget'] as Node
  return typeof node['name'] === 'string' ? node['name'] : expressionName(node['val'] as Node)
}

function expressionName(value: Node): string {
  const [kind = ''] = Object.keys(value)
  const node = value[kind] as Node
  switch (kind) {
    case 'ColumnRef':
      return names(node['fields']).at(-1) ?? '?column?'
    case 'FuncCall':
      return lastOf(names(node['funcname']))
    case 'TypeCast': {
      const inner = expressionName(node['arg'] as Node)
      return inner === '?column?' ? lastOf(names((node['typeName'] as Node)['names'])) : inner
    }
    case 'CollateClause':
      return expressionName(node['arg'] as Node)
    case 'A_Indirection':
      return names(node['indirection']).at(-1) ?? expressionName(node['arg'] as Node)
    case 'CaseExpr': {
      const otherwise = node['defresult'] === undefined ? '?column?' : expressionName(node['defresult'] as Node)
      return otherwise === '?column?' ? 'case' : otherwise
    }
    case 'SubLink': {
      if (node['subLinkType'] === 'EXISTS_SUBLINK') return 'exists'
      if (node['subLinkType'] === 'ARRAY_SUBLINK') return 'array'
      return firstOutput((node['subselect'] as Node)['SelectStmt'] as Node)
    }
    default:
      return fixedNames[kind] ?? sqlValueName(node)
  }
}

/** What a sub-select calls its first column: of a set operation the left side names it. */
function firstOutput(select: Node): string {
  if (select['larg'] !== undefined) return firstOutput(select['larg'] as Node)
  const [first] = list(select['targetList'])
  return first === undefined ? 'column1' : outputName(first) // VALUES have no names
}

/** What is ordered by, grouped by and made distinct on: in these a name may be one of the select list. */
export function orderedItems(select: Node): readonly Node[] {
  const sorted = list(select['sortClause']).map((item) => (item['SortBy'] as Node)['node'] as Node)
  return [...sorted, ...groupItems(select['groupClause']), ...list(select['distinctClause'])]
}

/** What is grouped by, out of its brackets. */
function groupItems(clause: unknown): readonly Node[] {
  return list(clause).flatMap((item) => {
    const set = item['GroupingSet'] as Node | undefined
    const row = item['RowExpr'] as Node | undefined
    if (set !== undefined) return groupItems(set['content'])
    return row?.['row_format'] === 'COERCE_IMPLICIT_CAST' ? groupItems(row['args']) : [item]
  })
}

const fixedNames: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  RowExpr: 'row',
  A_ArrayExpr: 'array',
  GroupingFunc: 'grouping',
  XmlSerialize: 'xmlserialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
}

function sqlValueName(node: Node): string {
  if (typeof node['op'] !== 'string') return '?column?'
  const op = node['op'].toLowerCase()
  if (op.startsWith('svfop_')) return op.slice(6).replace(/_n$/, '')
  return op.startsWith('is_') ? op.slice(3) : '?column?' // IS_GREATEST, IS_LEAST, IS_XMLFOREST …
}
