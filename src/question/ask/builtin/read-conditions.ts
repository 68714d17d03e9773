import type { Relation } from '../../../domain/index.ts'
import type { Mention } from './mentions.ts'
import { comparisonIn, likePattern } from './phrases.ts'
import type { Comparison, Condition, Having } from './plan.ts'
import type { Reader } from './reader.ts'
import { isBooleanType, isNumberType, isTextType, isDateType, type ColumnRef } from './vocabulary.ts'
import { distance } from './join-graph.ts'

export interface Conditions {
  readonly where: Condition[]
  readonly having: Having[]
  readonly joined: Relation[]
  /** Why the question cannot be drafted; null: it can. */
  problem: string | null
}

/** Values, numbers and periods become conditions; what they are said of is taken from the mentions beside them. */
export function readConditions(reader: Reader, subject: Relation): Conditions {
  const conditions: Conditions = { where: [], having: [], joined: [], problem: null }
  readFlags(reader, subject, conditions)
  for (const mention of reader.mentions) {
    if (!reader.isFree(mention)) continue
    if (mention.kind === 'value') readValue(reader, subject, mention, conditions)
    else if (mention.kind === 'number') readNumber(reader, subject, mention, conditions)
    else if (mention.kind === 'period') readPeriodCondition(reader, subject, mention, conditions)
  }
  readAverages(reader, subject, conditions)
  readAbsences(reader, subject, conditions)
  return conditions
}

/** "discontinued products", "customers that are not active": a yes-or-no column said of a thing. */
function readFlags(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || !mention.columns.some(({ column }) => isBooleanType(column.type))) continue
    const before = reader.words(mention.from - 3, mention.from)
    const isSaid = reader.next(mention)?.from === mention.to || /\b(is|are|was|were|not|been)$/.test(before)
    if (!isSaid) continue
    reader.take(mention)
    const flags = { ...mention, columns: mention.columns.filter(({ column }) => isBooleanType(column.type)) }
    conditions.where.push({
      kind: 'compare',
      column: reader.pickColumn(flags, subject),
      comparison: '=',
      value: /\b(not|no|non)\b/.test(before) ? 'false' : 'true',
    })
  }
}

type ColumnMention = Extract<Mention, { kind: 'column' }>

/** The column a value is said of: right before it, or right after it ("the Finance department"). */
function saidOf(reader: Reader, mention: Mention): ColumnMention | null {
  const previous = reader.previous(mention)
  const before = previous === null ? '' : reader.words(previous.to, mention.from)
  if (
    previous?.kind === 'column' &&
    before.split(' ').length <= 5 &&
    !/\b(and|or|of|for|in|from|where)\b(?! (than|to))/.test(before.replace(/\b(in|of) (the )?(word|letter|substring)\b/, ''))
  )
    return previous
  const next = reader.next(mention)
  if (next?.kind === 'column' && next.from === mention.to) return next
  if (next?.kind === 'column' && /^(in|as|for|of)( (the|its|their|his|her))?$/.test(reader.words(mention.to, next.from))) return next
  return null
}

function readValue(reader: Reader, subject: Relation, mention: Extract<Mention, { kind: 'value' }>, conditions: Conditions): void {
  const said = saidOf(reader, mention)
  const before = reader.before(mention)
  const after = reader.after(mention)
  reader.take(mention)
  const pattern = likePattern(before, said !== null && said.from > mention.from ? '' : after, mention.text)
  if (
    said !== null &&
    (pattern !== null ||
      mention.values.length === 0 ||
      said.columns.some((column) => mention.values.some((value) => value.column === column.column)))
  ) {
    const stored = mention.values.find((value) => said.columns.some((column) => column.column === value.column))
    const column = stored ?? reader.pickColumn(said, subject)
    if (!isOutput(reader, said)) reader.take(said)
    reader.understand(mention.from - before.split(' ').length, mention.to)
    const negated = comparisonIn(before, '') === '<>'
    conditions.where.push({
      kind: 'compare',
      column,
      comparison: pattern === null ? (negated ? '<>' : '=') : negated ? 'not like' : 'like',
      value: pattern ?? stored?.text ?? mention.text,
    })
    return
  }
  const stored = nearestValue(reader, subject, mention)
  if (stored === null) {
    conditions.problem = `“${mention.text}” is not a value I know of any column here.`
    return
  }
  const comparison = comparisonIn(before, '') === '<>' ? '<>' : '='
  const next = reader.next(mention)
  // "the Finance department", "Packing status": the word behind only names the value's own column or table.
  if (
    next?.kind === 'table' &&
    next.from === mention.to &&
    reader.pickTable(next.tables).relation === stored.relation &&
    stored.relation !== subject
  )
    reader.take(next)
  conditions.where.push({ kind: 'compare', column: stored, comparison, value: stored.text })
}

/** "whose name is X" filters by name; "the name and age of X" puts it out. */
function isOutput(reader: Reader, said: Mention): boolean {
  return said.from <= 3 && !/\b(whose|with|where|having)\b/.test(reader.words(0, said.from)) && /\b(of|for)\b/.test(reader.after(said))
}

function nearestValue(reader: Reader, subject: Relation, mention: Extract<Mention, { kind: 'value' }>) {
  const next = reader.next(mention)
  const previous = reader.previous(mention)
  const beside = [previous, next].flatMap((other) => (other?.kind === 'table' ? other.tables.map((table) => table.relation) : []))
  const rank = (relation: Relation): number =>
    (beside.includes(relation) ? 0 : 1) + Math.min(20, distance(reader.catalog, subject, relation))
  const sorted = mention.values.toSorted((a, b) => rank(a.relation) - rank(b.relation))
  const [best, second] = sorted
  if (best !== undefined && second !== undefined && rank(best.relation) === rank(second.relation))
    reader.assumptions.push(`“${mention.text}” is taken for ${best.relation.name}.${best.column.name}.`)
  return best ?? null
}

function readNumber(reader: Reader, subject: Relation, mention: Extract<Mention, { kind: 'number' }>, conditions: Conditions): void {
  const before = reader.before(mention)
  const after = reader.after(mention)
  const next = reader.next(mention)
  const comparison = comparisonIn(before, after)
  const isRange = /\bbetween\b/.test(before) && next?.kind === 'number' && reader.words(mention.to, next.from) === 'and'
  const said = saidOf(reader, mention)
  reader.take(mention)
  if (
    next?.kind === 'table' &&
    /^((distinct|different|or more|or fewer|or less|times?|unique)\s*)*$/.test(reader.words(mention.to, next.from))
  ) {
    return countOf(reader, mention.value, comparison, next, conditions)
  }
  const column = said === null ? impliedColumn(reader, subject, before) : reader.pickColumn(numeric(said), subject)
  if (column === null) {
    conditions.problem = `I cannot tell what ${mention.text} is compared with.`
    return
  }
  if (said !== null && !isOutput(reader, said)) reader.take(said)
  reader.understand(mention.from - before.split(' ').length, mention.to + (/^(or|and) /.test(after) ? 2 : 0))
  if (isRange && next.kind === 'number') {
    reader.take(next)
    conditions.where.push({ kind: 'between', column, low: mention.text, high: next.text })
  } else
    conditions.where.push({ kind: 'compare', column, comparison, value: isNumberType(column.column.type) ? mention.value : mention.text })
}

function numeric(said: ColumnMention): ColumnMention {
  const columns = said.columns.filter((column) => isNumberType(column.column.type) || isTextType(column.column.type))
  return columns.length === 0 ? said : { ...said, columns }
}

function countOf(
  reader: Reader,
  value: number,
  comparison: Comparison,
  table: Extract<Mention, { kind: 'table' }>,
  conditions: Conditions,
): void {
  const { relation } = reader.pickTable(table.tables)
  reader.take(table)
  conditions.having.push({ output: { kind: 'count', relation }, comparison, value })
  conditions.joined.push(relation)
}

/** "older than 56" speaks of an age; "cheaper than 5" of a price. */
function impliedColumn(reader: Reader, subject: Relation, before: string): ColumnRef | null {
  const wanted = /\b(older|younger|aged?)\b/.test(before)
    ? /^age$/i
    : /\b(cheaper|cost|costs|costing|priced|expensive)\b/.test(before)
      ? /price|cost/i
      : /\b(earn|earns|earning|paid|make|makes)\b/.test(before)
        ? /salary|wage|pay/i
        : /\b(heavier|weigh)/.test(before)
          ? /weight/i
          : /\b(taller|tall)\b/.test(before)
            ? /height/i
            : null
  if (wanted === null) return null
  return reader.numberColumns(subject).find(({ column }) => wanted.test(column.name)) ?? null
}

function readPeriodCondition(
  reader: Reader,
  subject: Relation,
  mention: Extract<Mention, { kind: 'period' }>,
  conditions: Conditions,
): void {
  const { from, to, said } = mention.period
  reader.take(mention)
  const column = periodColumn(reader, subject, mention)
  if (column === null) {
    conditions.problem = `I cannot tell which date “${said}” is about.`
    return
  }
  conditions.where.push({ kind: 'period', column, from, to })
  reader.assumptions.push(
    `“${said}” is ${from ?? 'the beginning'} up to, not including, ${to ?? 'the end'}, by ${column.relation.name}.${column.column.name}.`,
  )
}

/** A date column named beside it; else one whose words the question uses, in a table near the subject and with rows in that time. */
function periodColumn(reader: Reader, subject: Relation, mention: Extract<Mention, { kind: 'period' }>): ColumnRef | null {
  const previous = reader.previous(mention)
  if (
    previous?.kind === 'column' &&
    previous.columns.some(({ column }) => isDateType(column.type)) &&
    reader.words(previous.to, mention.from).split(' ').length <= 3
  ) {
    reader.take(previous)
    return reader.pickColumn({ ...previous, columns: previous.columns.filter(({ column }) => isDateType(column.type)) }, subject)
  }
  const roots = new Set(reader.tokens.filter((token) => !token.isFiller).map((token) => token.root))
  const named = new Set(reader.namedTables.map(({ table }) => table.relation))
  const { from, to } = mention.period
  const score = (table: Relation, stems: readonly string[], min: string | null, max: string | null): number => {
    const said = stems.filter((word) => roots.has(word) && word !== 'dat').length > 0 ? 1 : 0
    const isOutside = (max !== null && from !== null && max.slice(0, 10) < from) || (min !== null && to !== null && min.slice(0, 10) >= to)
    return (
      3 * said +
      (table === subject ? 2 : 0) +
      (named.has(table) ? 1 : 0) -
      Math.min(5, distance(reader.catalog, subject, table)) -
      (isOutside ? 5 : 0)
    )
  }
  const candidates = reader.vocabulary.tables
    .flatMap((table) => table.columns.filter(({ column }) => isDateType(column.type)))
    .filter((column) => distance(reader.catalog, subject, column.relation) <= 3)
    .map((column) => ({
      column,
      score: score(column.relation, column.stems, column.column.statistics?.min ?? null, column.column.statistics?.max ?? null),
    }))
    .toSorted((a, b) => b.score - a.score)
  const [first, second] = candidates
  if (first === undefined || first.score < 0) return null
  if (second !== undefined && second.score === first.score)
    reader.assumptions.push(`The date is taken from ${first.column.column.name}, not ${second.column.column.name}.`)
  return first.column
}

/** "more than the average salary", "above the average". */
function readAverages(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (!/^(average|mean)$/.test(token.lower)) continue
    const before = reader.words(at - 6, at)
    if (!/\b(than|above|below|exceeds?|under|over)\b/.test(before)) continue
    const beside = reader.mentions.find(
      (mention): mention is ColumnMention =>
        mention.kind === 'column' && reader.isFree(mention) && mention.from >= at && mention.from <= at + 2,
    )
    const earlier = reader.mentions
      .filter(
        (mention): mention is ColumnMention =>
          mention.kind === 'column' && mention.to <= at && mention.columns.some(({ column }) => isNumberType(column.type)),
      )
      .at(-1)
    const said = beside ?? earlier
    const column = said === undefined ? impliedColumn(reader, subject, before) : reader.pickColumn(numeric(said), subject)
    if (column === null) continue
    if (said !== undefined && (said === beside || !isOutput(reader, said))) reader.take(said)
    reader.understand(at - 4, at + 1)
    takeCompared(reader, column, at)
    conditions.where.push({ kind: 'aggregate', column, comparison: comparisonIn(before, ''), aggregate: 'avg' })
  }
}

/** "have an amount greater than the average amount": the first amount is compared, not put out. */
function takeCompared(reader: Reader, column: ColumnRef, at: number): void {
  for (const mention of reader.free) {
    if (mention.kind !== 'column' || mention.to > at || !mention.columns.some((candidate) => candidate.column === column.column)) continue
    if (/\b(have|has|had|having|with|whose|where|an|a)$/.test(reader.words(mention.from - 2, mention.from))) reader.take(mention)
  }
}

/** "customers without orders", "products that were never ordered", "employees who do not have a manager". */
function readAbsences(reader: Reader, subject: Relation, conditions: Conditions): void {
  for (const [at, token] of reader.tokens.entries()) {
    if (!/^(no|not|never|without|neither)$/.test(token.lower)) continue
    const next = reader.mentions.find((mention) => mention.from > at && mention.from <= at + 5 && reader.isFree(mention))
    if (next?.kind === 'table') {
      const { relation } = reader.pickTable(next.tables)
      if (relation === subject) continue
      reader.take(next)
      reader.understand(at, next.to)
      conditions.where.push({ kind: 'without', relation: subject, other: relation })
    } else if (
      next?.kind === 'column' &&
      !conditions.where.some(
        (condition) => 'column' in condition && next.columns.some((column) => column.column === condition.column.column),
      )
    ) {
      reader.take(next)
      reader.understand(at, next.to)
      conditions.where.push({ kind: 'compare', column: reader.pickColumn(next, subject), comparison: 'is null', value: '' })
    } else {
      const verb = reader.tokens.slice(at + 1, at + 5).find((word) => !word.isFiller)
      const child = verb === undefined ? undefined : childNamed(reader, subject, verb.root)
      if (child === undefined || verb === undefined) continue
      reader.understand(at, at + 5)
      conditions.where.push({ kind: 'without', relation: subject, other: child })
    }
  }
}

/** The nearest table that refers to the subject and is named by the verb: products never ordered → order_items. */
function childNamed(reader: Reader, subject: Relation, verb: string): Relation | undefined {
  return reader.vocabulary.tables
    .filter((table) => table.relation !== subject && table.roots.includes(verb) && distance(reader.catalog, subject, table.relation) <= 2)
    .toSorted((a, b) => distance(reader.catalog, subject, a.relation) - distance(reader.catalog, subject, b.relation))[0]?.relation
}
