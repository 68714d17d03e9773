import type { Mention } from './mentions.ts'
import type { Reader } from './reader.ts'
import { measurable, type ColumnMention } from './said-of.ts'
import type { ColumnRef, ColumnWords, TableWords } from './vocabulary.ts'

/** Words of money that came in, whatever a column calls it. */
export const earnedWords: readonly string[] = ['revenue', 'revenues', 'turnover']
const moneyColumn = /\b(pric|amount|total|revenu|turnov|valu|fee|charg)/
const quantityColumn = /\b(quantit|unit|piec)/
const soldWords = ['sell', 'order', 'invoic', 'transaction', 'purchas', 'book']

/** Where the question speaks of what was earned, and what of each row is summed for it; null: it does not, or nobody can tell. */
export function findEarned(reader: Reader): { readonly at: number; readonly column: ColumnRef } | null {
  const at = reader.tokens.findIndex((token, word) => earnedWords.includes(token.lower) && mentionAt(reader, word) === null)
  const column = at < 0 ? null : earnedColumn(reader, reader.words(at, at + 1))
  return column === null ? null : { at, column }
}

/** The column that the question says it is, or the one that holds the money of what is sold, or a price for each of a quantity. */
export function earnedColumn(reader: Reader, word: string): ColumnRef | null {
  const said = definitionOf(reader, word)
  if (said !== null) return said.column
  for (const sold of soldWords) {
    const found = reader.vocabulary.tables.filter((table) => table.stems.includes(sold)).flatMap((table) => moneyOf(reader, table) ?? [])
    if (found.length === 1) return found[0] ?? null
    if (found.length > 1) return null
  }
  const lines = reader.vocabulary.tables
    .filter((table) => table.stems.some((word) => soldWords.includes(word)))
    .flatMap((table) => lineMoneyOf(reader, table) ?? [])
  return lines.length === 1 ? (lines[0] ?? null) : null
}

/** What a sum of it adds up, in words. */
export function earnedText({ relation, column, times }: ColumnRef): string {
  if (times === undefined) return `${relation.name}.${column.name}`
  const less = times.discount === null ? '' : `, less ${times.discount.name}`
  return `${relation.name}.${times.quantity.name} × ${column.name}${less}`
}

/** The one column of money a row has; null: none, several, or a price of one piece beside a quantity. */
export function moneyOf(reader: Reader, { relation, columns }: TableWords): ColumnRef | null {
  if (columns.some(({ stems }) => quantityColumn.test(stems.join(' ')))) return null
  const money = reader.numberColumns(relation).filter(({ stems }) => moneyColumn.test(stems.join(' ')))
  return money.length === 1 ? (money[0] ?? null) : null
}

/** A line of an order: one price, one quantity and at most one discount, of which it must be plain what it is a part of. */
function lineMoneyOf(reader: Reader, { relation }: TableWords): ColumnRef | null {
  const numbers = reader.numberColumns(relation)
  const prices = numbers.filter(({ stems }) => /\bpric/.test(stems.join(' ')))
  const quantities = numbers.filter(({ stems }) => quantityColumn.test(stems.join(' ')) && !/\b(pric|cost)/.test(stems.join(' ')))
  const discounts = numbers.filter(({ stems }) => /\b(discount|rebat)/.test(stems.join(' ')))
  const [price, quantity, discount] = [prices[0], quantities[0], discounts[0]]
  if (price === undefined || quantity === undefined || prices.length + quantities.length > 2 || discounts.length > 1) return null
  const isPercent = discount === undefined ? false : isOfHundred(discount)
  if (isPercent === null) return null
  const times = { quantity: quantity.column, discount: discount?.column ?? null, isPercent }
  return { relation, column: price.column, times }
}

/** Of a discount: true where it is in percent, false where it is a part of one; null: neither is plain. */
function isOfHundred({ column, stems }: ColumnWords): boolean | null {
  if (stems.some((word) => word.startsWith('percent'))) return true
  const max = column.statistics?.max ?? null
  return max !== null && Number(max) <= 1 ? false : null
}

export interface Definition {
  readonly column: ColumnRef
  readonly from: number
  readonly to: number
}

/** "Note that revenue refers to the sum of sale_price in the sales table", "revenue (based on sale price)". */
export function definitionOf(reader: Reader, word: string): Definition | null {
  for (const [at, token] of reader.tokens.entries()) {
    if (token.lower !== word) continue
    const next = reader.mentions.find((mention): mention is ColumnMention => mention.kind === 'column' && mention.from > at)
    if (
      next === undefined ||
      !/^(is |means |refers to |is defined as |based on )(the )?(sum of )?(the )?$/.test(`${reader.words(at + 1, next.from)} `)
    )
      continue
    const isNoted = /^note that$/.test(reader.words(at - 2, at))
    const place = /^in the$/.test(reader.words(next.to, next.to + 2)) ? mentionAt(reader, next.to + 2) : null
    return { column: reader.pickColumn(measurable(next), null), from: isNoted ? at - 2 : at + 1, to: place?.to ?? next.to }
  }
  return null
}

export function mentionAt(reader: Reader, at: number): Mention | null {
  return reader.mentions.find((mention) => mention.from === at) ?? null
}
