import type { Catalog, CatalogColumn, Relation } from '../../../domain/index.ts'
import { estimateTokens } from './prompt-size.ts'
import { rankRelations } from '../rank-relations.ts'

const longestComment = 160
const shownValues = 8
/** With a part of the budget gone, relations are told more shortly, so that more of them are told at all. */
const wholeUntil = 0.35
const plainUntil = 0.75
/** One relation may not take more than this part, told whole or plainly. */
const largestPart = 0.2
/** Names alone, of what does not fit: enough to ask about. */
const mostNamed = 200

interface Wanted {
  readonly text: string
  readonly maxTokens: number
  readonly hasValues: boolean
}

/** `whole`: types, values, comments; `plain`: types; `brief`: names of columns. Keys are in all of them. */
type Detail = 'whole' | 'plain' | 'brief'

/** The tables a question is most likely about, in as many words as the budget allows; the others by name while there is room. */
export function describeCatalog(view: Catalog, wanted: Wanted): string {
  return describeAll(view, wanted) ?? describeSome(view, wanted)
}

/** A catalog that fits is told whole, in its own order of likelihood; null: it does not fit. */
function describeAll(view: Catalog, { text, maxTokens, hasValues }: Wanted): string | null {
  // No relation is told in fewer tokens than this.
  if (view.relations.length * 12 > maxTokens) return null
  const ranked = rankRelations(view, text)
  const known = new Set(ranked)
  const rest = view.relations.filter((relation) => !known.has(relation))
  const described = [...ranked, ...rest].map((relation) => describeRelation(view, relation, hasValues, 'whole')).join('\n')
  return estimateTokens(described) <= maxTokens ? described : null
}

function describeSome(view: Catalog, { text, maxTokens, hasValues }: Wanted): string {
  const lines: string[] = []
  const named: string[] = []
  let left = maxTokens
  for (const relation of rankRelations(view, text)) {
    const told = left < 8 ? null : fitting(view, relation, hasValues, left, maxTokens)
    if (told === null) named.push(nameOf(view, relation))
    else {
      lines.push(told)
      left -= estimateTokens(told) + 1
    }
    if (named.length >= mostNamed) break
  }
  const rest = named.join(', ')
  return rest === '' || estimateTokens(rest) > left ? lines.join('\n') : `${lines.join('\n')}\nAlso there: ${rest}`
}

/** The fullest description there is room for, or null. */
function fitting(view: Catalog, relation: Relation, hasValues: boolean, left: number, maxTokens: number): string | null {
  const spent = 1 - left / maxTokens
  const details: Detail[] = spent < wholeUntil ? ['whole', 'plain', 'brief'] : spent < plainUntil ? ['plain', 'brief'] : ['brief']
  for (const detail of details) {
    const told = describeRelation(view, relation, hasValues, detail)
    const cost = estimateTokens(told)
    if (cost <= left && (detail === 'brief' || cost <= maxTokens * largestPart)) return told
  }
  return null
}

function describeRelation(view: Catalog, relation: Relation, hasValues: boolean, detail: Detail): string {
  const head = `${relation.kind} ${nameOf(view, relation)}`
  const keys = relation.foreignKeys.map(
    (key) => `(${key.columns.join(', ')}) refers to ${key.target.name}(${key.target.columns.join(', ')})`,
  )
  if (detail !== 'whole') {
    const columns = relation.columns.map((column) =>
      detail === 'plain' ? `${column.name} ${column.type.replace(/\(.*\)/, '')}` : column.name,
    )
    const targets = relation.foreignKeys.map((key) => `${key.columns.join(', ')} → ${key.target.name}`)
    return `${head}: ${[columns.join(', '), ...targets].join('; ')}`
  }
  const columns = relation.columns.map((column) => `  ${describeColumn(column, hasValues)}`)
  const primary = relation.primaryKey.length === 0 ? [] : [`  key (${relation.primaryKey.join(', ')})`]
  return [`${head}${comment(relation.comment)}`, ...columns, ...primary, ...keys.map((key) => `  ${key}`)].join('\n')
}

function nameOf(view: Catalog, relation: Relation): string {
  return view.searchPath.includes(relation.schema) ? relation.name : `${relation.schema}.${relation.name}`
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
