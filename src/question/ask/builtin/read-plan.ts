import type { Relation } from '../../../domain/index.ts'
import { distance } from './join-graph.ts'
import type { Output, Plan } from './plan.ts'
import { readConditions } from './read-conditions.ts'
import { readLimit, readOrders, readSuperlative } from './read-orders.ts'
import { defaultOutputs, groupOutputs, isDistinctAsked, readCounts, readOutputs } from './read-outputs.ts'
import type { Reader } from './reader.ts'
import type { ColumnRef } from './vocabulary.ts'

export type Reading = { readonly plan: Plan } | { readonly problem: string }

/** Gives each mention its role and puts the roles together. */
export function readPlan(reader: Reader): Reading {
  const subject = findSubject(reader)
  if (subject === null) return { problem: 'Nothing in the question names a table or a column here.' }
  const limit = readLimit(reader)
  const orders = readOrders(reader, subject)
  const groups = readGroups(reader, subject)
  const superlative = readSuperlative(reader, subject)
  const conditions = readConditions(reader, subject)
  const problem = conditions.problem ?? contradiction(reader, subject, conditions.where)
  if (problem !== null) return { problem }
  const counts = readCounts(reader, subject)
  const outputs = readOutputs(reader, subject)
  const isCountOnly = counts.length > 0 && outputs.length === 0 && groups.length === 0
  const shown: Output[] = [...groupOutputs(groups, outputs), ...outputs, ...counts]
  const having = conditions.having
  if (shown.length === 0) shown.push(...defaultOutputs(reader, subject))
  const isDistinct = !isCountOnly && isDistinctAsked(reader, subject, shown) && having.length === 0 && superlative === null
  const joined = [...conditions.joined, ...linkedTables(reader, subject)]
  const countsSubject = [...having, ...(superlative === null ? [] : [superlative.order])].some(
    ({ output }) => output.kind === 'count' && output.relation === subject,
  )
  const grouping = !countsSubject && (having.length > 0 || superlative?.isCounted === true) ? keyOf(subject, shown) : []
  return {
    plan: {
      subject,
      outputs: shown,
      conditions: conditions.where,
      isAny: /\b(or|either)\b/.test(reader.words(0, reader.tokens.length)) && conditions.where.length === 2 && sameColumn(conditions.where),
      groups: [...groups.filter((group) => !isReplaced(group, outputs)), ...grouping],
      having,
      orders: isCountOnly ? [] : [...(superlative === null ? [] : [superlative.order]), ...orders],
      limit: superlative === null ? limit : (limit ?? 1),
      isDistinct,
      joined,
      assumptions: reader.assumptions,
    },
  }
}

/** Two values of one column at once, or none of the subject: these ask about sets, which one SELECT of ours does not answer. */
function contradiction(reader: Reader, subject: Relation, conditions: Plan['conditions']): string | null {
  const equals = conditions.flatMap((condition) =>
    condition.kind === 'compare' && condition.comparison === '=' ? [condition.column.column] : [],
  )
  const isAny = /\b(or|either)\b/.test(reader.words(0, reader.tokens.length))
  if (new Set(equals).size < equals.length && !isAny) return 'I cannot ask for rows that are two things at once.'
  const negated = reader.mentions.find(
    (mention) =>
      mention.kind === 'table' &&
      reader.pickTable(mention.tables).relation === subject &&
      /\b(no|none of the)$/.test(reader.words(mention.from - 3, mention.from)),
  )
  return negated === undefined ? null : 'I cannot tell what must not be there.'
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

function sameColumn(conditions: Plan['conditions']): boolean {
  const [first, second] = conditions.map((condition) => ('column' in condition ? condition.column.column : null))
  return first !== null && first === second
}

/** What is asked about: the thing counted, the owner of the columns asked for, or the first thing named. */
function findSubject(reader: Reader): Relation | null {
  const named = reader.namedTables
  const counted = /\b(how many|number of|count( the)?( number)?( of)?)( the| all| different| distinct| unique| total)*$/
  const first = named.find(({ mention }) => counted.test(reader.words(0, mention.from)))
  const isGrouped = /\b(each|per|every|by)\b/.test(reader.words(0, reader.tokens.length))
  if (first !== undefined && (first.mention.from <= 6 || !isGrouped)) return first.table.relation
  const [leading] = named
  const owner = ownerOfFirstColumn(reader)
  if (owner !== null && (leading === undefined || reader.mentions[0]?.kind === 'column')) return owner
  if (leading !== undefined) return leading.table.relation
  const owners = reader.mentions.flatMap((mention) => (mention.kind === 'column' && mention.columns[0] !== undefined ? [mention] : []))
  const [only] = owners
  if (only === undefined) return null
  // Without a table's name, the table that holds most of the columns asked about.
  const votes = new Map<Relation, number>()
  for (const mention of owners) for (const column of mention.columns) votes.set(column.relation, (votes.get(column.relation) ?? 0) + 1)
  return [...votes].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** "product names …": a column that carries its table's name is about that table. */
function ownerOfFirstColumn(reader: Reader): Relation | null {
  const [first] = reader.mentions
  if (first?.kind !== 'column' || first.score < 0.99) return null
  const owners = first.columns.filter((column) => column.stems.length > column.shortStems.length)
  const own =
    owners.find((column) => column.relation.primaryKey.includes(column.column.name)) ?? (owners.length === 1 ? owners[0] : undefined)
  const next = reader.next(first)
  const isSaid = next?.kind === 'table' && /\b(of|for|from|in)\b/.test(reader.words(first.to, next.from))
  return own === undefined || isSaid ? null : own.relation
}

const groupStart =
  /\b(for each|for every|of each|in each|by each|at each|on each|per|grouped by|group by|each|every|by|across)( of)?( the| different| distinct| unique| individual)*$/

function readGroups(reader: Reader, subject: Relation): ColumnRef[] {
  const groups: ColumnRef[] = []
  const isAggregating =
    /\b(how many|number|count|average|mean|total|sum|maximum|minimum|max|min|highest|lowest|most|least|largest|smallest)\b/.test(
      reader.words(0, reader.tokens.length),
    )
  for (const mention of reader.free) {
    if (mention.kind !== 'column' && mention.kind !== 'table') continue
    const before = reader.words(mention.from - 4, mention.from)
    const isChained = groups.length > 0 && /\band( the)?$/.test(before) && mention.from - (reader.previous(mention)?.to ?? 0) <= 2
    if (!isAggregating || !(groupStart.test(before) || isChained)) continue
    if (mention.kind === 'column') {
      groups.push(reader.pickColumn(mention, subject))
      reader.take(mention)
    } else {
      const { relation } = reader.pickTable(mention.tables)
      if (relation === subject && /\bby$/.test(before)) continue
      groups.push(...reader.label(relation))
      if (relation !== subject) reader.take(mention)
    }
    reader.understand(mention.from - 2, mention.to)
  }
  return groups
}

/** "customers who have orders", "products with an invoice": rows of the other table must be there. "heads of departments" asks for no such thing. */
function linkedTables(reader: Reader, subject: Relation): Relation[] {
  const linked =
    /\b(have|has|had|having|with|who|that|which|placed|made|by|in|opened|did|received|using|containing|contain)( (at least|some|any|a|an|one|been|also|ever|the|their|its|made|placed|opened))*( \w+(ed|en|ing))?( (a|an|any|some|the|on|in|by|for|to))*$/
  return reader.free.flatMap((mention) => {
    if (mention.kind !== 'table' || !linked.test(reader.words(mention.from - 5, mention.from))) return []
    const { relation } = reader.pickTable(mention.tables)
    return relation !== subject && distance(reader.catalog, subject, relation) < Infinity ? [relation] : []
  })
}

/** Rows of the subject stay apart although names repeat. */
function keyOf(subject: Relation, outputs: readonly Output[]): ColumnRef[] {
  if (!outputs.some((output) => output.kind === 'column' && output.column.relation === subject)) return []
  return subject.primaryKey.flatMap((name) => {
    const column = subject.columns.find((candidate) => candidate.name === name)
    return column === undefined ? [] : [{ relation: subject, column }]
  })
}
