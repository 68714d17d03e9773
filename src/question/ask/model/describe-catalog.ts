import type { Catalog, CatalogColumn, Relation } from '../../../domain/index.ts'
import { estimateTokens } from './prompt-size.ts'
import { rankRelations } from './rank-relations.ts'

const longestComment = 160
const shownValues = 8

/** The tables a question is most likely about, in as many words as the budget allows; the others by name while there is room. */
export function describeCatalog(
  view: Catalog,
  options: { readonly text: string; readonly maxTokens: number; readonly hasValues: boolean },
): string {
  const lines: string[] = []
  const named: string[] = []
  let left = options.maxTokens
  for (const relation of rankRelations(view, options.text)) {
    const described = describeRelation(view, relation, options.hasValues)
    const cost = estimateTokens(described)
    if (cost <= left) {
      lines.push(described)
      left -= cost
    } else named.push(relation.name)
  }
  const rest = named.join(', ')
  return rest === '' || estimateTokens(rest) > left ? lines.join('\n') : `${lines.join('\n')}\nAlso there: ${rest}`
}

function describeRelation(view: Catalog, relation: Relation, hasValues: boolean): string {
  const name = view.searchPath.includes(relation.schema) ? relation.name : `${relation.schema}.${relation.name}`
  const columns = relation.columns.map((column) => `  ${describeColumn(column, hasValues)}`)
  const keys = relation.foreignKeys.map(
    (key) => `  (${key.columns.join(', ')}) refers to ${key.target.name}(${key.target.columns.join(', ')})`,
  )
  const primary = relation.primaryKey.length === 0 ? [] : [`  key (${relation.primaryKey.join(', ')})`]
  return [`${relation.kind} ${name}${comment(relation.comment)}`, ...columns, ...primary, ...keys].join('\n')
}

function describeColumn(column: CatalogColumn, hasValues: boolean): string {
  const { statistics } = column
  const values =
    hasValues && statistics !== null ? statistics.values.slice(0, shownValues).map((value) => JSON.stringify(value.slice(0, 60))) : []
  const range =
    hasValues && statistics?.min != null && statistics.max != null
      ? ` from ${statistics.min.slice(0, 30)} to ${statistics.max.slice(0, 30)}`
      : ''
  const shown =
    values.length === 0
      ? range
      : ` values ${values.join(', ')}${statistics?.isComplete === true && statistics.values.length <= shownValues ? '' : ', …'}`
  return `${column.name} ${column.type}${shown}${comment(column.comment)}`
}

function comment(text: string | null): string {
  return text === null ? '' : ` -- ${text.replaceAll(/\s+/g, ' ').slice(0, longestComment)}`
}
