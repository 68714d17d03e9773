import type { Relation } from '../../../domain/index.ts'
import { noConditions, testsOf, type Conditions } from './found.ts'
import { distance, fansOut } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import { readNumber } from './read-numbers.ts'
import { readPeriodCondition } from './read-periods.ts'
import { readValue } from './read-values.ts'
import type { Reader } from './reader.ts'
import { isDateType, isNumberType, type ColumnWords } from './vocabulary.ts'
import { root } from '../words.ts'

const longestClause = 14

/** "customers without orders", "products never ordered", "students who have no dog", "employees who do not have a manager". */
export function readAbsences(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (!/^(no|not|never|without|neither|none)$/.test(token.lower) || reader.understood.has(at)) continue
    const said = reader.words(at + 1, at + 3)
    if (/^(more|less|fewer|greater|later|earlier|equal|higher|lower|longer|known)\b/.test(said)) continue
    const clause = clauseAfter(reader, at)
    const table = clause.find((mention) => mention.kind === 'table' && mention.from <= at + 6)
    if (table?.kind === 'table') readWithout(reader, subject, at, table, clause, conditions)
    else readMissing(reader, subject, at, clause, conditions)
  }
}

/** Free mentions that belong to a negation: up to the end of its clause. */
function clauseAfter(reader: Reader, at: number): readonly Mention[] {
  let end = at + 1
  while (end < reader.tokens.length && end <= at + longestClause && !isClauseEnd(reader, end)) end++
  return reader.free.filter((mention) => mention.from > at && mention.to <= end)
}

function isClauseEnd(reader: Reader, at: number): boolean {
  const token = reader.tokens[at]
  if (token === undefined || token.isStart) return true
  const after = reader.words(at + 1, at + 2)
  return (
    /^(and|but)$/.test(token.lower) &&
    /^(who|that|which|are|is|have|has|list|show|find|give|return|order|sort|live|lives|their|what)$/.test(after)
  )
}

function readWithout(
  reader: Reader,
  subject: Relation,
  at: number,
  table: Extract<Mention, { kind: 'table' }>,
  clause: readonly Mention[],
  conditions: Conditions,
): void {
  const { relation } = reader.pickTable(table.tables)
  const inner = readTests(reader, relation, clause)
  if (inner.problem !== null) conditions.problem = inner.problem
  const where = testsOf(inner)
  reader.take(table)
  reader.understand(at, table.to)
  if (relation !== subject)
    conditions.where.push({
      condition: { kind: 'exists', isNegated: true, relation: subject, other: relation, where },
      from: at,
      to: table.to,
    })
  else if (where.length > 0) conditions.none.push(...where)
  else conditions.problem = 'I cannot tell what must not be there.'
}

/** The tests of these mentions, as said of rows of one relation. */
export function readTests(reader: Reader, relation: Relation, clause: readonly Mention[]): Conditions {
  const inner = noConditions()
  for (const mention of clause) {
    if (!reader.isFree(mention)) continue
    if (mention.kind === 'value') readValue(reader, relation, mention, inner)
    else if (mention.kind === 'number') readNumber(reader, relation, mention, inner)
    else if (mention.kind === 'period') readPeriodCondition(reader, relation, mention, inner)
  }
  if (inner.having.length > 0 || testsOf(inner).length < inner.where.length)
    inner.problem ??= 'I cannot count among what must not be there.'
  return inner
}

function readMissing(reader: Reader, subject: Relation, at: number, clause: readonly Mention[], conditions: Conditions): void {
  const [next] = clause
  // A value is compared; its reader sees the negation before it.
  if (next?.kind === 'value' || next?.kind === 'number') return
  if (next?.kind === 'period') return readNotDone(reader, subject, at, clause, conditions)
  const isCompared = clause.some((mention) => mention.kind === 'value' || mention.kind === 'number' || mention.kind === 'period')
  if (next?.kind === 'column' && next.from <= at + 5) {
    if (isCompared) return
    const column = reader.pickColumn(next, subject)
    reader.take(next)
    reader.understand(at, next.to)
    const isElsewhere = column.relation !== subject && fansOut(reader.catalog, subject, column.relation)
    if (!isElsewhere && !column.column.isNullable) conditions.problem ??= `${column.relation.name}.${column.column.name} is never empty.`
    const condition = isElsewhere
      ? ({ kind: 'exists', isNegated: true, relation: subject, other: column.relation, where: [] } as const)
      : ({ kind: 'compare', column, comparison: 'is null', value: '' } as const)
    conditions.where.push({ condition, from: at, to: next.to })
    return
  }
  const verb = reader.tokens.slice(at + 1, at + 5).findIndex((word) => !word.isFiller)
  const word = verb < 0 ? undefined : reader.tokens[at + 1 + verb]
  const child = word === undefined ? undefined : childNamed(reader, subject, word.root)
  const date = child === undefined && word !== undefined ? dateOf(reader, subject, word.root) : undefined
  if (date !== undefined) {
    reader.understand(at, at + 2 + verb)
    conditions.where.push({ condition: { kind: 'compare', column: date, comparison: 'is null', value: '' }, from: at, to: at + 2 + verb })
    return
  }
  if (child === undefined) return
  reader.understand(at, at + 2 + verb)
  conditions.where.push({
    condition: { kind: 'exists', isNegated: true, relation: subject, other: child, where: [] },
    from: at,
    to: at + 2 + verb,
  })
}

/** "tickets that are not resolved": the day of it is not there. */
function dateOf(reader: Reader, subject: Relation, verb: string): ColumnWords | undefined {
  const dates = reader
    .tableOf(subject)
    .columns.filter(
      ({ column, stems }) => column.isNullable && isDateType(column.type) && stems.some((word) => word === verb || root(word) === verb),
    )
  return dates.length === 1 ? dates[0] : undefined
}

/** "customers who have not ordered since May": no row of what the verb names in that time. */
function readNotDone(reader: Reader, subject: Relation, at: number, clause: readonly Mention[], conditions: Conditions): void {
  const [next] = clause
  const verb = reader.tokens.findIndex((word, place) => place > at && place < (next?.from ?? 0) && !word.isFiller)
  const child = verb < 0 ? undefined : childNamed(reader, subject, reader.tokens[verb]?.root ?? '')
  if (child === undefined || next === undefined) return
  const inner = readTests(reader, child, clause)
  conditions.problem ??= inner.problem
  reader.understand(at, at + 1)
  reader.understand(verb, verb + 1)
  const condition = { kind: 'exists', isNegated: true, relation: subject, other: child, where: testsOf(inner) } as const
  conditions.where.push({ condition, from: at, to: next.to })
}

/** The nearest table that refers to the subject and is named by the verb: products never ordered → order_items. */
export function childNamed(reader: Reader, subject: Relation, verb: string): Relation | undefined {
  return reader.vocabulary.tables
    .filter((table) => table.relation !== subject && table.roots.includes(verb) && distance(reader.catalog, subject, table.relation) <= 2)
    .toSorted((a, b) => distance(reader.catalog, subject, a.relation) - distance(reader.catalog, subject, b.relation))[0]?.relation
}

/** "who have a commission", "with an advisor": the column must hold something; only where it may be empty. */
export function readPresences(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || reader.isSelected(mention)) continue
    const before = /\b(have|has|had|got|with|receive|receives|received)( (a|an|any|some))?$/.exec(
      reader.words(mention.from - 2, mention.from),
    )
    if (before === null) continue
    const column = reader.pickColumn(mention, subject)
    const { nullShare } = column.column.statistics ?? { nullShare: null }
    const isMeasured = isNumberType(column.column.type) || isDateType(column.column.type)
    if (!column.column.isNullable || nullShare === 0 || (nullShare === null && !isMeasured)) continue
    reader.take(mention)
    conditions.where.push({
      condition: { kind: 'compare', column, comparison: 'is not null', value: '' },
      from: mention.from,
      to: mention.to,
    })
  }
}
