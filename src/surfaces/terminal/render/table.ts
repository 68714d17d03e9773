import type { Cell, ResultColumn } from '../../../contract/index.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { cutTo, padTo, widthOf } from './width.ts'

export type Row = readonly Cell[]

/** Lines of one column: where they go and how wide they are. */
export interface TableLayout {
  readonly columns: readonly ResultColumn[]
  readonly widths: readonly number[]
  /** true: some cells are cut to fit. */
  readonly isCut: boolean
}

/** No column is squeezed below this many characters to fit a screen. */
const narrowestColumn = 8

/** NULL is told from the text 'NULL' by its quotes: the text gets them, NULL does not. */
export function cellText(cell: Cell): string {
  if (cell === null) return 'NULL'
  return cell === 'NULL' ? '"NULL"' : printable(cell)
}

/** Natural widths of every column over the rows given. */
export function measureTable(columns: readonly ResultColumn[], rows: readonly Row[]): TableLayout {
  const widths = columns.map((column) => Math.max(1, widthOf(printable(column.name))))
  for (const row of rows) {
    for (let at = 0; at < widths.length; at++) {
      const width = widthOf(cellText(row[at] ?? null))
      if (width > (widths[at] ?? 0)) widths[at] = width
    }
  }
  return { columns, widths, isCut: false }
}

/** Screen columns a line of the table takes. */
export function tableWidth(layout: TableLayout): number {
  return layout.widths.reduce((sum, width) => sum + width + 3, 0) - 1
}

/** Squeezes the widest columns until the table fits; null when it cannot. A number is never cut: half of one is another number. */
export function fitTable(layout: TableLayout, screenColumns: number): TableLayout | null {
  const mayShrink = layout.columns.map((column) => alignOf(column) === 'left')
  const widths = layout.widths.map((width, at) => (mayShrink[at] ? Math.min(width, Math.max(screenColumns, narrowestColumn)) : width))
  for (let excess = tableWidth({ ...layout, widths }) - screenColumns; excess > 0; excess--) {
    const widest = Math.max(...widths.filter((_, at) => mayShrink[at]))
    if (widest <= narrowestColumn) return null // also -Infinity: numbers only
    widths[widths.findIndex((width, at) => width === widest && mayShrink[at])] = widest - 1
  }
  return { ...layout, widths, isCut: widths.some((width, at) => width < (layout.widths[at] ?? 0)) }
}

/** Draws a measured table. Unicode rules for people, ASCII where the output goes into a file or a pipe. */
export class TableWriter {
  readonly #layout: TableLayout
  readonly #paint: Paint
  readonly #separator: string
  readonly #rule: string
  readonly #crossing: string

  constructor(layout: TableLayout, paint: Paint, style: 'screen' | 'ascii') {
    this.#layout = layout
    this.#paint = paint
    this.#separator = style === 'screen' ? paint.dim('│') : '|'
    this.#rule = style === 'screen' ? '─' : '-'
    this.#crossing = style === 'screen' ? '┼' : '+'
  }

  header(): string[] {
    const { columns, widths } = this.#layout
    const names = columns.map((column, at) => {
      const width = widths[at] ?? 0
      const name = cutTo(printable(column.name), width)
      const isLast = at === columns.length - 1
      return this.#paint.bold(isLast && alignOf(column) === 'left' ? name : padTo(name, width, alignOf(column)))
    })
    const rule = widths.map((width) => this.#rule.repeat(width + 2)).join(this.#crossing)
    return [this.#join(names), this.#paint.dim(rule)]
  }

  row(row: Row): string {
    const { columns, widths, isCut } = this.#layout
    let line = ''
    for (let at = 0; at < columns.length; at++) {
      const cell = row[at] ?? null
      const width = widths[at] ?? 0
      const text = isCut ? cutTo(cellText(cell), width) : cellText(cell)
      const isLast = at === columns.length - 1
      const align = alignOf(columns[at])
      const padded = isLast && align === 'left' ? text : padTo(text, width, align)
      line += ` ${cell === null ? this.#paint.dim(padded) : padded}`
      if (!isLast) line += ` ${this.#separator}`
    }
    return line
  }

  #join(cells: readonly string[]): string {
    return ` ${cells.join(` ${this.#separator} `)}`
  }
}

function alignOf(column: ResultColumn | undefined): 'left' | 'right' {
  return column?.kind === 'number' ? 'right' : 'left'
}
