import { ShellError, type Param } from '../../../domain/index.ts'
import type { Cell } from '../../../contract/index.ts'
import { rowParser } from './decode-row.ts'
import type { WireConnection, WireField, WireStatement } from './wire.ts'

export type CellBatch = readonly (readonly Cell[])[]

export interface PreparedReadOptions {
  readonly text: string
  readonly params: readonly Param[]
  readonly batchRows: number
  /** A single row beyond this is not waited for. */
  readonly maxRowBytes: number
  readonly onRowTooLarge: () => void
}

/** More than this is not held for a slow reader: the socket is paused, and with it the server. */
const mostHeldBytes = 1024 * 1024
/** A batch of wide rows is whole before it has all its rows. */
const batchBytes = 512 * 1024
const cellOverheadBytes = 16
const rowOverheadBytes = 32

/**
 * One statement over the prepared protocol, which takes exactly one: a second one hidden in the text is an error of the
 * server. Rows flow as they come; a slow reader holds the server back through the socket.
 */
export class PreparedRead {
  fields: readonly WireField[] = []
  /** Of a statement without a result: rows it inserted, deleted, or found to update. */
  affectedRows: number | null = null
  /** When the server was done with it (`performance.now()`); null before. */
  completedMs: number | null = null
  readonly #connection: WireConnection
  readonly #options: PreparedReadOptions
  readonly #idle = Promise.withResolvers<void>()
  readonly #whole: { readonly rows: Cell[][]; readonly bytes: number }[] = []
  #rows: Cell[][] = []
  #bytes = 0
  #heldBytes = 0
  #unfinishedBytes = 0
  #pending: PromiseWithResolvers<CellBatch | null> | null = null
  #state: 'running' | 'complete' | 'failed' = 'running'
  #error: unknown = null
  #isHalted = false
  #isPaused = false

  constructor(connection: WireConnection, options: PreparedReadOptions) {
    this.#connection = connection
    this.#options = options
    connection.stream.on('data', this.#onData)
    connection.prepare(options.text, (error, statement) => {
      // The driver calls back before its own queue has moved on.
      if (error !== null && error !== undefined) this.fail(error)
      else this.#execute(statement)
    })
  }

  /** true: the server is still at the statement. */
  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Resolves when the server is ready for another statement, or has gone. */
  get idle(): Promise<void> {
    return this.#idle.promise
  }

  /** The next batch; null after the last. */
  next(): Promise<CellBatch | null> {
    if (this.#state === 'failed') return Promise.reject(this.#error)
    if (this.#state === 'complete' || this.#whole.length > 0) return Promise.resolve(this.#take())
    this.#pending = Promise.withResolvers<CellBatch | null>()
    this.#unpause()
    this.#lookAgain()
    return this.#pending.promise
  }

  /** Nobody reads on: what comes is thrown away, for a server that is blocked in writing does not see a KILL. */
  halt(): void {
    this.#isHalted = true
    while (this.#take() !== null);
    this.#unpause()
  }

  /** The statement is over without its rows; also called when the connection has gone. */
  fail(error: unknown): void {
    if (this.#state !== 'running') return
    this.#state = 'failed'
    this.#error = error
    this.#over()
    this.#pending?.reject(error)
    this.#pending = null
  }

  #execute(statement: WireStatement): void {
    const { params } = this.#options
    if (this.#isHalted) return this.fail(new Error('nobody waits for it'))
    if (statement.parameters.length !== params.length) return this.fail(wrongParams(statement.parameters.length, params.length))
    const execution = statement.execute(params)
    execution.buildParserFromFields = rowParser
    execution.on('fields', (fields) => {
      this.fields = fields ?? []
    })
    execution.on('result', (row) => {
      this.#unfinishedBytes = 0
      if (!Array.isArray(row)) this.affectedRows = (row as { readonly affectedRows?: number } | null)?.affectedRows ?? null // the driver's header
      else if (!this.#isHalted) this.#hold(row as Cell[]) // rowParser makes these
    })
    execution.on('error', (error) => this.fail(error))
    execution.on('end', () => this.#complete())
  }

  #complete(): void {
    if (this.#state !== 'running') return
    this.#state = 'complete'
    this.completedMs = performance.now()
    this.#over()
    this.#pending?.resolve(this.#take())
    this.#pending = null
  }

  #over(): void {
    this.#connection.stream.off('data', this.#onData)
    this.#unpause()
    this.#connection.unprepare(this.#options.text)
    this.#idle.resolve()
  }

  #hold(row: Cell[]): void {
    let bytes = rowOverheadBytes
    for (const cell of row) bytes += cellOverheadBytes + (cell === null ? 0 : cell.length)
    this.#rows.push(row)
    this.#bytes += bytes
    this.#heldBytes += bytes
    if (this.#rows.length >= this.#options.batchRows || this.#bytes >= batchBytes) this.#turn()
    if (this.#whole.length > 0 && this.#pending !== null) {
      this.#pending.resolve(this.#take())
      this.#pending = null
    }
    if (this.#heldBytes < mostHeldBytes || this.#isPaused) return
    this.#isPaused = true
    this.#connection.pause()
  }

  #turn(): void {
    this.#whole.push({ rows: this.#rows, bytes: this.#bytes })
    this.#rows = []
    this.#bytes = 0
  }

  #take(): CellBatch | null {
    if (this.#whole.length === 0 && this.#rows.length > 0) this.#turn()
    const batch = this.#whole.shift()
    if (batch === undefined) return null
    this.#heldBytes -= batch.bytes
    return batch.rows
  }

  #unpause(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#connection.resume()
  }

  /** Rows that trickle in are handed on before a batch is full. */
  #lookAgain(): void {
    setImmediate(() => {
      if (this.#pending === null || this.#rows.length === 0 || this.#state !== 'running') return
      this.#pending.resolve(this.#take())
      this.#pending = null
    })
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#unfinishedBytes += chunk.length
    if (this.#unfinishedBytes > this.#options.maxRowBytes) this.#options.onRowTooLarge()
    else this.#lookAgain()
  }
}

function wrongParams(wanted: number, given: number): ShellError {
  return new ShellError({
    code: 'engines.statement-rejected',
    kind: 'invalid',
    message: `The database did not take the statement: it wants ${wanted} bound value(s), ${given} came with it.`,
    hint: 'Give one value for each ?.',
  })
}
