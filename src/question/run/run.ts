import { assertSealed, type ApprovedStatement } from '../../domain/index.ts'
import type { Cell, ResultColumn } from '../../contract/index.ts'
import type { CopyFormat, Lease, ResultStream, RunMark } from '../../platform/engines/index.ts'
import { cutCells } from './cut-cells.ts'
import { FileCutter } from './file-cutter.ts'
import type { RunMeter } from './run-meter.ts'

/** Hears of the cells that are handed on. */
export interface Onlooker {
  begin(columns: readonly ResultColumn[]): void
  take(rows: readonly (readonly Cell[])[]): void
}

export type RunEvent =
  | { readonly type: 'rows-begin'; readonly columns: readonly ResultColumn[] }
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
  const { format } = options
  if (format !== null && (yield* copyRows(approved, lease, format, options))) return
  const cells = new CellRun(approved, lease, options)
  try {
    for (let event = await cells.next(); event !== null; event = await cells.next()) yield event
  } finally {
    await cells.leave()
  }
}

/** One approved statement, run for its cells. Not a generator: each that an event goes through costs an answer some microseconds. */
export class CellRun {
  readonly #approved: ApprovedStatement
  readonly #lease: Lease
  readonly #options: Omit<RunOptions, 'format'>
  #batches: ReturnType<ResultStream['batches'][typeof Symbol.asyncIterator]> | null = null

  constructor(approved: ApprovedStatement, lease: Lease, options: Omit<RunOptions, 'format'>) {
    assertSealed(approved)
    this.#approved = approved
    this.#lease = lease
    this.#options = options
  }

  /** null: all has been handed on, or as much as the caps let through. Whoever asks no more calls `leave`. */
  async next(): Promise<RunEvent | null> {
    const { meter, onlooker } = this.#options
    try {
      if (this.#batches === null) {
        meter.start()
        const { columns, batches } = await this.#lease.read(this.#approved, this.#options)
        this.#batches = batches[Symbol.asyncIterator]()
        return rowsBegin(columns, onlooker)
      }
      while (meter.truncated === null) {
        const step = await this.#batches.next()
        if (step.done === true) return null
        const rows = cutCells(step.value, this.#approved.limits, meter)
        if (rows.length > 0) return rowsBatch(rows, meter, onlooker)
      }
      return null
    } catch (error) {
      return meter.fail(error)
    }
  }

  /** Ends the server's query where it still runs. */
  async leave(): Promise<void> {
    await this.#batches?.return?.()
  }
}

export function rowsBegin(columns: readonly ResultColumn[], onlooker: Onlooker): RunEvent {
  onlooker.begin(columns)
  return { type: 'rows-begin', columns }
}

/** Counted, digested and ready to be handed on. */
export function rowsBatch(rows: Cell[][], meter: RunMeter, onlooker: Onlooker): RunEvent {
  const json = JSON.stringify(rows)
  meter.take(json)
  onlooker.take(rows)
  return { type: 'rows-batch', rows, json }
}

/** false: the engine cannot copy this, and nothing was handed on. */
async function* copyRows(
  approved: ApprovedStatement,
  lease: Lease,
  format: CopyFormat,
  options: RunOptions,
): AsyncGenerator<RunEvent, boolean> {
  const { meter } = options
  meter.start()
  try {
    const chunks = await lease.copy(approved, format, options)
    if (chunks === null) return false
    const cutter = new FileCutter(format, approved.limits, meter)
    for await (const chunk of chunks) {
      const bytes = cutter.cut(chunk)
      if (bytes.length > 0) {
        meter.take(bytes)
        yield { type: 'rows-chunk', bytes }
      }
      if (meter.truncated !== null) break
    }
    return true
  } catch (error) {
    return meter.fail(error)
  }
}
