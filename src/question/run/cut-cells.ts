import type { Limits } from '../../domain/index.ts'
import type { Cell } from '../../contract/index.ts'
import type { RunMeter } from './run-meter.ts'

/** The rows of a batch that still fit under the caps; sets `meter.truncated` at the first that does not. */
export function cutCells(batch: readonly (readonly Cell[])[], limits: Limits, meter: RunMeter): Cell[][] {
  const rows: Cell[][] = []
  for (const row of batch) {
    if (meter.rows >= limits.maxRows) {
      meter.truncated = 'row-cap'
      return rows
    }
    const size = sizeOf(row)
    if (meter.bytes + size > limits.maxBytes) {
      meter.truncated = 'byte-cap'
      return rows
    }
    meter.rows += 1
    meter.bytes += size
    rows.push(row as Cell[]) // handed on as is: a copy per row would cost as much as reading it
  }
  return rows
}

function sizeOf(row: readonly Cell[]): number {
  let size = 0
  for (const cell of row) if (cell !== null) size += Buffer.byteLength(cell)
  return size
}
