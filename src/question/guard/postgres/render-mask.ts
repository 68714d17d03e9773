import type { FilterOperand, Mask, RowFilter } from '../../../domain/index.ts'
import type { HiddenValue, MaskActor } from '../mask/masked-text.ts'
import { boundText } from '../mask/masked-text.ts'

/** Numbers the values that a masked text binds after the statement's own. */
export class HiddenValues {
  readonly all: HiddenValue[] = []
  readonly #own: number

  constructor(own: number) {
    this.#own = own
  }

  /** Each use has a place of its own, for the server gives each place one type; the key is always text. */
  place(value: HiddenValue): string {
    const known = value.kind === 'mask-key' ? this.all.findIndex((one) => one.kind === 'mask-key') : -1
    if (known >= 0) return `$${this.#own + known + 1}`
    this.all.push(value)
    return `$${this.#own + this.all.length}`
  }
}

/** As the server takes a bound value: lists are array literals. */
export function boundValue(hidden: HiddenValue, actor: MaskActor): string | null {
  return boundText(hidden, actor, (list) => `{${list.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`)
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Strings are read as the standard says: the engine pins standard_conforming_strings. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

// Everything is named by its schema: nothing in the search path can stand in for it.
const operator = (symbol: string): string => `OPERATOR(pg_catalog.${symbol})`
const asText = (column: string): string => `${column}::pg_catalog.text`

type Family = 'number' | 'float' | 'date' | 'timestamp' | 'timestamptz' | 'boolean' | 'other'

function familyOf(type: string): Family {
  const bare = type.replace(/\([^)]*\)/g, '').trim()
  if (/^(smallint|integer|bigint|numeric)$/.test(bare)) return 'number'
  if (/^(real|double precision)$/.test(bare)) return 'float'
  if (bare === 'timestamp without time zone') return 'timestamp'
  if (bare === 'timestamp with time zone') return 'timestamptz'
  return bare === 'date' || bare === 'boolean' ? bare : 'other'
}

/** What stands in a column's place; null: the mask does not fit its type. */
export function maskExpression(column: string, type: string, mask: Mask, hidden: HiddenValues): string | null {
  switch (mask.kind) {
    case 'null':
      return `CASE WHEN false THEN ${column} END` // NULL of the column's own type, whatever it is
    case 'constant':
      return constant(mask.value, familyOf(type))
    case 'hash': {
      const keyed = `pg_catalog.textcat(${hidden.place({ kind: 'mask-key' })}::pg_catalog.text, ${asText(column)})`
      return `pg_catalog."left"(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${keyed}, 'UTF8')), 'hex'), 32)`
    }
    case 'partial': {
      const shown = `pg_catalog."${mask.show === 'last' ? 'right' : 'left'}"(${asText(column)}, ${mask.count})`
      const [head, tail] = mask.show === 'last' ? ["'****'", shown] : [shown, "'****'"]
      const isLong = `pg_catalog.char_length(${asText(column)}) ${operator('>=')} ${2 * mask.count}`
      return `CASE WHEN ${isLong} THEN pg_catalog.textcat(${head}, ${tail}) WHEN ${column} IS NOT NULL THEN '****' END`
    }
    case 'bucket':
      return typeof mask.by === 'number' ? numberBucket(column, mask.by, familyOf(type)) : dateBucket(column, mask.by, familyOf(type))
  }
}

function constant(value: string, family: Family): string {
  const literal = quoteText(value)
  const isNumber = /^-?\d{1,15}(\.\d{1,15})?$/.test(value)
  if (family === 'number' && isNumber) return `${literal}::pg_catalog.numeric`
  if (family === 'float' && isNumber) return `${literal}::pg_catalog.float8`
  if (family === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase()
  if (family === 'date' && isDate(value)) return `${literal}::pg_catalog.date`
  if ((family === 'timestamp' || family === 'timestamptz') && isDate(value)) return `${literal}::pg_catalog.${family}`
  return `${literal}::pg_catalog.text`
}

function isDate(text: string): boolean {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function numberBucket(column: string, width: number, family: Family): string | null {
  if (family !== 'number' && family !== 'float') return null
  const by = `'${width}'::pg_catalog.${family === 'number' ? 'numeric' : 'float8'}`
  return `pg_catalog.floor(${column} ${operator('/')} ${by}) ${operator('*')} ${by}`
}

function dateBucket(column: string, unit: string, family: Family): string | null {
  if (family === 'timestamp' || family === 'timestamptz') return `pg_catalog.date_trunc('${unit}', ${column})`
  return family === 'date' ? `pg_catalog.date_trunc('${unit}', ${column}::pg_catalog.timestamp)::pg_catalog.date` : null
}

/** A filter as a condition; `of` is the name of the relation it speaks of. */
export function filterText(filter: RowFilter, of: string, hidden: HiddenValues): string {
  const operand = (one: FilterOperand): string => operandText(one, of, hidden)
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.parts.map((part) => filterText(part, of, hidden)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `(NOT ${filterText(filter.part, of, hidden)})`
    case 'compare':
      return `(${operand(filter.left)} ${operator(filter.operator === 'like' ? '~~' : filter.operator)} ${operand(filter.right)})`
    case 'is-null':
      return `(${operand(filter.column)} IS NULL)`
    case 'constant':
      return filter.value ? 'true' : 'false'
    case 'in':
      return `(${filter.items.map((item) => membership(filter.left, item, of, hidden)).join(' OR ')})`
  }
}

function membership(left: FilterOperand, item: FilterOperand, of: string, hidden: HiddenValues): string {
  const own = operandText(left, of, hidden)
  if (item.kind !== 'actor') return `${own} ${operator('=')} ${operandText(item, of, hidden)}`
  const list = hidden.place({ kind: 'actor', name: item.name, isList: true })
  // The column gives the list its type; where there is none both are text.
  return left.kind === 'column' ? `${own} ${operator('=')} ANY (${list})` : `${asText(own)} ${operator('=')} ANY (${asText(list)}[])`
}

function operandText(operand: FilterOperand, of: string, hidden: HiddenValues): string {
  switch (operand.kind) {
    case 'column':
      return `${of}.${quoteName(operand.name)}`
    case 'text':
      return quoteText(operand.value)
    case 'number':
      return `(${operand.value})`
    case 'boolean':
      return operand.value ? 'true' : 'false'
    case 'actor':
      return hidden.place({ kind: 'actor', name: operand.name, isList: false })
  }
}
