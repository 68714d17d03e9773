import type { Relation } from '../../../domain/index.ts'
import { distance } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import { aggregateIn, aggregatesIn, priceSuperlatives, superlativeOf, timeSuperlatives } from './phrases.ts'
import type { Order, Output, Plan } from './plan.ts'
import { readConditions } from './read-conditions.ts'
import type { Reader } from './reader.ts'
import { isDateType, isNumberType, labelColumns, type ColumnRef, type ColumnWords } from './vocabulary.ts'

export type Reading = { readonly plan: Plan } | { readonly problem: string }

type ColumnMention = Extract<Mention, { kind: 'column' }>

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

function readLimit(reader: Reader): number | null {
  for (const mention of reader.mentions) {
    if (mention.kind !== 'number') continue
    const before = reader.words(mention.from - 2, mention.from)
    const after = reader.words(mention.to, mention.to + 2)
    const isLimit =
      /\b(top|first|last|bottom|best)$/.test(before) ||
      (/^(most|least|highest|lowest|largest|smallest|biggest|oldest|youngest|latest|newest|cheapest|earliest|longest|shortest)\b/.test(
        after,
      ) &&
        !/\b(than|least)\b/.test(before))
    if (!isLimit) continue
    reader.take(mention)
    reader.understand(mention.from - 1, mention.to)
    return mention.value
  }
  return null
}

const orderStart =
  /\b(sorted|ordered|sort|order|arranged|ranked|listed)( the (results?|rows|list))?( them| it)?( (descending|ascending))?( (in|from) [a-z]+( order| to [a-z]+)?)?( by| according to)( the| their| its| ascending| descending)*$|\b(alphabetical|alphabetic|ascending|descending|decreasing|increasing|lexicographic|lexicographical|reverse alphabetical|chronological) order( of| by)( the| their)?$/

function readOrders(reader: Reader, subject: Relation): Order[] {
  const all = reader.words(0, reader.tokens.length)
  const isDescending =
    /\b(descending|desc|decreasing|highest to lowest|high to low|most to least|largest to smallest|newest first|latest first|reverse)\b/.test(
      all,
    )
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || !orderStart.test(reader.words(mention.from - 8, mention.from))) continue
    reader.take(mention)
    reader.understand(mention.from - 6, mention.to + 4)
    return [{ output: { kind: 'column', column: reader.pickColumn(mention, subject) }, isDescending }]
  }
  if (!/\b(alphabetical|alphabetic|lexicographic\w*|ascending|descending|increasing|decreasing) order\b|\balphabetically\b/.test(all))
    return []
  const first = reader.free.find((mention): mention is ColumnMention => mention.kind === 'column')
  for (const [at, token] of reader.tokens.entries())
    if (
      /^(alphabetical|alphabetic|lexicographic\w*|ascending|descending|increasing|decreasing|order|sorted|ordered|alphabetically)$/.test(
        token.lower,
      )
    )
      reader.understand(at, at + 1)
  const column = first === undefined ? reader.label(subject)[0] : reader.pickColumn(first, subject)
  return column === undefined ? [] : [{ output: { kind: 'column', column }, isDescending }]
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

interface FoundSuperlative {
  readonly order: Order
  readonly isCounted: boolean
}

/** "the highest salary", "the most orders", "the oldest employee", "the most common channel". */
function readSuperlative(reader: Reader, subject: Relation): FoundSuperlative | null {
  for (const [at, token] of reader.tokens.entries()) {
    const time = timeSuperlatives[token.lower]
    if (time !== undefined && !(token.lower === 'first' || token.lower === 'last')) {
      const found = byTime(reader, subject, at, token.lower, time === 'most')
      if (found !== null) return found
    }
    const price = priceSuperlatives[token.lower]
    if (price !== undefined) {
      const column = reader.numberColumns(subject).find(({ stems }) => /pric|cost|amount|fee/.test(stems.join(' ')))
      if (column === undefined) continue
      reader.understand(at - 1, at + 1)
      return {
        order: { output: { kind: 'column', column }, isDescending: reader.words(at - 1, at) === 'least' ? false : price === 'most' },
        isCounted: false,
      }
    }
    const direction = superlativeOf(token.lower)
    if (direction === null || reader.words(at - 1, at) === 'at') continue
    const found = bySize(reader, subject, at, direction === 'most')
    if (found !== null) return found
  }
  return null
}

function byTime(reader: Reader, subject: Relation, at: number, word: string, isLatest: boolean): FoundSuperlative | null {
  const age = reader.numberColumns(subject).find(({ column }) => /^age$/i.test(column.name))
  if (/^(oldest|youngest)$/.test(word) && age !== undefined) {
    reader.understand(at, at + 1)
    return { order: { output: { kind: 'column', column: age }, isDescending: word === 'oldest' }, isCounted: false }
  }
  const beside = reader.free.find(
    (mention): mention is ColumnMention =>
      mention.kind === 'column' &&
      mention.from >= at &&
      mention.from <= at + 2 &&
      mention.columns.some(({ column }) => isDateType(column.type)),
  )
  const named = reader.namedTables.find(({ mention }) => mention.from > at && mention.from <= at + 3)?.table.relation ?? subject
  const column = beside === undefined ? reader.dateColumns(named)[0] : reader.pickColumn(beside, subject)
  if (column === undefined) return null
  if (beside !== undefined && !/^(what|show|find|return|give)/.test(reader.words(0, at))) reader.take(beside)
  reader.understand(at - 1, at + 1)
  return { order: { output: { kind: 'column', column }, isDescending: isLatest }, isCounted: false }
}

function bySize(reader: Reader, subject: Relation, at: number, isMost: boolean): FoundSuperlative | null {
  const next = reader.mentions.find((mention) => mention.from > at)
  if (next === undefined || !reader.isFree(next)) return null
  const between = reader.words(at + 1, next.from)
  const word = reader.tokens[at]?.lower ?? ''
  if (
    /^(common|frequent|popular|frequently|commonly|often|used)?( \w+)?$/.test(between) &&
    /common|frequent|popular|often/.test(between) &&
    next.kind === 'column'
  ) {
    reader.understand(at, next.from)
    return {
      order: { output: { kind: 'count', relation: reader.pickColumn(next, subject).relation }, isDescending: isMost },
      isCounted: false,
    }
  }
  if (next.kind === 'table' && /^((total )?(number|amount|count|quantity) of|number|of|many)?( the| different)*$/.test(between)) {
    const { relation } = reader.pickTable(next.tables)
    if (relation === subject && next === reader.mentions[0]) return null
    reader.take(next)
    reader.understand(at, next.to)
    return { order: { output: { kind: 'count', relation }, isDescending: isMost }, isCounted: true }
  }
  if (next.kind !== 'column' || !/^(the |total |average |number of |of |in )*$/.test(`${between} `.trimStart())) return null
  const numbers = next.columns.filter(({ column }) => isNumberType(column.type) || isDateType(column.type))
  if (numbers.length === 0) return null
  // "What is the highest salary?" wants the number itself, "who has the highest salary" the person.
  const isAsked =
    /^(what|show|find|give|return|list|tell|get)?( me)?( is| are| was| were)?( the)?$/.test(reader.words(0, at)) &&
    !/\b(with|has|have|having|of the|whose)$/.test(reader.words(0, at))
  if (isAsked || (/^(maximum|minimum|max|min)$/.test(word) && !/\b(with|has|have|having|whose)( the| a)?$/.test(reader.words(at - 3, at))))
    return null
  reader.take(next)
  reader.understand(at, next.to)
  const column = reader.pickColumn({ ...next, columns: numbers }, subject)
  const isTotal = /\btotal\b/.test(between)
  return {
    order: {
      output: isTotal ? { kind: 'aggregate', aggregate: 'sum', column, isDistinct: false } : { kind: 'column', column },
      isDescending: isMost,
    },
    isCounted: false,
  }
}

/** "how many orders", "the number of different cities". */
function readCounts(reader: Reader, subject: Relation): Output[] {
  const counted =
    /\b(how many|number of|count of|count|counts of)( the| all| total| of| there)*( (different|distinct|unique))?( kinds of| types of)?$/
  for (const mention of reader.free) {
    const before = reader.words(mention.from - 6, mention.from)
    if ((mention.kind !== 'table' && mention.kind !== 'column') || !counted.test(before) || reader.before(mention) === '') continue
    const isDistinct = /\b(different|distinct|unique)$/.test(before) || /\b(different|distinct|unique)( \w+ of)$/.test(before)
    reader.take(mention)
    reader.understand(mention.from - 5, mention.to)
    if (mention.kind === 'table') return [{ kind: 'count', relation: reader.pickTable(mention.tables).relation }]
    const column = reader.pickColumn(mention, subject)
    if (isNumberType(column.column.type) && !isDistinct && mention.score < 0.9)
      return [{ kind: 'aggregate', aggregate: 'sum', column, isDistinct: false }]
    return [{ kind: 'aggregate', aggregate: 'count', column, isDistinct: true }]
  }
  const asksCount = /\b(how many|number of)\b/.test(reader.words(0, reader.tokens.length))
  return asksCount && reader.free.every((mention) => mention.kind !== 'column') ? [{ kind: 'count', relation: subject }] : []
}

function readOutputs(reader: Reader, subject: Relation): Output[] {
  const outputs: Output[] = []
  for (const mention of reader.free) {
    if (mention.kind !== 'column') continue
    const before = reader.words(mention.from - 8, mention.from)
    if (isNameOfColumn(reader, mention)) {
      reader.take(mention)
      continue
    }
    const listed = aggregatesIn(before)
    const single = aggregateIn(before) ?? sizeAggregate(before)
    const wanted = listed.length > 1 ? listed : single === null ? [] : [single]
    const column = reader.pickColumn(wanted.length > 0 ? numbersOf(mention) : mention, subject)
    reader.take(mention)
    if (wanted.length === 0) outputs.push(...namesOf(reader, column, mention).map((one): Output => ({ kind: 'column', column: one })))
    for (const aggregate of wanted) outputs.push({ kind: 'aggregate', aggregate, column, isDistinct: false })
    if (wanted.length > 0)
      for (let at = mention.from - 8; at < mention.from; at++)
        if (/^(average|mean|total|sum|maximum|minimum|max|min|highest|lowest|largest|smallest|avg)$/.test(reader.tokens[at]?.lower ?? ''))
          reader.understand(at, at + 1)
  }
  const isAll = /\b(all|every|the) (the )?(information|info|details|data|columns|fields|attributes)\b|\beverything\b/.test(
    reader.words(0, reader.tokens.length),
  )
  if (isAll && outputs.length === 0) return [{ kind: 'all', relation: subject }]
  return outputs
}

/** "the names of the states": the column that follows is what is asked for. */
function isNameOfColumn(reader: Reader, mention: ColumnMention): boolean {
  const next = reader.next(mention)
  return (
    next?.kind === 'column' &&
    /^names?$/.test(reader.words(mention.from, mention.to)) &&
    /^of( the| all| different| distinct)*$/.test(reader.words(mention.to, next.from))
  )
}

function sizeAggregate(before: string): 'max' | 'min' | null {
  if (/\b(highest|largest|biggest|greatest)( the| of)*$/.test(before)) return 'max'
  return /\b(lowest|smallest)( the| of)*$/.test(before) ? 'min' : null
}

function numbersOf(mention: ColumnMention): ColumnMention {
  const columns = mention.columns.filter(({ column }) => isNumberType(column.type) || isDateType(column.type))
  return columns.length === 0 ? mention : { ...mention, columns }
}

/** "name" of a person whose first and last names are apart is both of them. */
function namesOf(reader: Reader, column: ColumnWords, mention: ColumnMention): readonly ColumnRef[] {
  const asked = reader.words(mention.from, mention.to)
  if (!/^(full )?names?$/.test(asked) || mention.score >= 0.99) return [column]
  const label = labelColumns(reader.tableOf(column.relation))
  return label.length === 2 ? label : [column]
}

function groupOutputs(groups: readonly ColumnRef[], outputs: readonly Output[]): Output[] {
  const shown = outputs.flatMap((output) => (output.kind === 'column' ? [output.column] : []))
  // Columns of the group that were asked for stand for it.
  const isShown = (group: ColumnRef): boolean =>
    shown.some((column) => column.column === group.column || column.relation === group.relation || column.column.name === group.column.name)
  return groups.filter((column) => !isShown(column)).map((column) => ({ kind: 'column', column }))
}

/** "all product colors": a list of values that repeat is wanted once each. */
function isPlainList(reader: Reader, outputs: readonly Output[]): boolean {
  const [only] = outputs
  if (
    outputs.length !== 1 ||
    only?.kind !== 'column' ||
    reader.mentions.some((mention) => mention.kind === 'value' || mention.kind === 'number' || mention.kind === 'period')
  )
    return false
  const { column, relation } = only.column
  const distinct = column.statistics?.distinct ?? null
  const isNamed = reader.namedTables.some(({ table, mention }) => table.relation === relation && mention.from > 2)
  return !isNamed && distinct !== null && relation.estimatedRows !== null && distinct < relation.estimatedRows
}

function defaultOutputs(reader: Reader, subject: Relation): Output[] {
  const start = reader.words(0, 3)
  const label = reader.label(subject)
  if (/^(show|list|display|get|find|give|return)\b/.test(start) || label.length === 0) return [{ kind: 'all', relation: subject }]
  return label.map((column) => ({ kind: 'column', column }))
}

function isDistinctAsked(reader: Reader, subject: Relation, outputs: readonly Output[]): boolean {
  if (outputs.some((output) => output.kind !== 'column')) return false
  if (/\b(different|distinct|unique)\b/.test(reader.words(0, reader.tokens.length))) return true
  if (isPlainList(reader, outputs)) return true
  // "Which customers have orders …": each once, however many rows of the other table fit.
  return reader.namedTables.some(({ table }) => table.relation !== subject) && /^(which|what|who)\b/.test(reader.words(0, 1))
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
