import type { Relation } from '../../../domain/index.ts'
import { earnedText, findEarned, moneyOf } from './earned.ts'
import type { Mention } from './mentions.ts'
import type { Output } from './plan.ts'
import type { Reader } from './reader.ts'
import type { ColumnRef, ColumnWords } from './vocabulary.ts'

/** How much of it a row is: the one column of a quantity or an amount; null: there is none, or several. */
export function amountOf(reader: Reader, relation: Relation): ColumnWords | null {
  const found = reader.numberColumns(relation).filter(({ stems }) => /\b(quantit|amount|total)/.test(stems.join(' ')))
  return found.length === 1 ? (found[0] ?? null) : null
}

/** "the most stock", "how much stock": said of a mass, whose rows nobody counts. */
export function isMass(reader: Reader, mention: Mention): boolean {
  return !/s$|^(people|persons|men|women|children|staff)$/.test(reader.tokens[mention.to - 1]?.lower ?? '')
}

/** "how much stock", "total payments per method": amounts of rows, added up. */
export function readAmounts(reader: Reader): Output[] {
  for (const mention of reader.free) {
    if (mention.kind !== 'table') continue
    const said = /\b(how much|total|average|mean|sum of|total (amount|quantity) of|(amount|quantity) of)( the| all| of)*$/.exec(
      reader.words(mention.from - 5, mention.from),
    )?.[0]
    const next = reader.next(mention)
    if (said === undefined || (next?.kind === 'column' && next.from === mention.to)) continue
    const table = reader.pickTable(mention.tables)
    // "total sales" are money, whatever its column is called.
    const column = amountOf(reader, table.relation) ?? (table.stems.includes('sell') ? moneyOf(reader, table) : null)
    if (column === null) continue
    const from = mention.from - said.split(' ').length
    reader.take(mention)
    reader.understand(from, mention.to)
    const aggregate = /^(average|mean)\b/.test(said) ? 'avg' : 'sum'
    reader.assumptions.push(
      `“${reader.words(from, mention.to)}” is the ${aggregate === 'avg' ? 'average' : 'sum'} of ${earnedText(column)}.`,
    )
    return [{ kind: 'aggregate', aggregate, column, isDistinct: false }]
  }
  return readEarned(reader)
}

/** "revenue by month", "the total revenue of 2025". */
function readEarned(reader: Reader): Output[] {
  const earned = findEarned(reader)
  if (
    earned === null ||
    reader.understood.has(earned.at) ||
    /\b(average|mean|highest|lowest|most|least)$/.test(reader.words(earned.at - 1, earned.at))
  )
    return []
  reader.understand(earned.at, earned.at + 1)
  if (/^(total|overall)$/.test(reader.words(earned.at - 1, earned.at))) reader.understand(earned.at - 1, earned.at)
  const { column } = earned
  reader.assumptions.push(`“${reader.words(earned.at, earned.at + 1)}” is the sum of ${earnedText(column)}.`)
  return [{ kind: 'aggregate', aggregate: 'sum', column, isDistinct: false }]
}

export function assumeSum(reader: Reader, said: string, { relation, column }: ColumnRef): void {
  reader.assumptions.push(`“${said}” is by the sum of ${relation.name}.${column.name}.`)
}
