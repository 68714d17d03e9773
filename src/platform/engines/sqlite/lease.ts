import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, Explanation, Lease, ReadOptions, ResultStream, WriteResult } from '../engine.ts'
import { cancelled, readsOnly } from '../outer-clock.ts'
import { SqliteReading } from './reading.ts'
import type { SqliteSession } from './session.ts'

/** A sandbox on loan. SQLite gives each statement a read transaction of its own. */
export class SqliteLease implements Lease {
  readonly #session: SqliteSession
  readonly #giveBack: (session: SqliteSession) => Promise<void>
  #current: SqliteReading | null = null
  #isReleased = false

  constructor(session: SqliteSession, giveBack: (session: SqliteSession) => Promise<void>) {
    this.#session = session
    this.#giveBack = giveBack
  }

  async read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream> {
    return await this.#start(approved, approved.sql, options)
  }

  /** SQLite has no bulk path of its own. */
  async copy(approved: ApprovedStatement): Promise<null> {
    assertSealed(approved)
    return null
  }

  async explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation> {
    const { batches } = await this.#start(approved, `EXPLAIN QUERY PLAN ${approved.sql}`, { ...options, batchRows: 1_000 })
    const depths = new Map<string, number>([['0', -1]])
    const lines: string[] = []
    for await (const rows of batches) {
      for (const [id = '', parent = '0', , detail = ''] of rows.map((row) => row.map((cell) => cell ?? ''))) {
        const depth = (depths.get(parent) ?? -1) + 1
        depths.set(id, depth)
        lines.push(`${'  '.repeat(depth)}${detail}`)
      }
    }
    return { text: lines.join('\n'), estimatedRows: null, estimatedCost: null }
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
    await this.#current?.leave()
    await this.#giveBack(this.#session)
  }

  async #start(approved: ApprovedStatement, sql: string, options: ReadOptions): Promise<ResultStream> {
    assertSealed(approved)
    if (approved.access !== 'read') throw readsOnly()
    await this.#current?.leave()
    if (options.signal.aborted) throw cancelled()
    const { limits, params, overlay = null } = approved
    const reading = new SqliteReading(this.#session, { signal: options.signal, timeoutMs: limits.statementTimeoutMs })
    this.#current = reading
    const { lockTimeoutMs, maxBytes } = limits
    return await reading.start({ type: 'read', sql, params, batchRows: options.batchRows, maxRowBytes: maxBytes, lockTimeoutMs, overlay })
  }
}
