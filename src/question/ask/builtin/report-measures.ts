import type { Relation } from '../../../domain/index.ts'
import { earnedColumn, earnedText, earnedWords, mentionAt, moneyOf } from './earned.ts'
import { aggregateIn } from './phrases.ts'
import type { Output } from './plan.ts'
import type { Reader } from './reader.ts'
import { measurable } from './said-of.ts'
import { isNumberType } from './vocabulary.ts'

/** What is worked out for each line of a report, and the tokens that say so. */
export interface ReportMeasure {
  readonly from: number
  readonly to: number
  readonly output: Output
  readonly assumption: string | null
}

/** The measure that begins at this token: "number of sales", "sales count", "total revenue", "total sales amount", "average price"; null: none does. */
export function measureAt(reader: Reader, at: number): ReportMeasure | null {
  const lead =
    /^(the |their |its |his |her )?((total|overall|combined|average|mean|maximum|minimum) )*/.exec(`${reader.words(at, at + 4)} `)?.[0] ??
    ''
  const start = at + lead.split(' ').length - 1
  const aggregate = aggregateIn(lead.trim())
  const isPlain = aggregate === null || aggregate === 'sum'
  const counted = isPlain ? countAt(reader, start) : null
  if (counted !== null) return { from: at, assumption: null, ...counted }
  const sum = isPlain ? sumAt(reader, start) : null
  if (sum !== null) return { from: at, ...sum }
  const mention = mentionAt(reader, start)
  if (aggregate === null || mention?.kind !== 'column') return null
  // "payment amount received": the table's other word behind the column tells which table's.
  const behind = mentionAt(reader, mention.to)
  const owners =
    behind?.kind === 'table'
      ? measurable(mention).columns.filter((one) => behind.tables.some((table) => table.relation === one.relation))
      : []
  const numbers = owners.length === 0 ? measurable(mention) : { ...mention, columns: owners }
  const to = owners.length === 0 ? mention.to : (behind?.to ?? mention.to)
  const column = numbers.columns.length === 0 ? null : reader.pickColumn(numbers, null)
  if (column === null || !isNumberType(column.column.type)) return null
  return { from: at, to, output: { kind: 'aggregate', aggregate, column, isDistinct: false }, assumption: null }
}

/** "number of unique customers", "sales count", "number of sales made". */
function countAt(reader: Reader, at: number): { readonly to: number; readonly output: Output } | null {
  const said = /^(number|count) of( the| all| unique| distinct| different)*/.exec(reader.words(at, at + 5))?.[0]
  const mention = mentionAt(reader, said === undefined ? at : at + said.split(' ').length)
  if (mention?.kind !== 'table') return null
  const next = reader.words(mention.to, mention.to + 1)
  if (said === undefined && !/^counts?$/.test(next)) return null
  const isVerb = said !== undefined && /^(made|placed|sold|done|received|booked)$/.test(next) && mentionAt(reader, mention.to) === null
  const output: Output = { kind: 'count', relation: reader.pickTable(mention.tables).relation }
  return { to: mention.to + (said === undefined || isVerb ? 1 : 0), output }
}

/** "revenue", "revenue amount", "sales amount": the money of each row, summed. */
function sumAt(reader: Reader, at: number): Omit<ReportMeasure, 'from'> | null {
  const word = reader.words(at, at + 1)
  const mention = mentionAt(reader, at)
  const isEarned = earnedWords.includes(word) && mention === null
  const noun = isEarned ? at + 1 : mention?.kind === 'table' ? mention.to : -1
  const isNamed = noun >= 0 && /^(amount|value|volume)$/.test(reader.words(noun, noun + 1))
  if (!isEarned && !isNamed) return null
  const column = isEarned
    ? earnedColumn(reader, word)
    : mention?.kind === 'table'
      ? moneyOf(reader, reader.pickTable(mention.tables))
      : null
  if (column === null) return null
  const to = isNamed ? noun + 1 : noun
  return {
    to,
    output: { kind: 'aggregate', aggregate: 'sum', column, isDistinct: false },
    assumption: `“${reader.words(at, to)}” is the sum of ${earnedText(column)}.`,
  }
}

/** The relation a measure's rows come from. */
export function relationMeasured(measure: ReportMeasure | null): Relation | null {
  if (measure === null) return null
  const { output } = measure
  return output.kind === 'count' ? output.relation : output.kind === 'aggregate' ? output.column.relation : null
}
