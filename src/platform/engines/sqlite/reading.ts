import type { Cell, ResultColumn } from '../../../contract/index.ts'
import { OuterClock } from '../outer-clock.ts'
import { statementFailure } from './errors.ts'
import type { SandboxAnswer, ReadRequest } from './sandbox-messages.ts'
import type { SqliteSession } from './session.ts'

type Batch = readonly (readonly Cell[])[]

/** A reader who leaves waits this long for the sandbox to drop the statement; then the process is ended. */
const leaveGraceMs = 50

/** One judged statement in a sandbox. SQLite cannot be interrupted from outside, so stopping means ending the process. */
export class SqliteReading {
  readonly #session: SqliteSession
  readonly #clock: OuterClock
  #ahead: Promise<SandboxAnswer> | null = null
  #isOver = false

  constructor(session: SqliteSession, options: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
    this.#session = session
    this.#clock = new OuterClock(options.signal, options.timeoutMs, () => session.destroy(), 0)
  }

  async start(request: ReadRequest): Promise<{ readonly columns: readonly ResultColumn[]; readonly batches: AsyncGenerator<Batch> }> {
    const answer = await this.#take(this.#session.ask(request))
    if (answer.type !== 'columns') throw new Error(`The sandbox answered ${answer.type} to a read`)
    this.#fetchAhead(answer.isLast)
    return { columns: answer.columns, batches: this.#batches(answer.rows) }
  }

  /** Drops what is left of the statement; a sandbox that is still computing is ended. */
  async leave(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const hangUp = setTimeout(() => this.#session.destroy(), leaveGraceMs)
    await Promise.allSettled([this.#ahead, this.#session.ask({ type: 'stop' })])
    clearTimeout(hangUp)
    this.#clock.end()
  }

  async *#batches(first: Batch): AsyncGenerator<Batch> {
    try {
      if (first.length > 0) yield first
      while (this.#ahead !== null) {
        const answer = await this.#take(this.#ahead)
        if (answer.type !== 'batch') throw new Error(`The sandbox answered ${answer.type} for a batch`)
        this.#fetchAhead(answer.isLast)
        if (answer.rows.length > 0) yield answer.rows
      }
    } finally {
      await this.leave()
    }
  }

  /** One batch is made while the last one is read; no more, so a slow reader stalls the sandbox and not our heap. */
  #fetchAhead(isLast: boolean): void {
    this.#ahead = isLast ? null : this.#session.ask({ type: 'next' })
    this.#ahead?.catch(() => undefined) // looked at when it is its turn
    if (isLast) {
      this.#isOver = true
      this.#clock.end()
    }
  }

  async #take(asked: Promise<SandboxAnswer>): Promise<SandboxAnswer> {
    try {
      const answer = await asked
      if (answer.type === 'failed') throw statementFailure(answer)
      if (this.#clock.reason !== null) throw this.#clock.reason
      return answer
    } catch (error) {
      this.#isOver = true
      this.#ahead = null
      this.#clock.end()
      throw this.#clock.reason ?? error
    }
  }
}
