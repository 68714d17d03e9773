import { overlayFunctions, type FilterOperand, type Mask, type RowFilter } from '../../../domain/index.ts'
import { boundText, type HiddenValue, type MaskActor } from '../mask/masked-text.ts'

/** A hidden value as `aishell_value` gives it. */
export function boundValue(hidden: HiddenValue, actor: MaskActor): string | null {
  return boundText(hidden, actor, (list) => JSON.stringify(list))
}

/** Gathers what a view asks for by number. */
export class OverlayValues {
  readonly all: HiddenValue[] = []
  needsKey = false

  place(name: string, isList: boolean): string {
    this.all.push({ kind: 'actor', name, isList })
    return `${overlayFunctions.value}(${this.all.length})`
  }
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** What stands in a column's place. SQLite's values have types of their own: a mask that does not fit one gives NULL. */
export function maskExpression(column: string, mask: Mask, values: OverlayValues): string {
  const text = `CAST(${column} AS TEXT)`
  switch (mask.kind) {
    case 'null':
      return 'NULL'
    case 'constant':
      return quoteText(mask.value)
    case 'hash':
      values.needsKey = true
      return `${overlayFunctions.hash}(${text})`
    case 'partial': {
      const shown = mask.show === 'last' ? `'****' || substr(${text}, -${mask.count})` : `substr(${text}, 1, ${mask.count}) || '****'`
      return `CASE WHEN ${column} IS NULL THEN NULL WHEN length(${text}) >= ${2 * mask.count} THEN ${shown} ELSE '****' END`
    }
    case 'bucket':
      return typeof mask.by === 'number' ? numberBucket(column, mask.by) : dateBucket(column, mask.by)
  }
}

/** Without floor(), which not every build of SQLite has. */
function numberBucket(column: string, width: number): string {
  const quotient = `(${column} / ${Number.isInteger(width) ? `${width}.0` : width})`
  const floor = `(CAST(${quotient} AS INTEGER) - (${quotient} < CAST(${quotient} AS INTEGER)))`
  return `CASE WHEN typeof(${column}) IN ('integer', 'real') THEN ${floor} * ${width} END`
}

function dateBucket(column: string, unit: string): string {
  const cut = ((): string => {
    switch (unit) {
      case 'year':
        return `strftime('%Y-01-01', ${column})`
      case 'quarter':
        return `strftime('%Y-', ${column}) || printf('%02d-01', (CAST(strftime('%m', ${column}) AS INTEGER) - 1) / 3 * 3 + 1)`
      case 'month':
        return `strftime('%Y-%m-01', ${column})`
      case 'week':
        return `date(${column}, '-6 days', 'weekday 1')`
      case 'day':
        return `date(${column})`
      default:
        return `strftime('%Y-%m-%d %H:00:00', ${column})`
    }
  })()
  return `CASE WHEN typeof(${column}) = 'text' THEN ${cut} END`
}

/** A filter as a condition over `m`. */
export function filterText(filter: RowFilter, values: OverlayValues): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.parts.map((part) => filterText(part, values)).join(filter.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `(NOT ${filterText(filter.part, values)})`
    case 'compare':
      return `(${operandText(filter.left, values)} ${filter.operator} ${operandText(filter.right, values)})`
    case 'is-null':
      return `(${operandText(filter.column, values)} IS NULL)`
    case 'constant':
      return filter.value ? '1' : '0'
    case 'in':
      return `(${filter.items.map((item) => membership(filter.left, item, values)).join(' OR ')})`
  }
}

/** Of a list that is not there nothing is known: also NOT IN must not let a row pass. */
function membership(left: FilterOperand, item: FilterOperand, values: OverlayValues): string {
  const own = operandText(left, values)
  if (item.kind !== 'actor') return `${own} = ${operandText(item, values)}`
  const list = values.place(item.name, true)
  return `CASE WHEN ${list} IS NOT NULL THEN ${own} IN (SELECT value FROM json_each(${list})) END`
}

function operandText(operand: FilterOperand, values: OverlayValues): string {
  switch (operand.kind) {
    case 'column':
      return `m.${quoteName(operand.name)}`
    case 'text':
      return quoteText(operand.value)
    case 'number':
      return `(${operand.value})`
    case 'boolean':
      return operand.value ? '1' : '0'
    case 'actor':
      return values.place(operand.name, false)
  }
}
