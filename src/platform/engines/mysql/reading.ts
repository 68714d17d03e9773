import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits, Param } from '../../../domain/index.ts'
import { OuterClock, rowTooLarge, timedOut } from '../outer-clock.ts'
import { statementFailure } from './errors.ts'
import type { CellBatch, PreparedRead } from './prepared-read.ts'
import type { MysqlSession } from './session.ts'

export interface ReadingOptions {
  readonly text: string
  readonly params: readonly Param[]
  readonly limits: Limits
  readonly batchRows: number
  readonly signal: AbortSignal
  /** true: the transaction stays open, for a write that is not committed yet. */
  readonly staysOpen?: boolean
}

/** A reader who leaves when the rest is already on its way: worth a short wait, else the statement is killed. */
const leaveGraceMs = 20
/** From asking a statement to stop until we hang up. */
const stopPatienceMs = 950
/** Above the byte limit a row may hold what the protocol adds. */
const rowOverheadBytes = 64 * 1024

/** One judged statement on a session: its rows, its clock, and every way it can end. */
export class Reading {
  readonly read: PreparedRead
  /** Resolves when the session is fit for another statement, or spoilt. Never rejects. */
  readonly settled: Promise<void>
  readonly #session: MysqlSession
  readonly #limits: Limits
  readonly #clock: OuterClock
  readonly #startedMs = performance.now()
  #isSettled = false
  #isRowTooLarge = false
  #hangUp: NodeJS.Timeout | null = null

  constructor(session: MysqlSession, options: ReadingOptions) {
    this.#session = session
    this.#limits = options.limits
    this.read = session.start({
      ...options,
      maxRowBytes: options.limits.maxBytes + rowOverheadBytes,
      onRowTooLarge: () => {
        this.#isRowTooLarge = true
        session.destroy()
      },
    })
    this.#clock = new OuterClock(options.signal, options.limits.statementTimeoutMs, () => this.#stop())
    this.settled = (options.staysOpen === true ? session.quiet(this.read) : session.settle(this.read)).then(() => this.#end())
  }

  async next(): Promise<CellBatch | null> {
    try {
      const batch = await this.read.next()
      if (this.#clock.reason !== null) throw this.#clock.reason
      if (batch === null && this.#isOverdue()) throw timedOut(this.#limits.statementTimeoutMs)
      return batch
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Stops the server's query if it still runs; resolves when the session has settled. */
  async leave(): Promise<void> {
    if (this.#isSettled) return
    this.read.halt()
    if (this.read.isRunning) await Promise.race([this.settled, sleep(leaveGraceMs, undefined, { ref: false })])
    if (this.read.isRunning) this.#stop()
    await this.settled
  }

  /** A function that is cut short by the server's clock (SLEEP, BENCHMARK) gives a value as if it had ended by itself. */
  #isOverdue(): boolean {
    return (this.read.completedMs ?? 0) - this.#startedMs >= this.#limits.statementTimeoutMs
  }

  #stop(): void {
    if (this.#isSettled || this.#hangUp !== null) return
    this.#hangUp = setTimeout(() => this.#session.destroy(), stopPatienceMs)
    this.read.halt()
    if (this.read.isRunning) this.#session.cancel()
  }

  #end(): void {
    this.#isSettled = true
    this.#clock.end()
    if (this.#hangUp !== null) clearTimeout(this.#hangUp)
  }

  #failure(error: unknown): unknown {
    if (this.#isRowTooLarge) return rowTooLarge()
    return this.#clock.reason ?? statementFailure(error, { timeoutMs: this.#limits.statementTimeoutMs, startedMs: this.#startedMs })
  }
}
