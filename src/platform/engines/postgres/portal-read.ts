import type { Param } from '../../../domain/index.ts'
import type { OwnStatement } from './prologue.ts'

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
  execute(config: Record<string, never>): void
  sync(): void
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
  /** true: a whole batch is held. */
  readonly hasBatch: boolean
  /** At most one batch; null: nothing is held. */
  take(): Batch | null
}

export interface PortalReadOptions<Batch> {
  /** BEGIN and our settings, see prologue.ts. */
  readonly opening: readonly OwnStatement[]
  /** ROLLBACK; null: the transaction stays open, for a write that is not committed yet. */
  readonly ending: OwnStatement | null
  /** Names this session's server already keeps; grows as it takes more. */
  readonly kept: Set<string>
  readonly text: string
  readonly params: readonly Param[]
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
 * One read over the extended protocol, spoken directly: BEGIN, settings, the statement and ROLLBACK leave in one write and
 * are answered in one round trip (waiting for the result before the rollback halves the throughput of small reads).
 * The whole result is asked for at once, since a portal with a row limit never gets a parallel plan; a slow reader holds
 * the server back through the socket. Extended messages take exactly one statement each, so a second one hidden in the
 * text cannot run. A submittable for pg's Client.
 */
export class PortalRead<Batch> {
  fields: readonly FieldDescription[] = []
  /** What the server said at the end of the judged statement, as `UPDATE 3`; null before it. */
  tag: string | null = null
  readonly #options: PortalReadOptions<Batch>
  readonly #idle = Promise.withResolvers<void>()
  #wire: Wire | null = null
  #commandsDone = 0
  #pending: PromiseWithResolvers<Batch | null> | null = null
  #state: 'running' | 'complete' | 'failed' = 'running'
  #error: unknown = null
  #isHalted = false
  #isPaused = false
  #isLookingAgain = false
  #unfinishedBytes = 0

  constructor(options: PortalReadOptions<Batch>) {
    this.#options = options
  }

  /** true: the server is still at the judged statement. */
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
    if (this.#state === 'complete' || this.#options.gatherer.hasBatch) return Promise.resolve(this.#take())
    this.#pending = Promise.withResolvers<Batch | null>()
    this.#unpause()
    this.#lookAgain()
    return this.#pending.promise
  }

  /** Nobody reads on: what comes is thrown away, for a server that is blocked in writing does not see a cancel. */
  halt(): void {
    this.#isHalted = true
    while (this.#options.gatherer.take() !== null);
    this.#unpause()
  }

  submit(wire: Wire): void {
    const { opening, ending, text, params, isDescribeOnly } = this.#options
    this.#wire = wire
    wire.once('readyForQuery', this.#onOver)
    wire.once('end', this.#onOver)
    wire.stream.on('data', this.#onData)
    wire.stream.cork()
    for (const own of opening) this.#send(wire, own)
    // No types are named: the server infers each parameter from its place.
    wire.parse({ text })
    if (isDescribeOnly) wire.describe({ type: 'S', name: '' })
    else {
      wire.bind({ values: params })
      wire.describe({ type: 'P', name: '' })
      wire.execute({})
    }
    if (ending !== null) this.#send(wire, ending)
    wire.sync()
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

  handleCommandComplete(message?: { readonly text?: string }): void {
    const { opening, ending, kept, isDescribeOnly } = this.#options
    const at = this.#commandsDone
    const own = at < opening.length ? opening[at] : isDescribeOnly || at > opening.length ? ending : undefined
    if (own != null && own.name !== '') kept.add(own.name)
    this.#commandsDone += 1
    if (at !== opening.length) return
    this.tag = message?.text ?? null
    this.#state = 'complete'
    this.#deliver()
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete()
  }

  /** The server skips the rest up to our Sync, and then says that it is ready. */
  handleError(error: unknown): void {
    if (this.#state !== 'running') return // a cancel that came as the statement ended; Session.settle looks after it
    this.#state = 'failed'
    this.#error = error
    this.#unpause()
    const pending = this.#pending
    this.#pending = null
    pending?.reject(error)
  }

  handleReadyForQuery(): void {
    // `#onOver` hears it too, and also after an error
  }

  handlePortalSuspended(): void {
    // only for portals with a row limit
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
    if (this.#isPaused) wire.stream.resume()
    this.handleError(new Error('The connection was lost')) // unless the statement is over
    this.#idle.resolve()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#unfinishedBytes += chunk.length
    if (this.#unfinishedBytes > this.#options.maxRowBytes && this.#state === 'running') this.#options.onRowTooLarge()
  }

  /** A name that the server keeps need not be parsed again. */
  #send(wire: Wire, { name, text, values }: OwnStatement): void {
    if (name === '' || !this.#options.kept.has(name)) wire.parse({ text, name })
    wire.bind({ statement: name, values })
    wire.execute({})
  }

  #hold(): void {
    const { gatherer } = this.#options
    if (this.#pending !== null) {
      if (gatherer.hasBatch) this.#deliver()
      else this.#lookAgain()
    } else if (gatherer.heldBytes > mostHeldBytes && !this.#isPaused && this.#wire !== null) {
      this.#isPaused = true
      this.#wire.stream.pause()
    }
  }

  /** When all that has come is looked through, a part of a batch is better than none for a reader who waits. */
  #lookAgain(): void {
    if (this.#isLookingAgain) return
    this.#isLookingAgain = true
    setImmediate(() => {
      this.#isLookingAgain = false
      this.#deliver()
    })
  }

  #deliver(): void {
    if (this.#pending === null || this.#state === 'failed') return
    const batch = this.#take()
    if (batch === null && this.#state !== 'complete') return
    const { resolve } = this.#pending
    this.#pending = null
    resolve(batch)
  }

  #take(): Batch | null {
    const batch = this.#options.gatherer.take()
    if (this.#options.gatherer.heldBytes < mostHeldBytes) this.#unpause()
    return batch
  }

  #unpause(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#wire?.stream.resume()
  }
}
