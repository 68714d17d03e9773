import type { Relation } from '../../../domain/index.ts'
import { amountOf } from './amounts.ts'
import type { Conditions } from './found.ts'
import { countable } from './join-graph.ts'
import { measureIn } from './measures.ts'
import type { Mention } from './mentions.ts'
import { aggregateIn, comparisonIn } from './phrases.ts'
import type { Comparison } from './plan.ts'
import type { Reader } from './reader.ts'
import { comparable, keyBefore, saidOf, type ColumnMention } from './said-of.ts'
import { isNumberType, type ColumnRef } from './vocabulary.ts'

type NumberMention = Extract<Mention, { kind: 'number' }>

/** A number is compared with the column it is said of, counts a table's rows, or bounds an aggregate. */
export function readNumber(reader: Reader, subject: Relation, mention: NumberMention, conditions: Conditions): void {
  const before = reader.before(mention).replace(/^.*\b(and|but) (?!above|over|below|under)/, '')
  const after = reader.after(mention)
  const said = saidOf(reader, mention)
  // "more seats than 20": the comparison stands before what is compared.
  const lead = said !== null && /^than\b/.test(before) ? reader.words(said.from - 2, said.from) : ''
  const comparison = comparisonIn(`${lead} ${before}`.trim(), after)
  reader.take(mention)
  if (isCounted(reader, mention)) return countOf(reader, subject, mention, comparison, conditions)
  const measured = said === null ? (measureIn(reader, subject, before) ?? measureIn(reader, subject, after)) : null
  const inherited = said === null && measured === null ? columnBefore(mention, conditions) : null
  const column =
    said !== null
      ? reader.pickColumn(comparable(said), subject)
      : (measured?.column ?? inherited ?? keyBefore(reader, mention) ?? amountBefore(reader, mention, comparison))
  if (column === null) {
    conditions.problem = `I cannot tell what ${mention.text} is compared with.`
    return
  }
  if (said !== null) reader.take(said)
  if (said !== null && lead !== '') reader.understandComparison(said.from - 2, said.from)
  reader.understandComparison(mention.from - before.split(' ').length, mention.to + (/^(or|and) /.test(after) ? 2 : 0))
  understandUnits(reader, mention.to)
  const aggregate = said === null ? null : aggregateIn(reader.words(said.from - 3, said.from))
  if (aggregate !== null && said !== null && !reader.isSelected(said)) {
    reader.understand(said.from - 3, said.from)
    conditions.having.push({ output: { kind: 'aggregate', aggregate, column, isDistinct: false }, comparison, value: mention.value })
    return
  }
  addTest(
    reader,
    mention,
    column,
    measured?.isMore === false && measured.column === column ? turned(comparison, before) : comparison,
    conditions,
  )
}

/** "payments over 1000": of rows that are amounts, their amount. */
function amountBefore(reader: Reader, mention: NumberMention, comparison: Comparison): ColumnRef | null {
  const previous = reader.previous(mention)
  if (previous?.kind !== 'table' || comparison === '=' || mention.from - previous.to > 3) return null
  return amountOf(reader, reader.pickTable(previous.tables).relation)
}

function addTest(reader: Reader, mention: NumberMention, column: ColumnRef, comparison: Comparison, conditions: Conditions): void {
  const next = reader.next(mention)
  const isRange =
    /\b(between|range|from|within)\b/.test(reader.before(mention)) &&
    next?.kind === 'number' &&
    /^(and|to)$/.test(reader.words(mention.to, next.from))
  if (isRange) {
    reader.take(next)
    reader.understand(mention.to, next.to)
    understandUnits(reader, next.to)
    conditions.where.push({ condition: { kind: 'between', column, low: mention.text, high: next.text }, from: mention.from, to: next.to })
  } else {
    const value = isNumberType(column.column.type) ? mention.value : mention.text
    conditions.where.push({ condition: { kind: 'compare', column, comparison, value }, from: mention.from, to: mention.to })
  }
}

/** "younger than 20" by a birth date would need a date; by an age it is "less", which its word does not say. */
function turned(comparison: Comparison, before: string): Comparison {
  return comparison === '>' && /\b(younger|cheaper|lighter|shorter|slower|smaller)\b/.test(before) ? '<' : comparison
}

/** "30 years old", "5 kg", "20 percent". */
function understandUnits(reader: Reader, at: number): void {
  const unit = /^(years?|old|dollars?|euros?|pounds?|kg|km|miles?|meters?|metres?|feet|minutes?|hours?|days?|percent|usd|points?|pages?)$/
  for (let end = at; end < at + 2 && unit.test(reader.tokens[end]?.lower ?? ''); end++) reader.understand(end, end + 1)
}

/** "salary above 8000 and below 12000", "department 70 or 90": said of what the number before was said of. */
function columnBefore(mention: NumberMention, { where }: Conditions): ColumnRef | null {
  const last = where.at(-1)
  return last !== undefined && last.condition.kind === 'compare' && mention.from - last.to <= 4 && mention.from > last.to
    ? last.condition.column
    : null
}

function isCounted(reader: Reader, mention: NumberMention): boolean {
  const next = reader.next(mention)
  return (
    next?.kind === 'table' &&
    /^((distinct|different|or more|or fewer|or less|times?|unique)\s*)*$/.test(reader.words(mention.to, next.from))
  )
}

function countOf(reader: Reader, subject: Relation, mention: NumberMention, comparison: Comparison, conditions: Conditions): void {
  const next = reader.next(mention)
  if (next?.kind !== 'table') return
  const relation = countable(reader.catalog, subject, reader.pickTable(next.tables).relation)
  reader.take(next)
  if (relation === null) {
    conditions.problem = `I cannot tell of what there are ${mention.text}.`
    return
  }
  reader.understandComparison(mention.from - reader.before(mention).split(' ').length, next.to)
  conditions.having.push({ output: { kind: 'count', relation }, comparison, value: mention.value })
  conditions.joined.push(relation)
}

/** "more than the average salary", "above the average". */
export function readAverages(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (!/^(average|mean)$/.test(token.lower)) continue
    const before = reader.words(at - 6, at)
    if (!/\b(than|above|below|exceeds?|under|over)( or equal to)?( the| an| its| their)*$/.test(before)) continue
    const columns = reader.free.filter(
      (mention): mention is ColumnMention => mention.kind === 'column' && mention.columns.some(({ column }) => isNumberType(column.type)),
    )
    const beside = columns.find((mention) => mention.from >= at && mention.from <= at + 3)
    const earlier = columns.filter((mention) => mention.to <= at && at - mention.to <= 6 && !reader.isSelected(mention)).at(-1)
    const said = beside ?? earlier
    const column = said === undefined ? measureIn(reader, subject, before)?.column : reader.pickColumn(comparable(said), subject)
    if (column === undefined) continue
    if (said !== undefined) reader.take(said)
    reader.understandComparison(at - 6, at + 1)
    takeCompared(reader, column, at)
    conditions.where.push({
      condition: { kind: 'aggregate', column, comparison: comparisonIn(before, ''), aggregate: 'avg' },
      from: at,
      to: at + 1,
    })
  }
}

/** "have an amount greater than the average amount": the first amount is compared, not put out. */
function takeCompared(reader: Reader, column: ColumnRef, at: number): void {
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || mention.to > at || !mention.columns.some((candidate) => candidate.column === column.column)) continue
    if (!reader.isSelected(mention) || /\b(an|a)$/.test(reader.words(mention.from - 1, mention.from))) reader.take(mention)
  }
}
