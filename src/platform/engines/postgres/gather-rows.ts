import type { Cell } from '../../../contract/index.ts'
import type { FieldDescription, Gatherer } from './portal-read.ts'

export type CellBatch = readonly (readonly Cell[])[]

const booleanOid = 16
/** What a cell costs besides its text. */
const cellOverheadBytes = 16

/** Gathers rows as cells, in the one spelling of `contract/cell.ts`: the wire says t and f for booleans. */
export class RowGatherer implements Gatherer<CellBatch> {
  heldBytes = 0
  readonly #fields: () => readonly FieldDescription[]
  #rows: Cell[][] = []

  constructor(fields: () => readonly FieldDescription[]) {
    this.#fields = fields
  }

  row(cells: Cell[]): void {
    for (const cell of cells) this.heldBytes += cellOverheadBytes + (cell === null ? 0 : cell.length)
    this.#rows.push(cells)
  }

  bytes(): void {}

  take(): CellBatch | null {
    if (this.#rows.length === 0) return null
    const rows = this.#rows
    this.#rows = []
    this.heldBytes = 0
    spellBooleans(rows, this.#fields())
    return rows
  }
}

function spellBooleans(rows: readonly Cell[][], fields: readonly FieldDescription[]): void {
  for (const [at, field] of fields.entries()) {
    if (field.dataTypeID !== booleanOid) continue
    for (const row of rows) if (row[at] !== null) row[at] = row[at] === 't' ? 'true' : 'false'
  }
}
