import type { Relation } from '../../../domain/index.ts'
import { combine } from './combine.ts'
import { fansOut } from './join-graph.ts'
import type { Condition, Order, Output, Plan } from './plan.ts'
import { readConditions } from './read-conditions.ts'
import { relationMeasured } from './report-measures.ts'
import { definitions, findCounted, findGroup, findList, findOrder, findRanking, readList, type Entity, type Span } from './report-parts.ts'
import type { Reader } from './reader.ts'
import { keyColumn } from './said-of.ts'

/** What a report is read as, before anything of the question is taken. */
interface Report {
  readonly entity: Entity | null
  readonly outputs: readonly Output[]
  readonly orders: readonly Order[]
  readonly limit: number | null
  readonly assumptions: readonly string[]
  readonly taken: readonly Span[]
}

export type ReportReading = { readonly problem: string } | { readonly subject: Relation; readonly plan: Plan }

/**
 * A ranking or grouping whose lines are listed with their measures: "the top 5 sellers by revenue. Return name, number of sales and
 * revenue." null: the question is no report, and nothing of it has been taken.
 */
export function readReport(reader: Reader): ReportReading | null {
  const report = recognise(reader)
  if (report === null) return null
  for (const span of report.taken) {
    reader.understand(span.from, span.to)
    for (const mention of reader.mentions) if (mention.from >= span.from && mention.to <= span.to) reader.take(mention)
  }
  const subject = report.entity?.relation ?? relationsOf(report.outputs)[0]
  if (subject === undefined) return { problem: 'I cannot tell what this report is about.' }
  // "top sellers by revenue in the past month": the revenue is of that month, whenever the seller came.
  const [measured = subject] = relationsOf(report.outputs.filter((output) => output.kind !== 'column'))
  const found = readConditions(reader, measured)
  const conditions = combine(reader, measured, found)
  if (found.problem !== null) return { problem: found.problem }
  if (found.both.length + found.none.length > 0 || found.choices !== null || (found.having.length > 0 && report.entity === null))
    return { problem: 'I cannot put these conditions into a report.' }
  if (countsTwice(reader, report, conditions)) return { problem: 'Summed over these tables, some rows would count more than once.' }
  const key = report.entity === null || report.entity.column !== null ? null : keyColumn(report.entity.relation)
  reader.assumptions.push(...new Set(report.assumptions))
  const { outputs, orders, limit } = report
  const rest = { having: found.having, isDistinct: false, joined: found.joined, assumptions: reader.assumptions }
  return { subject, plan: { subject, outputs, conditions, groups: key === null ? [] : [key], orders, limit, ...rest } }
}

/** Leaves the reader as it is. */
function recognise(reader: Reader): Report | null {
  const start = findList(reader)
  const ranking = findRanking(reader)
  const group = findGroup(reader)
  const entity = ranking?.entity ?? group
  const list = start === null ? null : readList(reader, start, entity)
  const column = ranking?.entity.column ?? null
  // Without a list the ranking says it all where it is of a column's values or by what was earned; any other question is read as usual.
  const isOfWhole = column === null && ranking?.measure.assumption == null
  if (list === null ? start !== null || isOfWhole : list.measures.length === 0) return null
  const measures = [...(ranking === null ? [] : [ranking.measure]), ...(list?.measures ?? [])]
  const counted = ranking === null ? findCounted(reader, start ?? 0) : null
  const isSaidAgain = measures.some((measure) => measure.output.kind === 'count' && relationMeasured(measure) === relationMeasured(counted))
  if (counted !== null && !isSaidAgain) return null
  const sorted = findOrder(reader)
  const [first] = measures
  if (first === undefined || (entity === null && (sorted !== null || measures.length < 2))) return null
  // "the top 5 towns …, for each town": said twice, and of nothing else.
  if (
    ranking !== null &&
    group !== null &&
    (group.relation !== ranking.entity.relation || group.column?.column !== ranking.entity.column?.column)
  )
    return null
  const columns = (list?.outputs ?? []).flatMap((output) => (output.kind === 'column' ? [output.column.column] : []))
  if (column !== null && columns.length > 0 && !columns.includes(column.column)) return null // lines of something else
  const isDescending = ranking?.isDescending ?? sorted?.isDescending ?? null
  return {
    entity,
    outputs: linesOf(reader, entity, list?.outputs ?? [first.output]),
    orders: isDescending === null ? [] : [{ output: first.output, isDescending }],
    limit: ranking?.limit ?? null,
    assumptions: measures.flatMap(({ assumption }) => assumption ?? []),
    taken: [ranking, entity, group, list, counted, sorted, ...definitions(reader)].filter((span) => span !== null),
  }
}

/** Each line says what it is of, also where the list does not: "top 5 towns by revenue, showing the number of customers". */
function linesOf(reader: Reader, entity: Entity | null, listed: readonly Output[]): readonly Output[] {
  if (entity === null || listed.some((output) => output.kind === 'column')) return listed
  const label = entity.column === null ? reader.label(entity.relation) : [entity.column]
  return [...label.map((column): Output => ({ kind: 'column', column })), ...listed]
}

/** A sum or an average over rows that another table of the statement repeats. */
function countsTwice(reader: Reader, { entity, outputs, orders }: Report, conditions: readonly Condition[]): boolean {
  const all = [...outputs, ...orders.map(({ output }) => output)]
  const others = [
    ...relationsOf(all),
    ...(entity === null ? [] : [entity.relation]),
    ...conditions.flatMap((condition) => ('column' in condition ? [condition.column.relation] : [])),
  ]
  const summed = all.flatMap((output) => (output.kind === 'aggregate' && !output.isDistinct ? [output.column.relation] : []))
  return summed.some((relation) => others.some((other) => other !== relation && fansOut(reader.catalog, relation, other)))
}

function relationsOf(outputs: readonly Output[]): Relation[] {
  return outputs.flatMap((output) => ('column' in output ? [output.column.relation] : 'relation' in output ? [output.relation] : []))
}
