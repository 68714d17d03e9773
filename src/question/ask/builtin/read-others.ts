import type { Relation } from '../../../domain/index.ts'
import { testsOf, type Conditions } from './found.ts'
import { measureIn } from './measures.ts'
import type { Mention } from './mentions.ts'
import { comparisonIn } from './phrases.ts'
import { readTests } from './read-absences.ts'
import type { Reader } from './reader.ts'
import { comparable, type ColumnMention } from './said-of.ts'
import type { ColumnRef } from './vocabulary.ts'

/** Comparisons with other rows of the subject: "in the same department as Clara", "more than the employee with id 163". */
export function readOthers(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (reader.understood.has(at)) continue
    if (token.lower === 'same') readSame(reader, subject, at, conditions)
    else if (token.lower === 'than') readThan(reader, subject, at, conditions)
  }
}

function readSame(reader: Reader, subject: Relation, at: number, conditions: Conditions): void {
  const shared = reader.mentions.find((mention) => mention.from === at + 1)
  if (shared === undefined || !reader.isFree(shared) || reader.words(shared.to, shared.to + 1) !== 'as') return
  const column = sharedColumn(reader, subject, shared)
  const where = restTests(reader, subject, shared.to)
  if (column === null || where === null) return
  reader.take(shared)
  reader.understand(at, shared.to + 1)
  conditions.where.push({ condition: { kind: 'others', column, comparison: '=', aggregate: null, where }, from: at, to: shared.to })
}

/** The subject's own column, or its key to the table named. */
function sharedColumn(reader: Reader, subject: Relation, shared: Mention): ColumnRef | null {
  if (shared.kind === 'column') {
    const column = reader.pickColumn(shared, subject)
    return column.relation === subject ? column : null
  }
  if (shared.kind !== 'table') return null
  const { relation } = reader.pickTable(shared.tables)
  const keys = subject.foreignKeys.filter(
    ({ target, columns }) => target.name === relation.name && target.schema === relation.schema && columns.length === 1,
  )
  const column = keys.length === 1 ? subject.columns.find(({ name }) => name === keys[0]?.columns[0]) : undefined
  return column === undefined ? null : { relation: subject, column }
}

function readThan(reader: Reader, subject: Relation, at: number, conditions: Conditions): void {
  const table = reader.mentions.find((mention) => mention.from > at && mention.from <= at + 6 && mention.kind === 'table')
  const between = table === undefined ? '' : reader.words(at + 1, table.from)
  // "than any" may mean than some or than each.
  if (table?.kind !== 'table' || reader.pickTable(table.tables).relation !== subject || /\b(any|average|\d+)\b/.test(between)) return
  if (reader.mentions.some((mention) => mention.kind === 'number' && mention.from > at && mention.from < table.from)) return
  const before = reader.words(at - 4, at)
  const comparison = comparisonIn(before, '')
  if (comparison !== '>' && comparison !== '<') return
  const named = reader.free.find(
    (mention): mention is ColumnMention => mention.kind === 'column' && mention.from >= at - 3 && mention.to <= table.from,
  )
  const measured = named === undefined ? measureIn(reader, subject, `${before} ${between}`) : null
  const column = named === undefined ? measured?.column : reader.pickColumn(comparable(named), subject)
  const where = restTests(reader, subject, table.to)
  if (column === undefined || column.relation !== subject || where === null) return
  if (named !== undefined) reader.take(named)
  reader.take(table)
  reader.understandComparison(at - 4, table.to)
  conditions.where.push({
    condition: { kind: 'others', column, comparison, aggregate: comparison === '>' ? 'max' : 'min', where },
    from: at,
    to: table.to,
  })
}

/** What is said of the other row: every test from here on, all of the subject's own columns; null: none, or of something else. */
function restTests(reader: Reader, subject: Relation, from: number): ReturnType<typeof testsOf> | null {
  const rest = reader.free.filter((mention) => mention.from >= from && (mention.kind === 'value' || mention.kind === 'number'))
  const [first] = rest
  if (first === undefined || first.from - from > 8) return null
  const inner = readTests(reader, subject, [first])
  const tests = testsOf(inner)
  reader.understandComparison(from, first.to)
  return inner.problem === null && tests.length > 0 && tests.every(({ column }) => column.relation === subject) ? tests : null
}
