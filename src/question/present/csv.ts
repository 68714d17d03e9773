import type { Cell, ResultColumn } from '../../contract/index.ts'

/** One CSV line of column names (RFC 4180, but `\n` line ends, as PostgreSQL's COPY writes them). */
export function csvHeader(columns: readonly ResultColumn[]): string {
  return `${columns.map((column) => csvField(column.name)).join(',')}\n`
}

/** Written as PostgreSQL's COPY writes: NULL is an empty field, the empty string is `""`, booleans are t and f. */
export function csvRows(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]): string {
  const isBoolean = columns.map((column) => column.kind === 'boolean')
  const field = (cell: Cell, at: number): string => {
    if (cell === null) return ''
    return isBoolean[at] === true ? cell.slice(0, 1) : csvField(cell)
  }
  let text = ''
  for (const row of rows) text += `${row.map(field).join(',')}\n`
  return text
}

function csvField(text: string): string {
  return text === '' || text === '\\.' || /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
