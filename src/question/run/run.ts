import { assertSealed, isShellError, type ApprovedStatement } from '../../domain/index.ts'
import type { Cell, ResultColumn } from '../../contract/index.ts'
import type { CopyChunk, CopyFormat, Lease, RunMark } from '../../platform/engines/index.ts'
import { cutCells } from './cut-cells.ts'
import { FileCutter } from './file-cutter.ts'
import type { RunMeter } from './run-meter.ts'

export type RunEvent =
  | { readonly type: 'rows-begin'; readonly columns: ResultColumn[] }
  | { readonly type: 'rows-batch'; readonly rows: Cell[][] }
  | { readonly type: 'rows-chunk'; readonly bytes: Uint8Array }

export interface RunOptions {
  readonly signal: AbortSignal
  readonly mark: RunMark
  readonly meter: RunMeter
  /** null: cells. Where the engine cannot copy, cells come all the same and are to be written as the format by the caller. */
  readonly format: CopyFormat | null
  readonly batchRows: number
}

/** Runs one approved statement. Ends early, and the server's query with it, at a cap or when the reader leaves. */
export async function* run(approved: ApprovedStatement, lease: Lease, options: RunOptions): AsyncGenerator<RunEvent> {
  assertSealed(approved)
  options.meter.start()
  try {
    const { format, meter } = options
    const bytes = format === null ? null : await lease.copy(approved, format, options)
    if (format !== null && bytes !== null) yield* copyRows(approved, bytes, format, meter)
    else yield* readRows(approved, lease, options)
  } catch (error) {
    options.meter.code = isShellError(error) ? error.code : 'internal'
    throw error
  }
}

async function* readRows(approved: ApprovedStatement, lease: Lease, options: RunOptions): AsyncGenerator<RunEvent> {
  const { meter } = options
  const stream = await lease.read(approved, options)
  yield { type: 'rows-begin', columns: [...stream.columns] }
  for await (const batch of stream.batches) {
    const rows = cutCells(batch, approved.limits, meter)
    if (rows.length > 0) {
      meter.take(JSON.stringify(rows))
      yield { type: 'rows-batch', rows }
    }
    if (meter.truncated !== null) return
  }
}

async function* copyRows(
  approved: ApprovedStatement,
  chunks: AsyncIterable<CopyChunk>,
  format: CopyFormat,
  meter: RunMeter,
): AsyncGenerator<RunEvent> {
  const cutter = new FileCutter(format, approved.limits, meter)
  for await (const chunk of chunks) {
    const bytes = cutter.cut(chunk)
    if (bytes.length > 0) {
      meter.take(bytes)
      yield { type: 'rows-chunk', bytes }
    }
    if (meter.truncated !== null) return
  }
}
