import type { DateUnit, FilterColumn, FilterOperand, Mask, Relation, RowFilter } from '../../../domain/index.ts'
import { dialectFacts } from '../../../domain/index.ts'
import { certain } from '../certain.ts'
import { boundText, type HiddenValue, type MaskActor } from '../mask/masked-text.ts'

/** As these servers take a bound value: lists are JSON. */
export function boundValue(hidden: HiddenValue, actor: MaskActor): string | null {
  return boundText(hidden, actor, (list) => JSON.stringify(list))
}

export function quoteName(name: string): string {
  return dialectFacts.mysql.quoteIdentifier(name)
}

/** Strings are read with backslashes: the engine pins the sql_mode. */
function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

type Family = 'number' | 'date' | 'datetime' | 'text'

function familyOf(type: string): Family {
  if (/^(tinyint|smallint|mediumint|int|bigint|decimal|numeric|float|double|real|year|bit|boolean)\b/i.test(type)) return 'number'
  if (/^date\b/i.test(type)) return 'date'
  return /^(datetime|timestamp)\b/i.test(type) ? 'datetime' : 'text'
}

/** Writes what stands for a relation; every `?` it puts in is noted in the order of the text. */
export class MaskWriter {
  readonly hidden: HiddenValue[] = []
  readonly #types: ReadonlyMap<string, string>

  constructor({ columns }: Relation) {
    this.#types = new Map(columns.map((column) => [column.name, column.type]))
  }

  /** What stands in a column's place; null: the mask does not fit its type. */
  mask(name: string, mask: Mask): string | null {
    const column = `m.${quoteName(name)}`
    const text = asText(column)
    const family = familyOf(certain(this.#types.get(name)))
    switch (mask.kind) {
      case 'null':
        return `CASE WHEN FALSE THEN ${column} END` // NULL of the column's own type
      case 'constant':
        return family === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(mask.value) ? `(${mask.value})` : quoteText(mask.value)
      case 'hash':
        return `LEFT(SHA2(CONCAT(${this.#place({ kind: 'mask-key' })}, ${text}), 256), 32)`
      case 'partial': {
        const shown = `${mask.show === 'last' ? 'RIGHT' : 'LEFT'}(${text}, ${mask.count})`
        const [head, tail] = mask.show === 'last' ? ["'****'", shown] : [shown, "'****'"]
        const isLong = `CHAR_LENGTH(${text}) >= ${2 * mask.count}`
        return `CASE WHEN ${isLong} THEN CONCAT(${head}, ${tail}) WHEN ${column} IS NOT NULL THEN '****' END`
      }
      case 'bucket':
        return typeof mask.by === 'number' ? numberBucket(column, mask.by, family) : dateBucket(column, mask.by, family)
    }
  }

  /** A filter as a condition over `m`. */
  filter(filter: RowFilter): string {
    switch (filter.kind) {
      case 'and':
      case 'or':
        return `(${filter.parts.map((part) => this.filter(part)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`
      case 'not':
        return `(NOT ${this.filter(filter.part)})`
      case 'compare':
        return this.#comparison(filter.left, filter.operator.toUpperCase(), filter.right)
      case 'is-null':
        return `(m.${quoteName(filter.column.name)} IS NULL)`
      case 'constant':
        return filter.value ? 'TRUE' : 'FALSE'
      case 'in':
        return `(${filter.items.map((item) => this.#membership(filter.left, item)).join(' OR ')})`
    }
  }

  /**
   * These servers turn any text into a number to compare it with one, and every text that is none into 0. So a text is compared
   * with a column of numbers only if it is one, and a number with a column of texts as a text; of the rest nothing is known.
   */
  #comparison(left: FilterOperand, operator: string, right: FilterOperand): string {
    const column = [left, right].find((operand) => operand.kind === 'column')
    const family = column === undefined ? 'text' : familyOf(certain(this.#types.get(column.name)))
    const others = [left, right].filter((operand) => operand.kind !== 'column')
    const isDoubtful = family === 'number' && others.some((operand) => operand.kind === 'actor' || operand.kind === 'text')
    const tests = isDoubtful ? others.map((operand) => `${this.#operand(operand, 'text')} REGEXP '^-?[0-9]+([.][0-9]+)?$'`) : []
    const comparison = `${this.#operand(left, family)} ${operator} ${this.#operand(right, family)}`
    return isDoubtful ? `(CASE WHEN ${tests.join(' AND ')} THEN ${comparison} END)` : `(${comparison})`
  }

  #membership(left: FilterOperand, item: FilterOperand): string {
    if (item.kind !== 'actor') return this.#comparison(left, '=', item)
    // Of a list that is not there nothing is known: also NOT IN must not let a row pass.
    const list = this.#place({ kind: 'actor', name: item.name, isList: true })
    return `JSON_CONTAINS(${list}, JSON_QUOTE(${asText(this.#operand(left, 'text'))}))`
  }

  #operand(operand: FilterOperand, family: Family): string {
    switch (operand.kind) {
      case 'column':
        return `m.${quoteName((operand satisfies FilterColumn).name)}`
      case 'text':
        return quoteText(operand.value)
      case 'number':
        return family === 'number' ? `(${operand.value})` : quoteText(operand.value)
      case 'boolean':
        return family === 'number' ? (operand.value ? 'TRUE' : 'FALSE') : quoteText(String(operand.value))
      case 'actor':
        return this.#place({ kind: 'actor', name: operand.name, isList: false })
    }
  }

  #place(hidden: HiddenValue): string {
    this.hidden.push(hidden)
    return '?'
  }
}

function asText(expression: string): string {
  return `CONVERT(${expression} USING utf8mb4)`
}

/** Exact also where a quotient would be rounded, and downwards below nought. */
function numberBucket(column: string, width: number, family: Family): string | null {
  return family === 'number' ? `(${column} - MOD(MOD(${column}, ${width}) + ${width}, ${width}))` : null
}

function dateBucket(column: string, unit: DateUnit, family: Family): string | null {
  if (family !== 'date' && family !== 'datetime') return null
  const cut = ((): string => {
    switch (unit) {
      case 'year':
        return `DATE_FORMAT(${column}, '%Y-01-01')`
      case 'quarter':
        return `CONCAT(YEAR(${column}), '-', LPAD(QUARTER(${column}) * 3 - 2, 2, '0'), '-01')`
      case 'month':
        return `DATE_FORMAT(${column}, '%Y-%m-01')`
      case 'week':
        return `DATE_SUB(CAST(${column} AS DATE), INTERVAL WEEKDAY(${column}) DAY)`
      case 'day':
        return `CAST(${column} AS DATE)`
      default:
        return `DATE_FORMAT(${column}, '%Y-%m-%d %H:00:00')`
    }
  })()
  return `CAST(${cut} AS ${family === 'date' ? 'DATE' : 'DATETIME'})`
}
