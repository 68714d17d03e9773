import { setTimeout as sleep } from 'node:timers/promises'
import { to as copyTo } from 'pg-copy-streams'
import { assertSealed, type ApprovedStatement } from '../../../domain/index.ts'
import type { Cell } from '../../../contract/index.ts'
import type { CopyFormat, Explanation, Lease, ReadOptions, ResultStream } from '../engine.ts'
import { OuterClock } from '../outer-clock.ts'
import { runComment } from '../run-comment.ts'
import { resultColumn } from './column-kind.ts'
import { statementFailure } from './errors.ts'
import { PortalRead } from './portal-read.ts'
import { beginRead, readSettings } from './prologue.ts'
import type { PostgresSession } from './session.ts'

/** What COPY (…) takes; an EXPLAIN or SHOW goes through the portal instead. */
const copyable = /^\s*\(*\s*(select|with|values|table)\b/i

/** A reader who leaves while the next batch is on its way: worth a short wait, else the statement is cancelled. */
const leaveGraceMs = 50

export class PostgresLease implements Lease {
  readonly #session: PostgresSession
  readonly #giveBack: (session: PostgresSession) => Promise<void>
  #settled: Promise<unknown> = Promise.resolve()

  constructor(session: PostgresSession, giveBack: (session: PostgresSession) => Promise<void>) {
    this.#session = session
    this.#giveBack = giveBack
  }

  async read(approved: ApprovedStatement, options: ReadOptions): Promise<ResultStream> {
    assertSealed(approved)
    const reading = this.#start(approved, runComment(options.mark) + approved.sql, options)
    const first = await reading.next()
    const columns = reading.portal.fields.map(resultColumn)
    const booleans = columns.flatMap((column, at) => (column.kind === 'boolean' ? [at] : []))
    return { columns, batches: batches(first, reading, booleans) }
  }

  async copy(approved: ApprovedStatement, format: CopyFormat, options: ReadOptions): Promise<AsyncIterable<Uint8Array> | null> {
    assertSealed(approved)
    if (!copyable.test(approved.sql) || approved.params.length > 0) return null
    return copyBytes(this.#session, approved, copyText(approved.sql, format, options), options)
  }

  async explain(approved: ApprovedStatement, options: Omit<ReadOptions, 'batchRows'>): Promise<Explanation> {
    assertSealed(approved)
    const text = `${runComment(options.mark)}EXPLAIN (FORMAT JSON) ${approved.sql}`
    const reading = this.#start(approved, text, { ...options, batchRows: 10 })
    const rows = (await reading.next()) ?? []
    reading.clock.end()
    return readPlan(rows[0]?.[0] ?? '[]')
  }

  async release(): Promise<void> {
    // The session goes back only after the server is ready for another statement; the asker need not wait for it.
    void this.#settled.then(
      () => this.#giveBack(this.#session),
      () => this.#giveBack(this.#session),
    )
  }

  #start(approved: ApprovedStatement, text: string, options: ReadOptions): Reading {
    const { limits, params } = approved
    const portal = new PortalRead({ settings: readSettings(limits), text, params, batchRows: options.batchRows })
    const clock = new OuterClock(options.signal, limits.statementTimeoutMs, () => this.#session.cancel())
    this.#session.client.query(portal as never) // a submittable, see PortalRead; pg's typings know only its own
    this.#settled = portal.idle
    const fail = async (error: unknown): Promise<never> => {
      clock.end()
      if (this.#session.isUsable) await this.#session.client.query('ROLLBACK').catch(() => this.#session.spoil())
      throw clock.reason ?? statementFailure(error, limits.statementTimeoutMs)
    }
    const leave = async (): Promise<void> => {
      clock.end()
      const isHalted = await Promise.race([portal.halt().then(() => true), sleep(leaveGraceMs, false, { ref: false })])
      if (!isHalted) this.#session.cancel()
    }
    return { portal, clock, leave, next: () => portal.next().catch(fail) }
  }
}

interface Reading {
  readonly portal: PortalRead
  readonly clock: OuterClock
  readonly leave: () => Promise<void>
  readonly next: () => Promise<(string | null)[][] | null>
}

async function* batches(
  first: (string | null)[][] | null,
  reading: Reading,
  booleans: readonly number[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  let isFinished = false
  try {
    for (let rows = first; rows !== null; rows = await reading.next()) {
      if (booleans.length > 0) spellBooleans(rows, booleans)
      yield rows
    }
    isFinished = true
  } finally {
    if (isFinished) reading.clock.end()
    else await reading.leave()
  }
}

/** The wire says t and f; contract/cell.ts says true and false. */
function spellBooleans(rows: readonly (string | null)[][], columns: readonly number[]): void {
  for (const row of rows) for (const at of columns) if (row[at] !== null) row[at] = row[at] === 't' ? 'true' : 'false'
}

function copyText(sql: string, format: CopyFormat, options: ReadOptions): string {
  const comment = runComment(options.mark)
  // The line break ends a line comment the statement may close with.
  if (format === 'csv') return `${comment}COPY (${sql}\n) TO STDOUT (FORMAT csv, HEADER)`
  // Raw line breaks in JSON are white space between tokens; as spaces, each row keeps to its line.
  return `${comment}COPY (SELECT translate(row_to_json(aishell_row)::text, E'\\n\\r', '  ') FROM (${sql}\n) AS aishell_row) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`
}

async function* copyBytes(
  session: PostgresSession,
  approved: ApprovedStatement,
  text: string,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const { limits } = approved
  const clock = new OuterClock(options.signal, limits.statementTimeoutMs, () => session.cancel())
  let isFinished = false
  try {
    await session.client.query(`${beginRead}; ${readSettings(limits)}`)
    const stream = session.client.query(copyTo(text, { highWaterMark: 256 * 1024 }))
    for await (const chunk of stream) yield chunk as Uint8Array // a copy-out stream in byte mode gives buffers
    await session.client.query('COMMIT')
    isFinished = true
  } catch (error) {
    session.spoil()
    throw clock.reason ?? statementFailure(error, limits.statementTimeoutMs)
  } finally {
    clock.end()
    if (!isFinished) session.cancel()
  }
}

function readPlan(text: string): Explanation {
  const plans = JSON.parse(text) as readonly { readonly Plan?: { readonly 'Plan Rows'?: number; readonly 'Total Cost'?: number } }[] // PostgreSQL's own EXPLAIN format
  const top = plans[0]?.Plan
  return { text: JSON.stringify(plans, null, 1), estimatedRows: top?.['Plan Rows'] ?? null, estimatedCost: top?.['Total Cost'] ?? null }
}
