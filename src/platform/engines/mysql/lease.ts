import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, Explanation, Lease, ReadOptions, ResultStream, WriteResult } from '../engine.ts'
import { cancelled, readsOnly } from '../outer-clock.ts'
import { runComment } from '../run-comment.ts'
import { resultColumn } from './column-kind.ts'
import { statementFailure } from './errors.ts'
import { planText } from './plan-text.ts'
import type { CellBatch } from './prepared-read.ts'
import { Reading } from './reading.ts'
import { lost, type MysqlSession } from './session.ts'
import { beginRead, statementSettings } from './settings.ts'

const planLines = 1_000

/** A session on loan. Each statement has a read-only transaction of its own, which is rolled back. */
export class MysqlLease implements Lease {
  readonly #session: MysqlSession
  readonly #giveBack: (session: MysqlSession) => Promise<void>
  #current: Reading | null = null
  #isReleased = false

  constructor(session: MysqlSession, giveBack: (session: MysqlSession) => Promise<void>) {
    this.#session = session
    this.#giveBack = giveBack
  }

  async read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream> {
    const reading = await this.#start(approved, approved.sql, options)
    const first = await reading.next()
    return { columns: reading.read.fields.map(resultColumn), batches: batches(first, reading) }
  }

  /** These servers write bulk output to their own disk only. */
  async copy(approved: ApprovedStatement): Promise<null> {
    assertSealed(approved)
    return null
  }

  async explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation> {
    // MySQL 9 gives a tree unless the table is asked for; both servers know both.
    const reading = await this.#start(approved, `EXPLAIN FORMAT=TRADITIONAL ${approved.sql}`, { ...options, batchRows: planLines })
    const first = await reading.next()
    const names = reading.read.fields.map((field) => field.name)
    const steps: Record<string, string | null>[] = []
    for await (const rows of batches(first, reading))
      steps.push(...rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? null]))))
    return planText(steps)
  }

  async write(approved: ApprovedStatement): Promise<WriteResult> {
    assertSealed(approved)
    throw readsOnly()
  }

  async dryRun(approved: ApprovedStatement): Promise<DryRun> {
    assertSealed(approved)
    throw readsOnly()
  }

  async release(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    const current = this.#current
    // The session goes back only after the server is ready for another statement; the asker need not wait for it.
    if (current === null) await this.#giveBack(this.#session)
    else void current.leave().then(() => this.#giveBack(this.#session))
  }

  async #start(approved: ApprovedStatement, text: string, options: ReadOptions): Promise<Reading> {
    assertSealed(approved)
    if (approved.access !== 'read') throw readsOnly()
    await this.#current?.leave()
    if (options.signal.aborted) throw cancelled()
    const session = this.#session
    if (this.#isReleased || !session.isUsable) throw lost()
    const { limits, params } = approved
    await this.#open(() => session.own(statementSettings(session.facts, limits)))
    await this.#open(() => session.own(beginRead))
    const reading = new Reading(session, {
      text: runComment(options.mark) + text,
      params,
      limits,
      batchRows: options.batchRows,
      signal: options.signal,
    })
    this.#current = reading
    return reading
  }

  /** A session that does not take our settings is in no state we know. */
  async #open(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#session.destroy()
      throw statementFailure(error, { timeoutMs: 0, startedMs: Infinity })
    }
  }
}

async function* batches(first: CellBatch | null, reading: Reading): AsyncGenerator<CellBatch> {
  try {
    for (let batch = first; batch !== null; batch = await reading.next()) yield batch
  } finally {
    await reading.leave()
  }
}
