import type { Relation } from '../../../domain/index.ts'
import type { Mention } from './mentions.ts'
import type { Output } from './plan.ts'
import type { Reader } from './reader.ts'
import { definitionOf, earnedWords, mentionAt } from './earned.ts'
import { measureAt, type ReportMeasure } from './report-measures.ts'
import type { ColumnRef } from './vocabulary.ts'

/** Tokens that a part of a report is read from, end exclusive. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What each line is about: a thing, or the values of a column. */
export interface Entity extends Span {
  readonly relation: Relation
  readonly column: ColumnRef | null
}

export interface Ranking extends Span {
  readonly entity: Entity
  readonly measure: ReportMeasure
  readonly limit: number
  readonly isDescending: boolean
}

/** "top 5 sellers by total revenue", "the top 3 towns by number of orders". */
export function findRanking(reader: Reader): Ranking | null {
  const top = reader.tokens.findIndex((token) => /^(top|bottom)$/.test(token.lower))
  const number = top < 0 ? null : mentionAt(reader, top + 1)
  if (number?.kind !== 'number') return null
  const by = reader.tokens.findIndex((token, at) => at > number.to && at <= number.to + 6 && token.lower === 'by')
  const named = reader.mentions.filter((mention) => mention.from >= number.to && mention.to <= by)
  const entity = entityOf(reader, named)
  const measure = by < 0 ? null : measureAt(reader, by + 1)
  if (entity === null || measure === null) return null
  const isDescending = reader.tokens[top]?.lower === 'top'
  return { from: top, to: measure.to, entity, measure, limit: number.value, isDescending }
}

/** "each salesperson", "for each car model": one line of each. */
export function findGroup(reader: Reader): Entity | null {
  for (const [at, token] of reader.tokens.entries()) {
    if (!/^(each|every|per)$/.test(token.lower)) continue
    const first = mentionAt(reader, at + 1)
    if (first === null) continue
    const next = mentionAt(reader, first.to)
    const entity = entityOf(reader, next?.kind === 'column' ? [first, next] : [first])
    const lead = /^(for|of)$/.test(reader.words(at - 1, at)) ? at - 1 : at
    if (entity !== null) return { ...entity, from: lead }
  }
  return null
}

/** A thing, or a column with its thing in front: "car models". */
function entityOf(reader: Reader, named: readonly Mention[]): Entity | null {
  const [first, second] = named
  if (first === undefined || named.length > 2) return null
  const span = { from: first.from, to: (second ?? first).to }
  if (first.kind === 'table' && second === undefined) return { ...span, relation: reader.pickTable(first.tables).relation, column: null }
  const column = second ?? first
  if (column.kind !== 'column' || (second !== undefined && first.kind !== 'table')) return null
  const owner = first.kind === 'table' ? reader.pickTable(first.tables).relation : null
  const own = owner === null ? column.columns : column.columns.filter(({ relation }) => relation === owner)
  if (own.length === 0 || column.score < 0.9) return null
  const picked = reader.pickColumn({ ...column, columns: own }, owner)
  // A thing by its name is the thing: two of the same name stay two.
  return { ...span, relation: picked.relation, column: picked.isLabel ? null : picked }
}

/** "How many sales did each …": what is counted, said before the list says it again. */
export function findCounted(reader: Reader, end: number): ReportMeasure | null {
  const at = reader.tokens.findIndex((_, word) => reader.words(word, word + 2) === 'how many')
  const mention = at < 0 || at >= end ? null : mentionAt(reader, at + 2)
  if (mention?.kind !== 'table') return null
  return { from: at, to: mention.to, output: { kind: 'count', relation: reader.pickTable(mention.tables).relation }, assumption: null }
}

export interface ReportList extends Span {
  readonly outputs: readonly Output[]
  readonly measures: readonly ReportMeasure[]
}

/** The list begins a sentence of its own, or stands behind "showing". */
export function findList(reader: Reader): number | null {
  const at = reader.tokens.findIndex(
    (token, word) =>
      word > 0 &&
      ((token.isStart && /^(return|show|list|give|display|include|provide)$/.test(token.lower)) ||
        (token.isAfterComma && token.lower === 'showing')),
  )
  return at < 0 ? null : at + 1
}

/** Columns of the entity and measures, in their order; null: something in it is neither. */
export function readList(reader: Reader, start: number, entity: Entity | null): ReportList | null {
  const outputs: Output[] = []
  const measures: ReportMeasure[] = []
  let at = start
  for (; at < reader.tokens.length && !endsList(reader, at, start);) {
    const measure = measureAt(reader, at)
    const column = measure === null ? columnAt(reader, at, entity) : null
    if (measure !== null) {
      measures.push(measure)
      outputs.push(measure.output)
    } else if (column !== null) outputs.push({ kind: 'column', column: column.column })
    else if (mentionAt(reader, at) !== null) return null
    at = measure?.to ?? column?.to ?? at + 1
  }
  return { from: start - 1, to: at, outputs, measures }
}

function endsList(reader: Reader, at: number, start: number): boolean {
  const token = reader.tokens[at]
  if (token === undefined || (token.isStart && at > start)) return true
  return /^(ordered|sorted|order|sort|for|based)$/.test(token.lower)
}

/** A column of the entity; "make" of cars is one too, though the word says little elsewhere. */
function columnAt(reader: Reader, at: number, entity: Entity | null): { readonly column: ColumnRef; readonly to: number } | null {
  if (entity === null) return null
  const mention = mentionAt(reader, at)
  const words = reader.tableOf(entity.relation).columns
  if (mention === null) {
    const exact = words.find(({ column }) => column.name.toLowerCase() === reader.tokens[at]?.lower)
    return exact === undefined ? null : { column: exact, to: at + 1 }
  }
  if (mention.kind !== 'column') return null
  const own = [...mention.columns, ...mention.others].filter(({ relation }) => relation === entity.relation)
  // "first and last name": the one word goes with the other's noun.
  const isFirst = reader.words(at, at + 4) === 'first and last name'
  const picked = isFirst ? words.find(({ stems }) => stems.join(' ') === 'first nam') : own[0]
  return picked === undefined || (mention.score < 0.9 && !isFirst) ? null : { column: picked, to: mention.to }
}

/** "ordered from most to least sales": the sentence's end, by what is measured. */
export function findOrder(reader: Reader): (Span & { readonly isDescending: boolean }) | null {
  const from = reader.tokens.findIndex((token) => /^(ordered|sorted)$/.test(token.lower))
  if (from < 0) return null
  const end = reader.tokens.findIndex((token, at) => at > from && token.isStart)
  const to = end < 0 ? reader.tokens.length : end
  const said = reader.words(from, to)
  const isDescending = /\b(most to least|highest to lowest|largest to smallest|descending)\b/.test(said)
  if (!isDescending && !/\b(least to most|lowest to highest|smallest to largest|ascending)\b/.test(said)) return null
  return { from, to, isDescending }
}

/** What the question says its own words mean. */
export function definitions(reader: Reader): readonly Span[] {
  return earnedWords.flatMap((word) => definitionOf(reader, word) ?? [])
}
