import type { Relation } from '../../../domain/index.ts'
import { readAmounts } from './amounts.ts'
import { fansOut } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import { aggregateIn, aggregatesIn } from './phrases.ts'
import type { Output } from './plan.ts'
import type { Reader } from './reader.ts'
import { isDateType, isKey, isNumberType, isYearColumn, labelColumns, type ColumnRef, type ColumnWords } from './vocabulary.ts'

type ColumnMention = Extract<Mention, { kind: 'column' }>

/** "how many orders", "the number of different cities". */
export function readCounts(reader: Reader, subject: Relation): Output[] {
  const amounts = readAmounts(reader)
  const counts = amounts.length > 0 ? amounts : findCounts(reader, subject)
  // "… Show the label and the count": the count is already put out.
  if (counts.length > 0)
    for (const [at, token] of reader.tokens.entries())
      if (
        /^(counts?|number|numbers)$/.test(token.lower) &&
        /^(the|their|that|and)$/.test(reader.words(at - 1, at)) &&
        reader.words(at + 1, at + 2) !== 'of'
      )
        reader.understand(at, at + 1)
  return counts
}

function findCounts(reader: Reader, subject: Relation): Output[] {
  if (reader.tokens[0]?.lower === 'count') reader.understand(0, 1)
  const counted =
    /\b(total )?(how many|number of|count of|count|counts of)( the| all| total| of| there)*( (different|distinct|unique))?( kinds of| types of)?$/
  for (const mention of reader.free) {
    const before = reader.words(mention.from - 6, mention.from)
    if ((mention.kind !== 'table' && mention.kind !== 'column') || !counted.test(before) || reader.before(mention) === '') continue
    const said = counted.exec(before)?.[0] ?? ''
    // The number of "phone number of" is a name's.
    const start = mention.from - said.split(' ').length
    if (reader.mentions.some((other) => other.from <= start && other.to > start)) continue
    if (mention.kind === 'column' && /^(average|mean|avg|maximum|max|minimum|min)$/.test(reader.words(start - 1, start))) continue
    const isDistinct = /\b(different|distinct|unique)$/.test(before) || /\b(different|distinct|unique)( \w+ of)$/.test(before)
    if (mention.kind === 'column' && isSaidOfNext(reader, mention)) continue
    reader.take(mention)
    reader.understand(mention.from - said.split(' ').length, mention.to)
    if (mention.kind === 'table') return [{ kind: 'count', relation: reader.pickTable(mention.tables).relation }]
    const column = reader.pickColumn(mention, subject)
    if (isNumberType(column.column.type) && !isKey(column) && !isDistinct && !isYearColumn(column))
      return [{ kind: 'aggregate', aggregate: 'sum', column, isDistinct: false }]
    return [{ kind: 'aggregate', aggregate: 'count', column, isDistinct: true }]
  }
  if (isSaidPer(reader, subject)) return [{ kind: 'count', relation: subject }]
  if (!asksCount(reader) || reader.free.some((mention) => mention.kind === 'column' && reader.isSelected(mention))) return []
  reader.understandWord('number')
  return [{ kind: 'count', relation: subject }]
}

/** "how many open tickets": a word that only sounds like a column, said of the thing behind it. */
function isSaidOfNext(reader: Reader, mention: ColumnMention): boolean {
  const next = reader.next(mention)
  return mention.score < 0.7 && next?.kind === 'table' && next.from === mention.to
}

/** "orders per status": how many of them. */
export function isSaidPer(reader: Reader, subject: Relation): boolean {
  const [first] = reader.namedTables
  return (
    first?.table.relation === subject &&
    first.mention === reader.mentions[0] &&
    reader.words(first.mention.to, first.mention.to + 1) === 'per'
  )
}

/** "how many", "number of": not the number of "phone number of". */
function asksCount(reader: Reader): boolean {
  return reader.tokens.some(
    (token, at) =>
      (/^(many|number)$/.test(token.lower) &&
        /^(how many|number of)$/.test(token.lower === 'many' ? reader.words(at - 1, at + 1) : reader.words(at, at + 2)) &&
        !reader.understood.has(at)) ||
      (at === 0 && token.lower === 'count'),
  )
}

export function readOutputs(reader: Reader, subject: Relation, thing: Mention | null): Output[] {
  const outputs: Output[] = []
  for (const mention of reader.free) {
    if (mention === thing && mention.kind === 'table') {
      reader.take(mention)
      outputs.push(...reader.label(reader.pickTable(mention.tables).relation).map((column): Output => ({ kind: 'column', column })))
    }
    if (mention.kind !== 'column' || !reader.isSelected(mention)) continue
    const before = reader.words(mention.from - 8, mention.from)
    // "rooms by town" groups or sorts them, and nothing says what of each.
    if (/\bby( the)?$/.test(before)) continue
    if (isSaidOfNext(reader, mention)) continue
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
        if (
          /^(average|mean|total|sum|maximum|minimum|max|min|highest|lowest|largest|smallest|avg|number)$/.test(
            reader.tokens[at]?.lower ?? '',
          )
        )
          reader.understand(at, at + 1)
  }
  if (outputs.length === 0) outputs.push(...besides(reader, subject))
  if (outputs.length > 0 && isAddedToName(reader, subject, outputs))
    outputs.unshift(...reader.label(subject).map((column): Output => ({ kind: 'column', column })))
  const isAll = /\b(all|every|the) (the )?(information|info|details|data|columns|fields|attributes)\b|\beverything\b/.test(
    reader.words(0, reader.tokens.length),
  )
  if (isAll && outputs.length === 0) return [{ kind: 'all', relation: subject }]
  return outputs
}

/** "all warehouses and their cities": the thing itself is wanted too. */
function isAddedToName(reader: Reader, subject: Relation, outputs: readonly Output[]): boolean {
  const label = reader.label(subject)
  if (outputs.some((output) => output.kind !== 'column' || label.some(({ column }) => column === output.column.column))) return false
  return reader.namedTables.some(({ mention, table }) => {
    const next = reader.next(mention)
    return (
      table.relation === subject &&
      next?.kind === 'column' &&
      /^(and|with|along with|together with)( (their|its|his|her))$/.test(reader.words(mention.to, next.from))
    )
  })
}

/** "employees and their departments": the names of both, where each has but one. */
function besides(reader: Reader, subject: Relation): Output[] {
  for (const mention of reader.free) {
    const previous = reader.previous(mention)
    if (mention.kind !== 'table' || previous?.kind !== 'table' || reader.pickTable(previous.tables).relation !== subject) continue
    if (!/^(and|with|along with|together with)( (their|its|the))?$/.test(reader.words(previous.to, mention.from))) continue
    const { relation } = reader.pickTable(mention.tables)
    if (relation === subject || fansOut(reader.catalog, subject, relation) || reader.next(mention)?.from === mention.to) continue
    reader.take(mention)
    return [...reader.label(subject), ...reader.label(relation)].map((column) => ({ kind: 'column', column }))
  }
  return []
}

/** "the names of the states": the column that follows is what is asked for. */
function isNameOfColumn(reader: Reader, mention: ColumnMention): boolean {
  const next = reader.next(mention)
  return (
    next?.kind === 'column' &&
    reader.isFree(next) &&
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
  if (!/^(full )?names?$/.test(asked) || mention.score >= 0.99) return reader.meant(column, mention)
  const label = labelColumns(reader.tableOf(column.relation))
  return label.length === 2 ? label : [column]
}

export function groupOutputs(groups: readonly ColumnRef[], outputs: readonly Output[]): Output[] {
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
    reader.tokens.some((token) => /^(no|not|never|without)$/.test(token.lower)) ||
    only?.kind !== 'column' ||
    reader.mentions.some((mention) => mention.kind === 'value' || mention.kind === 'number' || mention.kind === 'period')
  )
    return false
  const { column, relation } = only.column
  const distinct = column.statistics?.distinct ?? null
  const isNamed = reader.namedTables.some(({ table, mention }) => table.relation === relation && mention.from > 2)
  return !isNamed && distinct !== null && relation.estimatedRows !== null && distinct < relation.estimatedRows
}

export function defaultOutputs(reader: Reader, subject: Relation): Output[] {
  const start = reader.words(0, 3)
  const label = reader.label(subject)
  if (/^(show|list|display|get|find|give|return)\b/.test(start) || label.length === 0) return [{ kind: 'all', relation: subject }]
  return label.map((column) => ({ kind: 'column', column }))
}

export function isDistinctAsked(reader: Reader, subject: Relation, outputs: readonly Output[], joined: readonly Relation[]): boolean {
  if (outputs.some((output) => output.kind !== 'column')) return false
  if (/\b(different|distinct|unique)\b/.test(reader.words(0, reader.tokens.length))) return true
  if (joined.length === 0 && isPlainList(reader, outputs)) return true
  // "Which customers have orders …": each once, however many rows of the other table fit.
  const isAskedFirst = /^(which|what|who)\b/.test(reader.words(0, 1)) || reader.mentions[0]?.from === 0
  return isAskedFirst && joined.some((relation) => fansOut(reader.catalog, subject, relation))
}
