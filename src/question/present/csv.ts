import type { Cell, ResultColumn } from '../../contract/index.ts'

/** One CSV line of column names (RFC 4180, but `\n` line ends, as PostgreSQL's COPY writes them). */
export function csvHeader(columns: readonly ResultColumn[], escapesFormulas = false): string {
  return `${columns.map(({ name }) => csvField(escapesFormulas ? plainText(name) : name)).join(',')}\n`
}

/** Written as PostgreSQL's COPY writes: NULL is an empty field, the empty string is `""`, booleans are t and f. */
export function csvRows(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[], escapesFormulas = false): string {
  const isBoolean = columns.map((column) => column.kind === 'boolean')
  const isFree = columns.map((column) => escapesFormulas && column.kind !== 'number' && column.kind !== 'time')
  const field = (cell: Cell, at: number): string => {
    if (cell === null) return ''
    if (isBoolean[at] === true) return cell.slice(0, 1)
    return csvField(isFree[at] === true || (escapesFormulas && !isPlainValue.test(cell)) ? plainText(cell) : cell)
  }
  let text = ''
  for (const row of rows) text += `${row.map(field).join(',')}\n`
  return text
}

/** What no spreadsheet takes for a formula: numbers, dates and times. */
const isPlainValue = /^-?[\w.:+ -]*$/

/** A spreadsheet runs what begins with one of these (OWASP, CSV Injection); behind an apostrophe it is text. */
function plainText(text: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
}

function csvField(text: string): string {
  return text === '' || text === '\\.' || /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
