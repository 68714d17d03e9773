import type { AnswerBody, Cell, ResultColumn } from '../../contract/index.ts'

type Hint = NonNullable<AnswerBody['chart']>

const mostBars = 60
const mostColumns = 3

/** Watches an answer's rows and says how they could be drawn; nothing when they should stay a table. */
export class ChartHint {
  #columns: readonly ResultColumn[] = []
  #rows = 0
  #hasRepeatedLabel = false
  readonly #labels = new Set<string>()

  begin(columns: readonly ResultColumn[]): void {
    this.#columns = columns
  }

  take(rows: readonly (readonly Cell[])[]): void {
    this.#rows += rows.length
    if (this.#rows > 10 * mostBars || this.#columns.length > mostColumns) return
    const at = this.#columns.findIndex((column) => column.kind !== 'number')
    for (const row of rows) {
      const label = row[at] ?? ''
      if (this.#labels.has(label)) this.#hasRepeatedLabel = true
      this.#labels.add(label)
    }
  }

  /** One label and one measure: bars, or a line over time; two measures and no label: points. */
  hint(): Hint | null {
    if (this.#rows < 2 || this.#columns.length > mostColumns) return null
    const numbers = this.#columns.filter((column) => column.kind === 'number')
    const labels = this.#columns.filter((column) => column.kind !== 'number')
    const [measure, second] = numbers
    const [label] = labels
    if (measure === undefined) return null
    if (label === undefined) return second === undefined ? null : { mark: 'point', x: measure.name, y: second.name }
    if (numbers.length !== 1 || labels.length !== 1) return null
    if (label.kind === 'time') return { mark: 'line', x: label.name, y: measure.name }
    return this.#hasRepeatedLabel || this.#rows > mostBars ? null : { mark: 'bar', x: label.name, y: measure.name }
  }
}
