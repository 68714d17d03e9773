import type { Cell, ResultColumn } from '../../contract/index.ts'

/** One CSV line of column names (RFC 4180, but `\n` line ends, as PostgreSQL's COPY writes them). */
export function csvHeader(columns: readonly ResultColumn[]): string {
  return `${columns.map((column) => csvField(column.name)).join(',')}\n`
}

/** NULL is an empty field, the empty string is `""`: as PostgreSQL's COPY tells them apart. */
export function csvRows(rows: readonly (readonly Cell[])[]): string {
  let text = ''
  for (const row of rows) text += `${row.map((cell) => (cell === null ? '' : csvField(cell))).join(',')}\n`
  return text
}

function csvField(text: string): string {
  return text === '' || text === '\\.' || /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
