import type { Reader } from './reader.ts'
import type { ColumnWords } from './vocabulary.ts'
import { isDateType, isKey, isNumberType } from './vocabulary.ts'
import type { Relation } from '../../../domain/index.ts'

/** What an adjective measures: words of a column's name, the likeliest first; `isMore`: the adjective means much of it. */
interface Measure {
  readonly said: RegExp
  readonly of: readonly RegExp[]
  readonly isMore: boolean
}

const birth = /\b(birth|born|dob|birthday)/
/** English, not any schema's: every form of an adjective and what it is said of. */
const measures: readonly Measure[] = [
  { said: /^(old|older|oldest|elder|eldest|aged?)$/, of: [/\bage$/, /\bage\b/], isMore: true },
  { said: /^(young|younger|youngest)$/, of: [/\bage$/, /\bage\b/], isMore: false },
  { said: /^(expensive|costlier|costliest|pricier|priciest|dearer|dearest)$/, of: [/pric/, /cost/, /fee|rat|charg|amount/], isMore: true },
  { said: /^(cheap|cheaper|cheapest)$/, of: [/pric/, /cost/, /fee|rat|charg|amount/], isMore: false },
  { said: /^(earn|earns|earning|earned|paid|richest|richer|make|makes|making)$/, of: [/salar/, /wag|pay|incom|earn/], isMore: true },
  { said: /^(heavier|heaviest|heavy|weigh|weighs|weighing)$/, of: [/weight|mass/], isMore: true },
  { said: /^(lighter|lightest)$/, of: [/weight|mass/], isMore: false },
  { said: /^(taller|tallest|tall)$/, of: [/height|elevation/], isMore: true },
  { said: /^(longer|longest|long)$/, of: [/length/, /duration/, /distanc|runtim|minut/], isMore: true },
  { said: /^(shorter|shortest)$/, of: [/length/, /duration|height/, /distanc|runtim|minut/], isMore: false },
  { said: /^(faster|fastest)$/, of: [/speed|velocit/], isMore: true },
  { said: /^(slower|slowest)$/, of: [/speed|velocit/], isMore: false },
  { said: /^(larger|largest|bigger|biggest)$/, of: [/area|siz/, /capacit|population/], isMore: true },
  { said: /^(smaller|smallest)$/, of: [/area|siz/, /capacit|population/], isMore: false },
  { said: /^(populous)$/, of: [/population/], isMore: true },
]

export interface Measured {
  readonly column: ColumnWords
  /** true: the larger the value, the more of what was said. */
  readonly isMore: boolean
}

/** The one column of a relation an adjective is said of; null: it has none, or several. */
export function measuredBy(reader: Reader, relation: Relation, word: string): Measured | null {
  const { columns } = reader.tableOf(relation)
  for (const { said, of, isMore } of measures) {
    if (!said.test(word)) continue
    for (const pattern of of) {
      const found = columns.filter((one) => isNumberType(one.column.type) && !isKey(one) && pattern.test(one.stems.join(' ')))
      if (found.length > 1) return null
      if (found[0] !== undefined) return { column: found[0], isMore }
    }
    const born = columns.find((one) => isDateType(one.column.type) && birth.test(one.stems.join(' ')))
    if (/old|elde|young/.test(word) && born !== undefined) return { column: born, isMore: !isMore }
  }
  return null
}

/** The measure named by one of these words, last first: "who earn more than". */
export function measureIn(reader: Reader, relation: Relation, words: string): Measured | null {
  for (const word of words.split(' ').toReversed()) {
    const found = measuredBy(reader, relation, word)
    if (found !== null) return found
  }
  return null
}
