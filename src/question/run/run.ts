import { assertSealed, isShellError, type ApprovedStatement } from '../../domain/index.ts'
import type { Cell, ResultColumn } from '../../contract/index.ts'
import type { CopyChunk, CopyFormat, Lease, RunMark } from '../../platform/engines/index.ts'
import { cutCells } from './cut-cells.ts'
import { FileCutter } from './file-cutter.ts'
import type { RunMeter } from './run-meter.ts'

/** Hears of the cells that are handed on. */
export interface Onlooker {
  begin(columns: readonly ResultColumn[]): void
  take(rows: readonly (readonly Cell[])[]): void
}

export type RunEvent =
  | { readonly type: 'rows-begin'; readonly columns: ResultColumn[] }
  /** `json`: the rows once more, as the text that was digested. */
  | { readonly type: 'rows-batch'; readonly rows: Cell[][]; readonly json: string }
  | { readonly type: 'rows-chunk'; readonly bytes: Uint8Array }

export interface RunOptions {
  readonly signal: AbortSignal
  readonly mark: RunMark
  readonly meter: RunMeter
  readonly onlooker: Onlooker
  /** null: cells. Where the engine cannot copy, cells come all the same and are to be written as the format by the caller. */
  readonly format: CopyFormat | null
  readonly batchRows: number
}

/** Runs one approved statement. Ends early, and the server's query with it, at a cap or when the reader leaves. */
export async function* run(approved: ApprovedStatement, lease: Lease, options: RunOptions): AsyncGenerator<RunEvent> {
  assertSealed(approved)
  const { format, meter } = options
  meter.start()
  try {
    const bytes = format === null ? null : await lease.copy(approved, format, options)
    if (format !== null && bytes !== null) return yield* copyRows(approved, bytes, format, meter)
    // Not in a generator of its own: each that an event goes through costs an answer some microseconds.
    const { columns, batches } = await lease.read(approved, options)
    yield rowsBegin(columns, options.onlooker)
    for await (const batch of batches) {
      const rows = cutCells(batch, approved.limits, meter)
      if (rows.length > 0) yield rowsBatch(rows, meter, options.onlooker)
      if (meter.truncated !== null) return
    }
  } catch (error) {
    meter.code = isShellError(error) ? error.code : 'internal'
    throw error
  }
}

export function rowsBegin(columns: readonly ResultColumn[], onlooker: Onlooker): RunEvent {
  onlooker.begin(columns)
  return { type: 'rows-begin', columns: [...columns] }
}

/** Counted, digested and ready to be handed on. */
export function rowsBatch(rows: Cell[][], meter: RunMeter, onlooker: Onlooker): RunEvent {
  const json = JSON.stringify(rows)
  meter.take(json)
  onlooker.take(rows)
  return { type: 'rows-batch', rows, json }
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
