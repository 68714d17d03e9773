import type { Param } from '../../../domain/index.ts'
import { endRead, type OwnStatement } from './prologue.ts'

/** The part of pg's wire connection used here; its typings leave it out. */
export interface Wire {
  readonly stream: {
    cork(): void
    uncork(): void
    pause(): void
    resume(): void
    on(event: 'data', listener: (chunk: Buffer) => void): void
    off(event: 'data', listener: (chunk: Buffer) => void): void
  }
  parse(query: { text: string; name?: string }): void
  bind(config: { statement?: string; values?: readonly Param[] }): void
  describe(message: { type: 'P' | 'S'; name: string }): void
  execute(config: { rows?: number }): void
  flush(): void
  sync(): void
  query(text: string): void
  once(event: 'readyForQuery' | 'end', listener: () => void): void
  off(event: 'readyForQuery' | 'end', listener: () => void): void
}

export interface FieldDescription {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

/** What a read gathers between two looks of its reader: rows, or the bytes of a COPY. */
export interface Gatherer<Batch> {
  row(cells: (string | null)[]): void
  bytes(chunk: Buffer): void
  /** Roughly, of what is held. */
  readonly heldBytes: number
  /** null: nothing is held. */
  take(): Batch | null
}

export interface PortalReadOptions<Batch> {
  /** BEGIN and our settings, see prologue.ts. */
  readonly opening: readonly OwnStatement[]
  /** Names this session's server already keeps; grows as it takes more. */
  readonly kept: Set<string>
  readonly text: string
  readonly params: readonly Param[]
  readonly batchRows: number
  readonly gatherer: Gatherer<Batch>
  /** true: the statement is parsed for its columns and not run. */
  readonly isDescribeOnly: boolean
  /** A single row beyond this is not waited for. */
  readonly maxRowBytes: number
  readonly onRowTooLarge: () => void
}

/** More than this is not held for a slow reader: the socket is paused, and with it the server. */
const mostHeldBytes = 1024 * 1024

/**
 * One read over the extended protocol, spoken directly: BEGIN, settings and the statement leave in one write and their
 * answers come in one round trip; further batches are fetched from the portal only when asked for. Extended messages
 * take exactly one statement each, so a second one hidden in the text cannot run. A submittable for pg's Client.
 */
export class PortalRead<Batch> {
  fields: readonly FieldDescription[] = []
  readonly #options: PortalReadOptions<Batch>
  readonly #idle = Promise.withResolvers<void>()
  #wire: Wire | null = null
  #commandsDone = 0
  #pending: PromiseWithResolvers<Batch | null> | null = null
  #state: 'running' | 'suspended' | 'complete' | 'failed' = 'running'
  #error: unknown = null
  #isHalted = false
  #isPaused = false
  #unfinishedBytes = 0

  constructor(options: PortalReadOptions<Batch>) {
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** true: it failed before the judged statement began, and what the server keeps of our own is not known. */
  get isUnopened(): boolean {
    return this.#commandsDone < this.#options.opening.length
  }

  /** Resolves when the server has said that it is ready for another statement, or has gone. */
  get idle(): Promise<void> {
    return this.#idle.promise
  }

  /** The next batch; null after the last. */
  next(): Promise<Batch | null> {
    if (this.#state === 'failed') return Promise.reject(this.#error)
    if (this.#state !== 'running' || this.#isPaused) {
      const batch = this.#take()
      if (batch !== null || this.#state === 'complete') return Promise.resolve(batch)
    }
    this.#pending = Promise.withResolvers<Batch | null>()
    return this.#pending.promise
  }

  /** Nobody reads on: what comes is thrown away (a server blocked in writing does not see a cancel), nothing more is fetched. */
  halt(): void {
    this.#isHalted = true
    this.#options.gatherer.take()
    this.#unpause()
    if (this.#state === 'suspended') this.#finish()
  }

  submit(wire: Wire): void {
    const { opening, kept, text, params, batchRows, isDescribeOnly } = this.#options
    this.#wire = wire
    wire.once('readyForQuery', this.#onOver)
    wire.once('end', this.#onOver)
    wire.stream.on('data', this.#onData)
    wire.stream.cork()
    for (const own of opening) {
      if (own.name === '' || !kept.has(own.name)) wire.parse({ text: own.text, name: own.name })
      wire.bind({ statement: own.name, values: own.values })
      wire.execute({})
    }
    // No types are named: the server infers each parameter from its place.
    wire.parse({ text })
    if (isDescribeOnly) wire.describe({ type: 'S', name: '' })
    else {
      wire.bind({ values: params })
      wire.describe({ type: 'P', name: '' })
      wire.execute({ rows: batchRows })
    }
    if (isDescribeOnly) wire.query(endRead)
    else wire.flush()
    wire.stream.uncork()
  }

  handleRowDescription(message: { fields: readonly FieldDescription[] }): void {
    this.fields = message.fields
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.#unfinishedBytes = 0
    if (this.isUnopened || this.#isHalted) return // the answer of our settings, or nobody reads
    this.#options.gatherer.row(message.fields)
    this.#hold()
  }

  handleCopyData(message: { chunk: Buffer }): void {
    this.#unfinishedBytes = 0
    if (this.#isHalted) return
    this.#options.gatherer.bytes(message.chunk)
    this.#hold()
  }

  handlePortalSuspended(): void {
    this.#state = 'suspended'
    if (this.#isHalted) this.#finish()
    this.#deliver()
  }

  handleCommandComplete(): void {
    if (this.#state === 'complete') return // our own ending
    const { opening, kept, isDescribeOnly } = this.#options
    const name = opening[this.#commandsDone]?.name ?? ''
    if (name !== '') kept.add(name)
    this.#commandsDone += 1
    if (this.#commandsDone !== opening.length + 1) return
    if (isDescribeOnly) this.#state = 'complete'
    else this.#finish()
    this.#deliver()
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete()
  }

  handleError(error: unknown): void {
    if (this.#state === 'failed') return
    const isAfterAll = this.#state === 'complete' // a cancel that came as the statement ended; Session.settle looks after it
    if (!isAfterAll) this.#state = 'failed'
    this.#error = error
    this.#unpause()
    if (!isAfterAll) this.#wire?.sync() // after an error the server skips everything up to a Sync, our own ending too
    const pending = this.#pending
    this.#pending = null
    pending?.reject(error)
  }

  handleReadyForQuery(): void {
    // `#onOver` hears it too, and also after an error
  }

  /** The guard lets no COPY FROM through; a server that starts one all the same is answered with an error. */
  handleCopyInResponse(wire: { sendCopyFail(message: string): void }): void {
    wire.sendCopyFail('not a read')
  }

  readonly #onOver = (): void => {
    const wire = this.#wire
    if (wire === null) return
    this.#wire = null
    wire.off('readyForQuery', this.#onOver)
    wire.off('end', this.#onOver)
    wire.stream.off('data', this.#onData)
    wire.stream.resume()
    if (this.#state !== 'complete') this.handleError(new Error('The connection was lost'))
    this.#idle.resolve()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#unfinishedBytes += chunk.length
    if (this.#unfinishedBytes > this.#options.maxRowBytes && this.#state === 'running') this.#options.onRowTooLarge()
  }

  /** The statement is over or given up. A simple message also ends the extended batch; its ready state comes in the background. */
  #finish(): void {
    this.#state = 'complete'
    this.#wire?.query(endRead)
  }

  #hold(): void {
    if (this.#options.gatherer.heldBytes < mostHeldBytes) return
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#wire?.stream.pause()
    }
    this.#deliver()
  }

  #deliver(): void {
    if (this.#pending === null) return
    const batch = this.#take()
    if (batch === null && this.#state !== 'complete') return
    const { resolve } = this.#pending
    this.#pending = null
    resolve(batch)
  }

  /** Hands over what is held and has the server prepare the next batch meanwhile. */
  #take(): Batch | null {
    const batch = this.#options.gatherer.take()
    this.#unpause()
    if (this.#state === 'suspended') {
      this.#state = 'running'
      this.#wire?.execute({ rows: this.#options.batchRows })
      this.#wire?.flush()
    }
    return batch
  }

  #unpause(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#wire?.stream.resume()
  }
}
