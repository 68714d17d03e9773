import type { Param } from '../../../domain/index.ts'
import type { OwnStatement } from './prologue.ts'
import { readAnswer, type AnswerHandler } from './read-answer.ts'
import { sendTogether } from './sent-together.ts'
import { ownBytes, statementBytes } from './wire-bytes.ts'
import type { FieldDescription } from './wire-messages.ts'

/** The part of pg's wire connection used here; its typings leave it out. */
export interface Wire {
  readonly stream: {
    readonly writable: boolean
    write(bytes: Buffer): void
    pause(): void
    resume(): void
  }
}

/** What a read gathers between two looks of its reader: rows, or the bytes of a COPY. */
export interface Gatherer<Batch> {
  row(cells: (string | null)[]): void
  /** Only for the bytes of a COPY: a row of so many bytes begins, and parts of it. */
  begin?(bytes: number): void
  add?(chunk: Buffer, start: number, end: number): void
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
  /** ROLLBACK; empty: the transaction stays open, for a write that is not committed yet. */
  readonly ending: readonly OwnStatement[]
  readonly text: string
  readonly params: readonly Param[]
  readonly gatherer: Gatherer<Batch>
  /** true: the statement is parsed for its columns and not run. */
  readonly isDescribeOnly: boolean
  /** A single row beyond this is not waited for. */
  readonly maxRowBytes: number
  /** For a server that sends what is not to be waited for. */
  readonly hangUp: () => void
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
export class PortalRead<Batch> implements AnswerHandler {
  fields: readonly FieldDescription[] = []
  /** What the server said at the end of the judged statement, as `UPDATE 3`; null before it. */
  tag: string | null = null
  isRowTooLarge = false
  /** Rows of a COPY never become texts. */
  readonly takesCopies: boolean
  readonly #options: PortalReadOptions<Batch>
  readonly #kept: Set<string>
  readonly #idle = Promise.withResolvers<void>()
  #wire: Wire | null = null
  #commandsDone = 0
  #pending: PromiseWithResolvers<Batch | null> | null = null
  #state: 'running' | 'complete' | 'failed' = 'running'
  #error: unknown = null
  #isHalted = false
  #isPaused = false
  #isLookingAgain = false

  /** `kept`: names this session's server already keeps; grows as it takes more. */
  constructor(options: PortalReadOptions<Batch>, kept: Set<string>) {
    this.#options = options
    this.#kept = kept
    this.takesCopies = options.gatherer.add !== undefined
  }

  /** true: the server is still at the judged statement. */
  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** true: the judged statement is over, and all it gave has been taken. */
  get isDrained(): boolean {
    return this.#state === 'complete' && this.#options.gatherer.heldBytes === 0
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
    if (this.#options.gatherer.heldBytes > 0) this.#lookAgain()
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
    const kept = this.#kept
    this.#wire = wire
    if (!wire.stream.writable) return // its end is told to `over`
    const statement = statementBytes(text, params, isDescribeOnly)
    sendTogether(wire.stream, Buffer.concat([ownBytes(opening, kept, false), statement, ownBytes(ending, kept, true)]))
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
    // the session tells `over`, also after an error, when pg no longer knows us
  }

  /** The guard lets no COPY FROM through; a server that starts one all the same is answered with an error. */
  handleCopyInResponse(wire: { sendCopyFail(message: string): void }): void {
    wire.sendCopyFail('not a read')
  }

  /** true: sent, and the server has not yet said that it is ready for another statement. */
  get isSent(): boolean {
    return this.#wire !== null
  }

  /** The server is ready for another statement, or has gone. */
  over(): void {
    if (this.#isPaused) this.#wire?.stream.resume()
    this.#wire = null
    if (this.isRunning) this.handleError(new Error('The connection was lost'))
    this.#idle.resolve()
  }

  /** A message has come from the server; false: it is the driver's. */
  message(bytes: Buffer, at: number, body: number, end: number): boolean {
    return readAnswer(bytes, at, body, end, this)
  }

  /** All messages that have come in one piece have been read. */
  pieceRead(): void {
    if (this.#options.gatherer.heldBytes > 0) this.#hold()
  }

  begin(bytes: number, isCopied: boolean): void {
    if (bytes > this.#options.maxRowBytes) this.#refuseRow()
    else if (isCopied && !this.#isHalted) this.#options.gatherer.begin?.(bytes)
  }

  add(chunk: Buffer, start: number, end: number): void {
    if (!this.#isHalted) this.#options.gatherer.add?.(chunk, start, end)
  }

  described(fields: readonly FieldDescription[]): void {
    this.fields = fields
  }

  row(cells: (string | null)[]): void {
    if (this.isUnopened || this.#isHalted) return // the answer of our settings, or nobody reads
    this.#options.gatherer.row(cells)
  }

  done(tag: string): void {
    const { opening, ending, isDescribeOnly } = this.#options
    const at = this.#commandsDone
    const own = at < opening.length ? opening[at] : isDescribeOnly || at > opening.length ? ending[0] : undefined
    if (own !== undefined && own.name !== '') this.#kept.add(own.name)
    this.#commandsDone += 1
    if (at !== opening.length) return
    this.tag = tag
    this.#state = 'complete'
    this.#deliver()
  }

  #refuseRow(): void {
    if (this.#state !== 'running') return
    this.isRowTooLarge = true
    this.#options.hangUp()
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
