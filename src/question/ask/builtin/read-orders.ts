import type { Relation } from '../../../domain/index.ts'
import type { Mention } from './mentions.ts'
import { priceSuperlatives, superlativeOf, timeSuperlatives } from './phrases.ts'
import type { Order } from './plan.ts'
import type { Reader } from './reader.ts'
import { isDateType, isNumberType } from './vocabulary.ts'

type ColumnMention = Extract<Mention, { kind: 'column' }>

export function readLimit(reader: Reader): number | null {
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

export function readOrders(reader: Reader, subject: Relation): Order[] {
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

export interface FoundSuperlative {
  readonly order: Order
  readonly isCounted: boolean
}

/** "the highest salary", "the most orders", "the oldest employee", "the most common channel". */
export function readSuperlative(reader: Reader, subject: Relation): FoundSuperlative | null {
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
