import type { Truncation } from '../../../domain/index.ts'
import type { Cell } from '../../../contract/index.ts'
import type { CellBatch } from './gather-rows.ts'
import type { Gatherer } from './portal-read.ts'

/** Keeps the first rows of a RETURNING up to a cap and lets the rest go by: a write runs to its end whatever it gives back. */
export class CappedGatherer implements Gatherer<CellBatch> {
  heldBytes = 0
  readonly hasBatch = false
  truncated: Truncation | null = null
  readonly #maxRows: number
  readonly #maxBytes: number
  #rows: Cell[][] = []
  #bytes = 0

  constructor(maxRows: number, maxBytes: number) {
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
  }

  get rows(): readonly Cell[][] {
    return this.#rows
  }

  row(cells: Cell[]): void {
    if (this.truncated !== null) return
    let bytes = 0
    for (const cell of cells) if (cell !== null) bytes += Buffer.byteLength(cell)
    if (this.#rows.length >= this.#maxRows) this.truncated = 'row-cap'
    else if (this.#bytes + bytes > this.#maxBytes) this.truncated = 'byte-cap'
    else {
      this.#bytes += bytes
      this.#rows.push(cells)
    }
  }

  take(): null {
    return null
  }
}
