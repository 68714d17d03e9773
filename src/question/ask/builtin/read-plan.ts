import type { Relation } from '../../../domain/index.ts'
import { combine } from './combine.ts'
import { findSubject, listedTable } from './find-subject.ts'
import { isTest, type Conditions, type FoundSuperlative } from './found.ts'
import { distance, fansOut } from './join-graph.ts'
import type { Condition, Order, Output, Plan } from './plan.ts'
import { readConditions } from './read-conditions.ts'
import { readReport } from './read-report.ts'
import { readLimit, readOrders, readSuperlative } from './read-orders.ts'
import { defaultOutputs, groupOutputs, isDistinctAsked, readCounts, readOutputs } from './read-outputs.ts'
import { readGroups } from './read-groups.ts'
import { readMeanCount, readOnAverage, readQuestionWord, readShare } from './read-shares.ts'
import type { Reader } from './reader.ts'
import { keyColumn } from './said-of.ts'
import { aggregateIn } from './phrases.ts'
import { isNumberType, type ColumnRef } from './vocabulary.ts'
import { nameStems } from '../words.ts'

export type Reading =
  | { readonly problem: string }
  | { readonly subject: Relation; readonly plan: Plan }
  | { readonly subject: Relation; readonly choices: readonly string[] }

/** Gives each mention its role and puts the roles together. */
export function readPlan(reader: Reader): Reading {
  const report = readReport(reader)
  if (report !== null && 'plan' in report) noteUsed(reader, report.plan)
  return report ?? readQuestion(reader)
}

function readQuestion(reader: Reader): Reading {
  const subject = findSubject(reader)
  if (subject === null) return { problem: 'Nothing in the question names a table or a column here.' }
  const limit = readLimit(reader)
  const orders = readOrders(reader, subject)
  const mean = readMeanCount(reader, subject)
  const { groups, keys } = readGroups(reader, subject)
  const superlative = readSuperlative(reader, subject)
  const found = readConditions(reader, subject)
  const where = combine(reader, subject, found)
  const share = readShare(reader, subject, where)
  const worked = share ?? mean ?? readOnAverage(reader, subject)
  const counts = worked === null ? readCounts(reader, subject) : [worked]
  const outputs = readOutputs(reader, subject, listedTable(reader))
  const isCountOnly = counts.length > 0 && outputs.length === 0 && groups.length === 0
  const having = found.having
  if (groups.length > 0 && counts.length === 0 && having.length === 0 && superlative === null)
    found.problem ??= aggregateNamed(reader, outputs)
  const shown: Output[] = [...groupOutputs(groups, outputs), ...outputs, ...counts]
  if (shown.length === 0) shown.push(...asked(reader, subject), ...rankedBy(reader, subject, superlative))
  where.push(...setConditions(reader, subject, shown, found))
  if (isCountOnly && having.length > 0) found.problem ??= 'I cannot count what a count has chosen.'
  if (groups.length === 0 && counts.length === 0) found.problem ??= saidBy(reader, subject)
  found.problem ??= sumsParts(shown) ?? countsTwice(reader, shown, groups)
  if (found.problem !== null) return { problem: found.problem }
  const isSet = where.some((condition) => condition.kind === 'among') && shown.every((output) => output.kind === 'column')
  const linked = linkedTables(reader, subject)
  const isSummed = shown.some(
    (output) => output.kind === 'aggregate' && output.column.relation === subject && /^(sum|avg)$/.test(output.aggregate),
  )
  const apart = isSummed ? onceEach(reader, subject, where, linked, [...groups.map(({ relation }) => relation), ...found.joined]) : linked
  const joined = [...found.joined, ...apart]
  const needed = [...joined, ...where.flatMap((condition) => ('column' in condition ? [condition.column.relation] : []))]
  const isDistinct =
    isSet || (!isCountOnly && isDistinctAsked(reader, subject, shown, needed) && having.length === 0 && superlative === null)
  const countsSubject = [...having, ...(superlative === null ? [] : [superlative.order])].some(
    ({ output }) => (output.kind === 'count' ? output.relation : output.kind === 'aggregate' ? output.column.relation : null) === subject,
  )
  const isGrouping = !countsSubject && (having.length > 0 || superlative?.isCounted === true)
  const spans = superlative === null && orders.length === 0 ? groups.filter(({ span }) => span !== undefined) : []
  const plan: Plan = {
    subject,
    outputs: shown,
    conditions: where,
    groups: [...groups.filter((group) => !isReplaced(group, outputs)), ...keys, ...(isGrouping ? keyOf(subject, shown) : [])],
    having,
    orders: isCountOnly ? [] : [...(superlative === null ? [] : [superlative.order]), ...orders, ...spans.map(inTime)],
    limit: superlative === null ? limit : (limit ?? 1),
    isDistinct,
    joined,
    assumptions: reader.assumptions,
  }
  noteUsed(reader, plan)
  return found.choices === null ? { subject, plan } : { subject, choices: found.choices }
}

function inTime(column: ColumnRef): Order {
  return { output: { kind: 'column', column }, isDescending: false }
}

function noteUsed(reader: Reader, plan: Plan): void {
  for (const { column } of columnsOf(plan)) reader.used.add(column)
  for (const relation of relationsOf(plan)) reader.usedRelations.add(relation)
}

/** "the minimum salary in each department" may not be the column `min_salary`: with groups, the word before a name is worked out. */
function aggregateNamed(reader: Reader, outputs: Output[]): string | null {
  if (outputs.some((output) => output.kind === 'aggregate')) return null
  for (const [at, output] of outputs.entries()) {
    if (output.kind !== 'column') continue
    const [first = '', ...rest] = nameStems(output.column.column.name)
    const aggregate = aggregateIn(first.replace(/^averag$/, 'average'))
    const named = reader.vocabulary.tables.flatMap((table) =>
      table.columns.filter(({ column, stems }) => isNumberType(column.type) && stems.join(' ') === rest.join(' ')),
    )
    if (aggregate === null || named.length !== 1 || named[0] === undefined) continue
    outputs[at] = { kind: 'aggregate', aggregate, column: named[0], isDistinct: false }
    return null
  }
  return 'I cannot tell what to work out for each of them.'
}

function asked(reader: Reader, subject: Relation): Output[] {
  const said = readQuestionWord(reader, subject)
  return said === null ? defaultOutputs(reader, subject) : [said]
}

/** "products by category": nothing says what of each. */
function saidBy(reader: Reader, subject: Relation): string | null {
  const isSaid = reader.namedTables.some(({ mention, table }) => {
    const next = reader.next(mention)
    return table.relation === subject && next?.kind === 'table' && reader.words(mention.to, next.from) === 'by'
  })
  return isSaid ? 'I cannot tell what to work out for each of them.' : null
}

/** Percentages of different things add up to nothing. */
function sumsParts(shown: readonly Output[]): string | null {
  const isPart = shown.some(
    (output) =>
      output.kind === 'aggregate' &&
      output.aggregate === 'sum' &&
      output.column.times === undefined &&
      nameStems(output.column.column.name).some((word) => word.startsWith('percent') || word === 'ratio'),
  )
  return isPart ? 'A sum of percentages would say nothing.' : null
}

/** A sum over rows that the groups' tables repeat. */
function countsTwice(reader: Reader, shown: readonly Output[], groups: readonly ColumnRef[]): string | null {
  const summed = shown.flatMap((output) => (output.kind === 'aggregate' && output.aggregate === 'sum' ? [output.column.relation] : []))
  const isRepeated = summed.some((relation) => groups.some((group) => fansOut(reader.catalog, relation, group.relation)))
  return isRepeated ? 'Summed over these tables, some rows would count more than once.' : null
}

/** "the biggest payment": where a thing has no name, what it is the biggest by says more than its key. */
function rankedBy(reader: Reader, subject: Relation, superlative: FoundSuperlative | null): Output[] {
  const [label] = reader.label(subject)
  const output = superlative?.order.output
  const isByKey = label !== undefined && subject.primaryKey.includes(label.column.name)
  return isByKey && output?.kind === 'column' && output.column.relation === subject && isNumberType(output.column.column.type)
    ? [output]
    : []
}

/** Conditions on sets of rows hang on what is put out: the subject itself by its key, or the one value asked for. */
function setConditions(reader: Reader, subject: Relation, shown: readonly Output[], found: Conditions): Condition[] {
  const tests = [...found.both, ...found.none]
  if (tests.length === 0) return []
  const key = keyColumn(subject)
  const isElsewhere = tests.every(({ column }) => column.relation !== subject && fansOut(reader.catalog, subject, column.relation))
  const [only] = shown
  const shared = shown.length === 1 && only?.kind === 'column' && only.column.column !== key?.column ? only.column : null
  const column = isElsewhere ? key : shared
  if (column === null) {
    found.problem ??= 'I cannot ask for rows that are two things at once.'
    return []
  }
  return [
    ...found.both.map((test): Condition => ({ kind: 'among', column, isNegated: false, where: [test] })),
    ...(found.none.length > 0 ? [{ kind: 'among' as const, column, isNegated: true, where: found.none }] : []),
  ]
}

/**
 * A row that is summed or averaged counts once, however many rows of another relation belong to it: what is only asked of those
 * rows becomes a test of the row's own key. Returns the linked relations that are still to be joined.
 */
function onceEach(
  reader: Reader,
  subject: Relation,
  where: Condition[],
  linked: readonly Relation[],
  needed: readonly Relation[],
): readonly Relation[] {
  const key = keyColumn(subject)
  const isMany = (relation: Relation): boolean =>
    relation !== subject && !needed.includes(relation) && fansOut(reader.catalog, subject, relation)
  if (key === null) return linked
  for (const [at, condition] of where.entries())
    if (isTest(condition) && isMany(condition.column.relation))
      where[at] = { kind: 'among', column: key, isNegated: false, where: [condition] }
  const some = linked.filter((relation) => isMany(relation) && !where.some((condition) => condition.kind === 'among'))
  where.push(...some.map((other): Condition => ({ kind: 'exists', isNegated: false, relation: subject, other, where: [] })))
  return linked.filter((relation) => !isMany(relation))
}

/** Every column the statement speaks of. */
function columnsOf(plan: Plan): ColumnRef[] {
  return [
    ...outputsOf(plan).flatMap((output) => ('column' in output ? [output.column] : [])),
    ...plan.groups,
    ...plan.conditions.flatMap((condition) => [
      ...('column' in condition ? [condition.column] : []),
      ...('where' in condition ? condition.where.map((test) => test.column) : []),
      ...('of' in condition ? condition.of.map((test) => test.column) : []),
    ]),
  ]
}

/** And every relation: those of its columns, and those that are counted or only looked for. */
function relationsOf(plan: Plan): Relation[] {
  return [
    plan.subject,
    ...plan.joined,
    ...columnsOf(plan).map(({ relation }) => relation),
    ...outputsOf(plan).flatMap((output) => ('relation' in output ? [output.relation] : [])),
    ...plan.conditions.flatMap((condition) => ('other' in condition ? [condition.other] : [])),
  ]
}

function outputsOf(plan: Plan): Output[] {
  return [...plan.outputs, ...plan.orders.map(({ output }) => output), ...plan.having.map(({ output }) => output)]
}

/** The asked-for columns of a group's table stand for its name; grouping by both would split it further. */
function isReplaced(group: ColumnRef, outputs: readonly Output[]): boolean {
  return outputs.some(
    (output) =>
      output.kind === 'column' &&
      output.column.column !== group.column &&
      (output.column.relation === group.relation || output.column.column.name === group.column.name),
  )
}

/** "customers who have orders", "products with an invoice": rows of the other table must be there. "heads of departments" asks for no such thing. */
function linkedTables(reader: Reader, subject: Relation): Relation[] {
  const linked =
    /\b(have|has|had|having|with|who|that|which|placed|made|by|in|opened|did|received|using|containing|contain)( (at least|some|any|a|an|one|been|also|ever|the|their|its|made|placed|opened))*( \w+(ed|en|ing))?( (a|an|any|some|the|on|in|by|for|to))*$/
  return reader.free.flatMap((mention) => {
    if (mention.kind !== 'table' || (reader.isSelected(mention) && !linked.test(reader.words(mention.from - 5, mention.from)))) return []
    const { relation } = reader.pickTable(mention.tables)
    return relation !== subject && distance(reader.catalog, subject, relation) < Infinity ? [relation] : []
  })
}

/** Rows of the subject stay apart although names repeat. */
function keyOf(subject: Relation, outputs: readonly Output[]): ColumnRef[] {
  const isShown = (output: Output): boolean =>
    output.kind === 'all' ? output.relation === subject : output.kind === 'column' && output.column.relation === subject
  if (!outputs.some(isShown)) return []
  return subject.primaryKey.flatMap((name) => {
    const column = subject.columns.find((candidate) => candidate.name === name)
    return column === undefined ? [] : [{ relation: subject, column }]
  })
}
