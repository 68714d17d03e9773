import type { Cell } from '../../../contract/index.ts'
import type { Gatherer } from './portal-read.ts'
import type { FieldDescription } from './wire-messages.ts'

export type CellBatch = readonly (readonly Cell[])[]

const booleanOid = 16
/** What a cell costs besides its text. */
const cellOverheadBytes = 16
const rowOverheadBytes = 32

/** A batch of wide rows is whole before it has all its rows. */
const batchBytes = 512 * 1024

/** Gathers rows as cells, in the one spelling of `contract/cell.ts`: the wire says t and f for booleans. */
export class RowGatherer implements Gatherer<CellBatch> {
  heldBytes = 0
  readonly #batchRows: number
  readonly #fields: () => readonly FieldDescription[]
  readonly #whole: { readonly rows: Cell[][]; readonly bytes: number }[] = []
  #rows: Cell[][] = []
  #bytes = 0

  constructor(batchRows: number, fields: () => readonly FieldDescription[]) {
    this.#batchRows = batchRows
    this.#fields = fields
  }

  get hasBatch(): boolean {
    return this.#whole.length > 0
  }

  row(cells: Cell[]): void {
    let bytes = rowOverheadBytes
    for (const cell of cells) bytes += cellOverheadBytes + (cell === null ? 0 : cell.length)
    this.#bytes += bytes
    this.heldBytes += bytes
    this.#rows.push(cells)
    if (this.#rows.length >= this.#batchRows || this.#bytes >= batchBytes) this.#turn()
  }

  take(): CellBatch | null {
    if (this.#whole.length === 0 && this.#rows.length > 0) this.#turn()
    const batch = this.#whole.shift()
    if (batch === undefined) return null
    this.heldBytes -= batch.bytes
    spellBooleans(batch.rows, this.#fields())
    return batch.rows
  }

  #turn(): void {
    this.#whole.push({ rows: this.#rows, bytes: this.#bytes })
    this.#rows = []
    this.#bytes = 0
  }
}

/** The wire says t and f; cells say true and false. */
export function spellBooleans(rows: readonly Cell[][], fields: readonly FieldDescription[]): void {
  for (const [at, field] of fields.entries()) {
    if (field.dataTypeID !== booleanOid) continue
    for (const row of rows) if (row[at] !== null) row[at] = row[at] === 't' ? 'true' : 'false'
  }
}
