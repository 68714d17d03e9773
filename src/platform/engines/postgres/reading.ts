import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits } from '../../../domain/index.ts'
import { OuterClock, rowTooLarge } from '../outer-clock.ts'
import { statementFailure } from './errors.ts'
import type { Gatherer, PortalRead } from './portal-read.ts'
import type { OwnStatement } from './prologue.ts'
import type { PostgresSession } from './session.ts'

export interface ReadingOptions<Batch> {
  readonly opening: readonly OwnStatement[]
  /** Our comment and what stands around the judged text included. */
  readonly text: string
  /** Characters before the judged text; null: the asker did not write it. */
  readonly offset: number | null
  readonly params: readonly (string | null)[]
  readonly limits: Limits
  readonly ending: readonly OwnStatement[]
  readonly gatherer: Gatherer<Batch>
  readonly isDescribeOnly?: boolean
  readonly signal: AbortSignal
}

/** A reader who leaves when the rest is already on its way: worth a short wait, else the statement is cancelled. */
const leaveGraceMs = 20
/** From asking a statement to stop until we hang up. */
const stopPatienceMs = 800
/** Above the byte limit a row may hold what the protocol adds. */
const rowOverheadBytes = 64 * 1024

/** One judged statement on a session: its portal, its clock, and every way it can end. */
export class Reading<Batch> {
  readonly portal: PortalRead<Batch>
  /** Resolves when the session is fit for another statement, or spoilt. Never rejects. */
  readonly settled: Promise<void>
  readonly #session: PostgresSession
  readonly #options: ReadingOptions<Batch>
  readonly #clock: OuterClock
  readonly #startedMs = performance.now()
  #isSettled = false
  #hangUp: NodeJS.Timeout | null = null

  constructor(session: PostgresSession, options: ReadingOptions<Batch>) {
    this.#session = session
    this.#options = options
    this.portal = session.start({
      ...options,
      isDescribeOnly: options.isDescribeOnly ?? false,
      maxRowBytes: options.limits.maxBytes + rowOverheadBytes,
      hangUp: () => session.destroy(),
    })
    this.#clock = new OuterClock(options.signal, options.limits.statementTimeoutMs, () => this.#stop())
    this.settled = (options.ending.length === 0 ? session.quiet(this.portal) : session.settle(this.portal)).then(() => this.#end())
  }

  async next(): Promise<Batch | null> {
    try {
      const batch = await this.portal.next()
      if (this.#clock.reason !== null) throw this.#clock.reason
      return batch
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Stops the server's query if it still runs; resolves when the session has settled. */
  leave(): Promise<void> {
    if (this.#isSettled) return this.settled
    this.portal.halt()
    return this.portal.isRunning ? this.#leaveRunning() : this.settled
  }

  async #leaveRunning(): Promise<void> {
    await Promise.race([this.settled, sleep(leaveGraceMs, undefined, { ref: false })])
    if (this.portal.isRunning) this.#stop()
    await this.settled
  }

  #stop(): void {
    if (this.#isSettled || this.#hangUp !== null) return
    this.#hangUp = setTimeout(() => this.#session.destroy(), stopPatienceMs)
    this.portal.halt()
    if (this.portal.isRunning) this.#session.cancel()
  }

  #end(): void {
    this.#isSettled = true
    this.#clock.end()
    if (this.#hangUp !== null) clearTimeout(this.#hangUp)
  }

  #failure(error: unknown): unknown {
    if (this.portal.isRowTooLarge) return rowTooLarge()
    const { limits, offset } = this.#options
    return this.#clock.reason ?? statementFailure(error, { timeoutMs: limits.statementTimeoutMs, startedMs: this.#startedMs, offset })
  }
}
