import type { Relation } from '../../../domain/index.ts'
import type { Conditions } from './found.ts'
import { distance } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import type { ColumnTest } from './plan.ts'
import type { Reader } from './reader.ts'
import type { Token } from './tokens.ts'
import { isDateType, isYearColumn, type ColumnRef, type ColumnWords } from './vocabulary.ts'
import { mainDate, rowsDate } from './said-of.ts'
import { root } from '../words.ts'

type PeriodMention = Extract<Mention, { kind: 'period' }>

export function readPeriodCondition(reader: Reader, subject: Relation, mention: PeriodMention, conditions: Conditions): void {
  const { from, to, said } = mention.period
  reader.take(mention)
  const column = namedBefore(reader, subject, mention) ?? likeliest(reader, subject, mention)
  if (column === null) {
    conditions.problem = `I cannot tell which date “${said}” is about.`
    return
  }
  conditions.where.push({ condition: periodTest(column, from, to), from: mention.from, to: mention.to })
  reader.assumptions.push(
    `“${said}” is ${from ?? 'the beginning'} up to, not including, ${to ?? 'the end'}, by ${column.relation.name}.${column.column.name}.`,
  )
}

/** A column of years is compared with the years of the period. */
function periodTest(column: ColumnRef, from: string | null, to: string | null): ColumnTest {
  if (isDateType(column.column.type)) return { kind: 'period', column, from, to }
  const [first, end] = [from, to].map((day) => (day === null ? null : Number(day.slice(0, 4))))
  if (first == null) return { kind: 'compare', column, comparison: '<', value: end ?? 0 }
  if (end == null) return { kind: 'compare', column, comparison: '>=', value: first }
  if (end === first + 1) return { kind: 'compare', column, comparison: '=', value: first }
  return { kind: 'between', column, low: String(first), high: String(end - 1) }
}

/** "whose hire date is after …": a date column named right before it. */
function namedBefore(reader: Reader, subject: Relation, mention: PeriodMention): ColumnRef | null {
  const previous = reader.previous(mention)
  if (previous?.kind !== 'column' || reader.words(previous.to, mention.from).split(' ').length > 3) return null
  const columns = previous.columns.filter((one) => isDateType(one.column.type) || isYearColumn(one))
  if (columns.length === 0) return null
  reader.take(previous)
  return reader.pickColumn({ ...previous, columns }, subject)
}

/** A date whose words the question uses, the verb right before the period counting most, near the subject and with rows in that time. */
function likeliest(reader: Reader, subject: Relation, mention: PeriodMention): ColumnRef | null {
  const roots = new Set(reader.tokens.filter((token) => !token.isFiller).map((token) => token.root))
  const near = reader.tokens
    .slice(0, mention.from)
    .filter((token) => !token.isFiller)
    .at(-1)
  const named = new Set([...reader.namedTables.map(({ table }) => table.relation), ...owners(reader)])
  const rows = rowsDate(reader, subject)
  // "shipped" may be told by shipments, "created" by nothing but its own date.
  const isThing = near !== undefined && reader.vocabulary.tables.some((table) => table.roots.includes(near.root))
  const score = (one: ColumnWords): number => {
    const table = reader.tableOf(one.relation)
    const own = one.stems.map(root).filter((word) => word !== 'dat' && !table.stems.map(root).includes(word))
    const all = one.stems.map(root)
    const said = (near !== undefined && all.includes(near.root) ? 6 : 0) + (own.some((word) => roots.has(word)) ? 2 : 0)
    const isMain = mainDate(reader, one.relation)?.column === one.column
    const isOwn = one.relation === subject || one.column === rows?.column
    const place = (isOwn ? 2 : 0) + (named.has(one.relation) ? 1 : 0) + (isMain ? 0.25 : 0)
    return (
      said +
      place -
      Math.min(5, distance(reader.catalog, subject, one.relation)) -
      (isOutside(one, mention) && !(isOwn && said >= 6 && !isThing) ? 8 : 0)
    )
  }
  const isYears = [mention.period.from, mention.period.to].every((day) => day === null || day.endsWith('-01-01'))
  const candidates = reader.vocabulary.tables
    .flatMap((table) => table.columns.filter((one) => isDateType(one.column.type) || (isYears && isYearColumn(one))))
    .filter((column) => distance(reader.catalog, subject, column.relation) <= 3)
    .map((column) => ({ column, score: score(column) }))
    .toSorted((a, b) => b.score - a.score)
  const [first, second] = candidates
  if (first === undefined || first.score < 0) return null
  if (second !== undefined && second.score === first.score)
    reader.assumptions.push(`The date is taken from ${first.column.column.name}, not ${second.column.column.name}.`)
  if (near !== undefined) understandVerb(reader, near, first.column, candidates.filter(({ score }) => score === first.score).length)
  return first.column
}

/** Tables that a column of the question can only be of: "freight cost last year" is of shipments. */
function owners(reader: Reader): readonly Relation[] {
  return reader.mentions.flatMap((mention) =>
    mention.kind === 'column' && mention.columns[0] !== undefined && mention.columns.length === 1 ? [mention.columns[0].relation] : [],
  )
}

/** "created in 2020", "joined after …": what happens on the only date it can be is that date's verb. */
function understandVerb(reader: Reader, verb: Token, column: ColumnWords, rivals: number): void {
  const at = reader.tokens.indexOf(verb)
  const isNamed = column.stems.map(root).includes(verb.root)
  const isOnly = rivals === 1 && reader.dateColumns(column.relation).length === 1 && /(ed|ing)$/.test(verb.lower)
  if (isNamed || isOnly) reader.understand(at, at + 1)
}

function isOutside({ column }: ColumnWords, { period: { from, to } }: PeriodMention): boolean {
  const { min, max } = (isDateType(column.type) ? column.statistics : null) ?? { min: null, max: null }
  return (max !== null && from !== null && max.slice(0, 10) < from) || (min !== null && to !== null && min.slice(0, 10) >= to)
}
