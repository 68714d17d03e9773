import type { Relation } from '../../../domain/index.ts'
import { isTest } from './found.ts'
import { fansOut } from './join-graph.ts'
import { measuredBy, measureIn } from './measures.ts'
import type { Condition, Output } from './plan.ts'
import type { Reader } from './reader.ts'
import { keyColumn, rowsDate, type ColumnMention } from './said-of.ts'
import { isTextType, type ColumnRef } from './vocabulary.ts'

/** "what percentage of orders are cancelled": the one condition is what the share is of, and no longer narrows the rows. */
export function readShare(reader: Reader, subject: Relation, where: Condition[]): Output | null {
  const at = reader.tokens.findIndex((token) => /^(percentage|percent|proportion|share|fraction)$/.test(token.lower))
  if (at < 0 || reader.understood.has(at)) return null
  const [only] = where
  if (where.length !== 1 || only === undefined || !isTest(only) || !/^of\b/.test(reader.words(at + 1, at + 2))) return null
  if (only.column.relation !== subject && fansOut(reader.catalog, subject, only.column.relation)) return null
  reader.understand(at, at + 1)
  where.length = 0
  return { kind: 'share', relation: subject, tests: [only], isPercent: /^percent/.test(reader.tokens[at]?.lower ?? '') }
}

/** "the average number of orders per customer": rows for each, on average, of those that have any. */
export function readMeanCount(reader: Reader, subject: Relation): Output | null {
  const at = reader.tokens.findIndex((_, word) => /^(average|mean) number of$/.test(reader.words(word, word + 3)))
  const counted = at < 0 ? undefined : reader.free.find((mention) => mention.from >= at + 3 && mention.from <= at + 4)
  const per = counted === undefined ? undefined : reader.free.find((mention) => mention.from > counted.from)
  if (counted?.kind !== 'table' || per?.kind !== 'table') return null
  if (!/\b(per|for each|for every|of each|in each|by each|each)$/.test(reader.words(counted.to, per.from))) return null
  const [relation, other] = [reader.pickTable(counted.tables).relation, reader.pickTable(per.tables).relation]
  const key = keyColumn(other)
  if (key === null || relation !== subject || !fansOut(reader.catalog, other, relation)) return null
  for (const mention of [counted, per]) reader.take(mention)
  reader.understand(at, per.to)
  reader.assumptions.push(`Only each ${other.name} that has any ${relation.name} is counted.`)
  return { kind: 'mean-count', relation, per: key }
}

/** "How much do they earn on average": the mean of what the verb measures. */
export function readOnAverage(reader: Reader, subject: Relation): Output | null {
  const at = reader.tokens.findIndex(
    (token, word) => token.lower === 'average' && reader.tokens[word - 1]?.lower === 'on' && !reader.understood.has(word),
  )
  const measured = at < 0 ? null : measureIn(reader, subject, reader.words(0, at))
  if (measured === null) return null
  reader.understand(at, at + 1)
  for (const mention of reader.free) if (mention.kind === 'column' && mention.columns.includes(measured.column)) reader.take(mention)
  if (/^how much$/.test(reader.words(0, 2))) reader.understand(0, 2)
  return { kind: 'aggregate', aggregate: 'avg', column: measured.column, isDistinct: false }
}

/** "How old is …", "when was …", "where is …": what is asked for is in the question word. */
export function readQuestionWord(reader: Reader, subject: Relation): Output | null {
  const first = reader.tokens[0]?.lower ?? ''
  const second = reader.tokens[1]?.lower ?? ''
  const asked = (column: ColumnRef | undefined, count: number): Output | null => {
    if (column === undefined) return null
    reader.understand(0, count)
    return { kind: 'column', column }
  }
  if (first === 'how' && second === 'much') {
    const verb = reader.tokens.find((token) => /^(costs?|earns?|makes?|weighs?)$/.test(token.lower))
    const said = verb === undefined ? 'cost' : verb.lower
    if (verb !== undefined) reader.understandWord(verb.lower)
    return asked(measuredBy(reader, subject, /^cost/.test(said) ? 'cheap' : said.replace(/s$/, ''))?.column, 2)
  }
  if (first === 'how') return asked(measuredBy(reader, subject, second)?.column, 2)
  if (first === 'when') return asked(ownDate(reader, subject), 1)
  if (first !== 'where') return null
  const places = reader
    .tableOf(subject)
    .columns.filter(({ column, stems }) => isTextType(column.type) && /(location|city|address|plac|venu)$/.test(stems.join(' ')))
  return asked(only(places), 1)
}

function only<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined
}

/** The one date a thing has, or the one that carries its name: `order_date` of orders. */
function ownDate(reader: Reader, subject: Relation): ColumnRef | undefined {
  const dates = reader.dateColumns(subject)
  return only(dates.length < 2 ? dates : dates.filter(({ stems }) => stems.some((word) => reader.tableOf(subject).stems.includes(word))))
}

const spans: Readonly<Record<string, 'day' | 'month' | 'year'>> = {
  day: 'day',
  daily: 'day',
  month: 'month',
  monthly: 'month',
  year: 'year',
  yearly: 'year',
  annual: 'year',
}

/** true: the word is a span of the subject's own date, and the column it names is another table's. */
export function isSpanOf(reader: Reader, subject: Relation, mention: ColumnMention): boolean {
  const isSpan = mention.to === mention.from + 1 && spans[reader.words(mention.from, mention.to)] !== undefined
  if (!isSpan || mention.columns.some((column) => column.relation === subject) || ownDate(reader, subject) === undefined) return false
  reader.take(mention)
  reader.understood.delete(mention.from)
  return true
}

/** "per month", "each year", "monthly": the span of the one date the rows have. */
export function readSpan(reader: Reader, subject: Relation): ColumnRef | null {
  for (const [at, token] of reader.tokens.entries()) {
    const span = spans[token.lower]
    if (span === undefined || reader.understood.has(at)) continue
    const isSaid = /(ly|al)$/.test(token.lower) || /^(per|each|every|by)$/.test(reader.words(at - 1, at))
    const column = rowsDate(reader, subject)
    if (!isSaid || column === undefined) continue
    reader.understand(/(ly|al)$/.test(token.lower) ? at : at - 1, at + 1)
    reader.assumptions.push(`Each ${span} is taken from ${column.relation.name}.${column.column.name}.`)
    return { relation: column.relation, column: column.column, span }
  }
  return null
}
