import type { Relation } from '../../../domain/index.ts'
import { amountOf, assumeSum, isMass } from './amounts.ts'
import type { Mention } from './mentions.ts'
import { countable, distance, fansOut } from './join-graph.ts'
import { measuredBy, measureIn } from './measures.ts'
import { superlativeOf, timeSuperlatives } from './phrases.ts'
import type { Order, Output } from './plan.ts'
import type { FoundSuperlative } from './found.ts'
import { readRanking } from './read-rankings.ts'
import type { Reader } from './reader.ts'
import { isDateType, isNumberType, type ColumnWords } from './vocabulary.ts'
import { mainDate } from './said-of.ts'
import { root } from '../words.ts'

type ColumnMention = Extract<Mention, { kind: 'column' }>

export function readLimit(reader: Reader): number | null {
  for (const mention of reader.mentions) {
    if (mention.kind !== 'number') continue
    const before = reader.words(mention.from - 2, mention.from)
    const after = reader.words(mention.to, mention.to + 2)
    const isLimit =
      /\b(top|first|last|bottom|best|latest|newest|recent)$/.test(before) ||
      (/^(most|least|best|top|highest|lowest|largest|smallest|biggest|oldest|youngest|latest|newest|cheapest|earliest|longest|shortest)\b/.test(
        after,
      ) &&
        !/\b(than|least)\b/.test(before))
    if (!isLimit) continue
    reader.take(mention)
    if (!latest.test(before)) reader.understand(mention.from - 1, mention.to)
    return mention.value
  }
  return null
}

/** "the last 5 orders" says by what they come, too. */
const latest = /\b(last|latest|newest|recent)$/

const orderStart =
  /\b(sorted|ordered|sort|order|arranged|ranked|listed)( the (results?|rows|list))?( them| it)?( (descending|ascending))?( (in|from) [a-z]+( order| to [a-z]+)?)?( by| according to)( the| their| its| ascending| descending)*$|\b(alphabetical|alphabetic|ascending|descending|decreasing|increasing|lexicographic|lexicographical|reverse alphabetical|chronological) order( of| by)( the| their)?$/

export function readOrders(reader: Reader, subject: Relation): Order[] {
  const scaled = readScale(reader, subject)
  if (scaled !== null) return [scaled]
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

/** "from the youngest to the oldest", "newest to oldest": the first extreme comes first. */
function readScale(reader: Reader, subject: Relation): Order | null {
  const at = reader.tokens.findIndex(
    (token, word) => /^(to|first)$/.test(token.lower) && /est$|^(most|least)$/.test(reader.tokens[word - 1]?.lower ?? ''),
  )
  const word = reader.tokens[at - 1]?.lower ?? ''
  const end = reader.tokens[at]?.lower === 'first' ? at + 1 : reader.words(at + 1, at + 2) === 'the' ? at + 3 : at + 2
  if (at < 1 || (end > at + 1 && !/est$/.test(reader.tokens[end - 1]?.lower ?? ''))) return null
  const measured = measuredBy(reader, subject, word)
  const time = timeSuperlatives[word]
  const date = time === undefined ? undefined : dateAround(reader, subject, at - 1)
  const beside = reader.free.find(
    (mention): mention is ColumnMention => mention.kind === 'column' && orderStart.test(reader.words(mention.from - 8, mention.from)),
  )
  if (beside !== undefined) return null
  const order =
    measured !== null
      ? { column: measured.column, isDescending: measured.isMore }
      : date === undefined
        ? null
        : { column: date, isDescending: time === 'most' }
  if (order === null) return null
  reader.understand(at - 1, end)
  for (const mark of ['sorted', 'ordered', 'order', 'sort']) reader.understandWord(mark)
  return { output: { kind: 'column', column: order.column }, isDescending: order.isDescending }
}

/** "the highest salary", "the most orders", "the oldest employee", "the most common channel". */
export function readSuperlative(reader: Reader, subject: Relation): FoundSuperlative | null {
  const ranked = readRanking(reader, subject)
  if (ranked !== null) return ranked
  for (const [at, token] of reader.tokens.entries()) {
    if (reader.understood.has(at)) continue
    const before = reader.words(at - 1, at)
    const isExtreme = /est$/.test(token.lower) || /^(most|least)$/.test(before)
    const measured = isExtreme ? measuredBy(reader, subject, token.lower) : null
    if (measured !== null && !isNamedNext(reader, at)) {
      reader.understand(/^(most|least)$/.test(before) ? at - 1 : at, at + 1)
      return {
        order: { output: { kind: 'column', column: measured.column }, isDescending: measured.isMore !== (before === 'least') },
        isCounted: false,
      }
    }
    const time = timeSuperlatives[token.lower]
    const isCounting = token.lower === 'last' && reader.tokens[at + 1]?.number != null
    if (time !== undefined && (isCounting || !(token.lower === 'first' || token.lower === 'last'))) {
      const found = byTime(reader, subject, at, time === 'most')
      if (found !== null) return found
    }
    const direction = superlativeOf(token.lower)
    if (direction === null || reader.words(at - 1, at) === 'at') continue
    const found = byVerb(reader, subject, at, direction === 'most') ?? bySize(reader, subject, at, direction === 'most')
    if (found !== null) return found
  }
  return null
}

/** "the largest capacity", "the longest runtime": what is measured stands right behind. */
function isNamedNext(reader: Reader, at: number): boolean {
  const next = reader.mentions.find((mention) => mention.from === at + 1)
  return next?.kind === 'column' && next.columns.some(({ column }) => isNumberType(column.type))
}

/** "Who earns the most?": nothing behind it, and a verb before it that measures. */
function byVerb(reader: Reader, subject: Relation, at: number, isMost: boolean): FoundSuperlative | null {
  if (at < reader.tokens.length - 1 || !/^(most|least)$/.test(reader.tokens[at]?.lower ?? '')) return null
  const measured = measureIn(reader, subject, reader.words(at - 3, at))
  if (measured === null) return null
  reader.understand(at, at + 1)
  return { order: { output: { kind: 'column', column: measured.column }, isDescending: measured.isMore === isMost }, isCounted: false }
}

function byTime(reader: Reader, subject: Relation, at: number, isLatest: boolean): FoundSuperlative | null {
  const beside = reader.free.find(
    (mention): mention is ColumnMention =>
      mention.kind === 'column' &&
      mention.from >= at &&
      mention.from <= at + 2 &&
      mention.columns.some(({ column }) => isDateType(column.type)),
  )
  const column = beside === undefined ? dateAround(reader, subject, at) : reader.pickColumn(beside, subject)
  if (column === undefined) return null
  if (beside !== undefined && !/^(what|show|find|return|give)/.test(reader.words(0, at))) reader.take(beside)
  reader.understand(reader.words(at - 1, at) === 'most' ? at - 1 : at, at + 1)
  return { order: { output: { kind: 'column', column }, isDescending: isLatest }, isCounted: false }
}

/** The date said beside it ("shipped most recently"), the only one of what is named, or the one named like its table ("latest order"). */
function dateAround(reader: Reader, subject: Relation, at: number): ColumnWords | undefined {
  const named = reader.namedTables.find(({ mention }) => mention.from > at && mention.from <= at + 3)?.table.relation ?? subject
  const around = new Set(reader.tokens.slice(Math.max(0, at - 4), at + 3).flatMap((token) => (token.isFiller ? [] : [token.root])))
  const said = reader.vocabulary.tables
    .filter((table) => distance(reader.catalog, named, table.relation) <= 1)
    .flatMap((table) => reader.dateColumns(table.relation))
    .filter((column) => column.stems.map(root).some((word) => word !== 'dat' && around.has(word)))
  if (said.length === 1) return said[0]
  const main = mainDate(reader, named)
  if (main !== undefined && reader.dateColumns(named).length > 1)
    reader.assumptions.push(`The date is taken from ${main.relation.name}.${main.column.name}.`)
  return main
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
    const named = reader.pickTable(next.tables).relation
    // "the longest lesson" is one of many minutes, "the most lessons" is many.
    if (!/^(most|least|fewest|greatest)$/.test(word) && !/number|amount|count|quantity/.test(between)) {
      const amount = amountOf(reader, named)
      const byAmount = amount === null ? null : { column: amount, isMore: isMost }
      const measured = (named === subject ? null : measuredBy(reader, named, word)) ?? byAmount
      if (measured === null) return null
      if (named !== subject) reader.take(next)
      reader.understand(at, next.to)
      return { order: { output: { kind: 'column', column: measured.column }, isDescending: measured.isMore }, isCounted: false }
    }
    const relation = countable(reader.catalog, subject, named)
    if (relation === null || (named === subject && next === reader.mentions[0])) return null
    reader.take(next)
    reader.understand(at, next.to)
    const mass = between === '' && isMass(reader, next) ? amountOf(reader, relation) : null
    if (mass !== null) assumeSum(reader, reader.words(at, next.to), mass)
    const output: Output =
      mass === null ? { kind: 'count', relation } : { kind: 'aggregate', aggregate: 'sum', column: mass, isDistinct: false }
    return { order: { output, isDescending: isMost }, isCounted: true }
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
  const isOfMany = fansOut(reader.catalog, subject, column.relation)
  const aggregate = /\btotal\b/.test(between) ? 'sum' : isOfMany && /\baverage\b/.test(between) ? 'avg' : null
  return {
    order: {
      output: aggregate === null ? { kind: 'column', column } : { kind: 'aggregate', aggregate, column, isDistinct: false },
      isDescending: isMost,
    },
    isCounted: aggregate !== null && isOfMany,
  }
}
