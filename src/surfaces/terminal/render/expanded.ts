import type { ResultColumn } from '../../../contract/index.ts'
import type { Paint } from './paint.ts'
import { printable, printableLines } from './printable.ts'
import type { Row } from './table.ts'
import { padTo, widthOf } from './width.ts'

/** One block of `name │ value` lines for a row; the breaks inside a value are kept as lines. */
export function expandedRow(columns: readonly ResultColumn[], row: Row, number: number, paint: Paint, style: 'screen' | 'ascii'): string[] {
  const separator = style === 'screen' ? paint.dim('│') : '|'
  const nameWidth = Math.max(1, ...columns.map((column) => widthOf(printable(column.name))))
  const title = style === 'screen' ? `── row ${number} ` : `-- row ${number} `
  const lines = [paint.dim(title.padEnd(nameWidth + 16, style === 'screen' ? '─' : '-'))]
  columns.forEach((column, at) => {
    const values = valueLines(row[at] ?? null, paint)
    values.forEach((value, line) => {
      const name = line === 0 ? paint.bold(padTo(printable(column.name), nameWidth, 'left')) : ' '.repeat(nameWidth)
      lines.push(` ${name} ${separator} ${value}`)
    })
  })
  return lines
}

function valueLines(cell: string | null, paint: Paint): string[] {
  if (cell === null) return [paint.dim('NULL')]
  return cell === 'NULL' ? ['"NULL"'] : printableLines(cell)
}
