import type { Param } from '../../../domain/index.ts'
import { beginRead } from './prologue.ts'

/** The part of pg's wire connection used here; its typings leave it out. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  parse(query: { text: string; name?: string; types?: number[] }): void
  bind(config: { portal?: string; statement?: string; values?: readonly Param[]; binary?: boolean }): void
  describe(message: { type: 'P' | 'S'; name: string }): void
  execute(config: { portal?: string; rows?: number }): void
  flush(): void
  sync(): void
  query(text: string): void
}

export interface FieldDescription {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

type Row = (string | null)[]

interface Pending {
  readonly resolve: (rows: Row[] | null) => void
  readonly reject: (error: unknown) => void
}

export interface PortalReadOptions {
  /** Our own settings query, see prologue.ts. */
  readonly settings: string
  readonly text: string
  readonly params: readonly Param[]
  readonly batchRows: number
}

/**
 * One read over the extended protocol, spoken directly: BEGIN, settings and the statement leave in one write and their
 * answers come in one round trip; further batches are fetched from the portal only when asked for. Extended messages
 * take exactly one statement each, so a second one hidden in the text cannot run. A submittable for pg's Client.
 */
export class PortalRead {
  fields: readonly FieldDescription[] = []
  readonly #options: PortalReadOptions
  #wire: Wire | null = null
  #commandsDone = 0
  #rows: Row[] = []
  #pending: Pending | null = null
  #state: 'running' | 'suspended' | 'complete' | 'failed' = 'running'
  #error: unknown = null
  #isHalted = false
  #idle: Promise<void>
  #becomeIdle: () => void = () => undefined

  constructor(options: PortalReadOptions) {
    this.#options = options
    this.#idle = new Promise((resolve) => (this.#becomeIdle = resolve))
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Resolves when the server has said that it is ready for another statement. */
  get idle(): Promise<void> {
    return this.#idle
  }

  /** The next rows; null after the last. */
  next(): Promise<Row[] | null> {
    if (this.#state === 'failed') return Promise.reject(this.#error as Error)
    if (this.#state === 'complete' && this.#rows.length === 0) return Promise.resolve(null)
    if (this.#state !== 'running') return Promise.resolve(this.#takeRows())
    return new Promise((resolve, reject) => (this.#pending = { resolve, reject }))
  }

  /** Fetches nothing more; resolves when the server has nothing left to do here. */
  async halt(): Promise<void> {
    this.#isHalted = true
    if (this.#state === 'running') await this.next().catch(() => undefined) // whatever it was, nobody reads it any more
    if (this.#state === 'suspended') this.#wire?.query('ROLLBACK')
    this.#state = 'complete'
  }

  submit(wire: Wire): void {
    this.#wire = wire
    wire.stream.cork()
    for (const text of [beginRead, this.#options.settings]) {
      wire.parse({ text })
      wire.bind({})
      wire.execute({})
    }
    // Types 0 leave it to the server to infer each parameter from its place.
    wire.parse({ text: this.#options.text })
    wire.bind({ values: this.#options.params })
    wire.describe({ type: 'P', name: '' })
    wire.execute({ rows: this.#options.batchRows })
    wire.flush()
    wire.stream.uncork()
  }

  handleRowDescription(message: { fields: readonly FieldDescription[] }): void {
    this.fields = message.fields
  }

  handleDataRow(message: { fields: Row }): void {
    if (this.#commandsDone >= 2) this.#rows.push(message.fields) // before that it is the answer of our settings
  }

  handlePortalSuspended(): void {
    this.#state = 'suspended'
    this.#deliver()
  }

  handleCommandComplete(): void {
    this.#commandsDone += 1
    if (this.#commandsDone !== 3) return
    this.#state = 'complete'
    this.#wire?.query('COMMIT') // simple, so that it also ends the extended batch; its ready state comes in the background
    this.#deliver()
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete()
  }

  handleError(error: unknown): void {
    this.#state = 'failed'
    this.#error = error
    this.#wire?.sync()
    this.#becomeIdle()
    const pending = this.#pending
    this.#pending = null
    pending?.reject(error)
  }

  handleReadyForQuery(): void {
    this.#becomeIdle()
  }

  /** The guard lets no COPY through; a server that starts one all the same is answered with an error. */
  handleCopyInResponse(wire: { sendCopyFail(message: string): void }): void {
    wire.sendCopyFail('not a read')
  }

  handleCopyData(): void {
    this.handleError(new Error('unexpected copy data'))
  }

  handleParseComplete(): void {
    // nothing to do: errors come as errors
  }

  #deliver(): void {
    if (this.#pending === null) return
    const { resolve } = this.#pending
    this.#pending = null
    resolve(this.#state === 'complete' && this.#rows.length === 0 ? null : this.#takeRows())
  }

  /** Hands the batch on and has the server prepare the next one meanwhile. */
  #takeRows(): Row[] {
    const rows = this.#rows
    this.#rows = []
    if (this.#state === 'suspended' && this.#wire !== null && !this.#isHalted) {
      this.#state = 'running'
      this.#wire.execute({ rows: this.#options.batchRows })
      this.#wire.flush()
    }
    return rows
  }
}
