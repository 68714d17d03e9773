import type { Cell, ResultColumn } from '../../../contract/index.ts'
import { expandedRow } from './expanded.ts'
import { noPaint } from './paint.ts'
import type { Screen } from './screen.ts'
import { fitTable, measureTable, TableWriter, tableWidth, type Row, type TableLayout } from './table.ts'

/** A pipe's table takes its widths from this many rows; later ones that are wider stick out, but memory stays bounded. */
const measuredRows = 20_000

/** The pager scrolls sideways, but not for ever: longer cells are cut, `\x` shows them whole. */
const widestPaged = 400

/** Gathers the rows of one answer and draws them: as a table that fits, in the pager, or as blocks. */
export class RowsView {
  readonly #screen: Screen
  readonly #isExpanded: boolean
  #columns: readonly ResultColumn[] = []
  #rows: Row[] = []
  #writer: TableWriter | null = null
  #written = 0
  /** true: cells were cut to fit the screen. */
  isCut = false

  constructor(screen: Screen, isExpanded: boolean) {
    this.#screen = screen
    this.#isExpanded = isExpanded
  }

  begin(columns: readonly ResultColumn[]): void {
    this.#columns = columns
  }

  async take(rows: readonly (readonly Cell[])[]): Promise<void> {
    for (const row of rows) this.#rows.push(row)
    const isStreamed = this.#screen.style === 'ascii' && this.#rows.length >= measuredRows
    if (isStreamed) await this.#flush()
  }

  /** Draws what is left; `footer` names the pager's content. */
  async end(footer: string): Promise<void> {
    if (this.#columns.length === 0) return
    if (this.#screen.style === 'ascii') return this.#flush()
    if (this.#isExpanded) return this.#drawBlocks(footer)
    const natural = measureTable(this.#columns, this.#rows)
    const fitted = fitTable(natural, this.#screen.columns())
    const isTall = this.#rows.length + 6 > this.#screen.rows()
    const hasRoomForBlocks = this.#rows.length * (this.#columns.length + 1) + 6 <= this.#screen.rows()
    if (fitted === null && (this.#screen.page === null || hasRoomForBlocks)) return this.#drawBlocks(footer)
    if (this.#screen.page !== null && (isTall || fitted === null)) return this.#drawPaged(natural, footer)
    const layout = fitted ?? natural
    this.isCut = layout.isCut
    const writer = new TableWriter(layout, this.#screen.paint, 'screen')
    await this.#screen.out.lines([...writer.header(), ...this.#rows.map((row) => writer.row(row))])
  }

  /** The pipe's way: header once, then rows as they come. */
  async #flush(): Promise<void> {
    const { out, paint } = this.#screen
    if (this.#isExpanded) {
      for (const row of this.#rows) await out.lines(expandedRow(this.#columns, row, ++this.#written, paint, 'ascii'))
    } else {
      if (this.#writer === null) {
        this.#writer = new TableWriter(measureTable(this.#columns, this.#rows), paint, 'ascii')
        await out.lines(this.#writer.header())
      }
      const writer = this.#writer
      await out.lines(this.#rows.map((row) => writer.row(row)))
    }
    this.#rows = []
  }

  async #drawBlocks(footer: string): Promise<void> {
    const { out, paint, page } = this.#screen
    const blocks = (withPaint: typeof paint): string[] =>
      this.#rows.flatMap((row, at) => expandedRow(this.#columns, row, at + 1, withPaint, 'screen'))
    const lines = blocks(paint)
    if (page === null || lines.length + 4 <= this.#screen.rows()) return out.lines(lines)
    const plain = blocks(noPaint)
    await page({ header: [], lineCount: plain.length, line: (at) => plain[at] ?? '', width: this.#screen.columns(), footer })
  }

  async #drawPaged(natural: TableLayout, footer: string): Promise<void> {
    const layout = { ...natural, widths: natural.widths.map((width) => Math.min(width, widestPaged)), isCut: true }
    const writer = new TableWriter(layout, noPaint, 'screen')
    await this.#screen.page?.({
      header: writer.header(),
      lineCount: this.#rows.length,
      line: (at) => writer.row(this.#rows[at] ?? []),
      width: tableWidth(layout),
      footer,
    })
    await this.#drawTrace(natural)
  }

  /** The pager leaves no trace; the first rows say in the scrollback what was looked at. */
  async #drawTrace(natural: TableLayout): Promise<void> {
    const fitted = fitTable(natural, this.#screen.columns())
    if (fitted === null) return
    const { out, paint } = this.#screen
    const writer = new TableWriter(fitted, paint, 'screen')
    const shown = this.#rows.slice(0, 3).map((row) => writer.row(row))
    const more = this.#rows.length > shown.length ? [paint.dim(' …')] : []
    await out.lines([...writer.header(), ...shown, ...more])
  }
}
