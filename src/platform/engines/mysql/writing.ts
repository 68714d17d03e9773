import { isShellError, ShellError, type ApprovedStatement, type Truncation } from '../../../domain/index.ts'
import type { Cell } from '../../../contract/index.ts'
import type { DryRun, WriteEnd, WriteOptions, WriteResult } from '../engine.ts'
import { cancelled, outcomeUnknown } from '../outer-clock.ts'
import { runComment } from '../run-comment.ts'
import { ownSchemas } from './catalog-queries.ts'
import { resultColumn } from './column-kind.ts'
import { statementFailure } from './errors.ts'
import { Reading } from './reading.ts'
import { lost, type MysqlSession } from './session.ts'
import { beginWrite, endRead, statementSettings } from './settings.ts'

/** A commit that has not answered by then is not waited for: the server is frozen. */
const commitPatienceMs = 30_000
const batchRows = 100

type Marked = Pick<WriteOptions, 'signal' | 'mark'>

/** START TRANSACTION, the statement, `beforeCommit`, COMMIT. The session is of no further use, whatever came of it. */
export async function writeOn(session: MysqlSession, approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
  const startedMs = performance.now()
  const result = await runWrite(session, approved, options)
  try {
    if (options.signal.aborted) throw cancelled()
    await options.beforeCommit({ affectedRows: result.affectedRows, marker: `thread:${session.threadId}` })
  } catch (error) {
    session.destroy() // hanging up rolls back
    throw error
  }
  await commit(session, approved, startedMs)
  session.spoil()
  return result
}

/** The statement, its count, and ROLLBACK; null where a table of it could not be rolled back. */
export async function dryRunOn(session: MysqlSession, approved: ApprovedStatement, options: Marked): Promise<DryRun | null> {
  try {
    const { affectedRows } = await runWrite(session, approved, options)
    await session.own(endRead)
    return {
      affectedRows,
      notes: ['Numbers that AUTO_INCREMENT and sequences gave stay given.', 'Rows changed by triggers and cascades are not counted.'],
    }
  } catch (error) {
    if (isShellError(error) && error.code === notTransactional) return null
    throw error
  } finally {
    session.spoil()
  }
}

async function runWrite(session: MysqlSession, approved: ApprovedStatement, { signal, mark }: Marked): Promise<WriteResult> {
  const { limits, params, sql } = approved
  if (signal.aborted) throw cancelled()
  if (!session.isUsable) throw lost()
  try {
    await session.own(statementSettings(session.facts, limits, 'write'))
    await requireTransactional(session, sql)
    await session.own(beginWrite)
  } catch (error) {
    session.destroy()
    throw statementFailure(error, { timeoutMs: limits.statementTimeoutMs, startedMs: 0 })
  }
  const reading = new Reading(session, { text: runComment(mark) + sql, params, limits, batchRows, signal, staysOpen: true })
  try {
    return await gather(reading, limits)
  } catch (error) {
    await reading.settled
    session.destroy()
    throw error
  }
}

/** Keeps the first rows of a RETURNING up to the caps and counts the rest: a write runs to its end whatever it gives back. */
async function gather(reading: Reading, limits: { readonly maxRows: number; readonly maxBytes: number }): Promise<WriteResult> {
  const rows: (readonly Cell[])[] = []
  let truncated: Truncation | null = null
  let bytes = 0
  let count = 0
  for (let batch = await reading.next(); batch !== null; batch = await reading.next()) {
    count += batch.length
    for (const row of batch) {
      if (truncated !== null) break
      const size = row.reduce((sum, cell) => sum + (cell === null ? 0 : Buffer.byteLength(cell)), 0)
      if (rows.length >= limits.maxRows) truncated = 'row-cap'
      else if (bytes + size > limits.maxBytes) truncated = 'byte-cap'
      else {
        bytes += size
        rows.push(row)
      }
    }
  }
  await reading.settled
  const { fields, affectedRows } = reading.read
  return { affectedRows: affectedRows ?? count, columns: fields.map(resultColumn), rows, truncated }
}

const notTransactional = 'engines.not-transactional'

/** A table of another kind than InnoDB keeps what was written to it through a rollback. Its name alone in the text is reason enough. */
async function requireTransactional(session: MysqlSession, sql: string): Promise<void> {
  const tables = await session.own<{ readonly name: string }>(
    `SELECT t.TABLE_NAME AS name FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
     WHERE t.TABLE_TYPE <> 'VIEW' AND t.TABLE_SCHEMA NOT IN ${ownSchemas} AND (e.TRANSACTIONS IS NULL OR e.TRANSACTIONS <> 'YES')`,
  )
  const text = sql.toLowerCase()
  const named = tables.find(({ name }) => text.includes(name.toLowerCase().replaceAll('`', '``')))
  if (named === undefined) return
  throw new ShellError({
    code: notTransactional,
    kind: 'denied',
    message: `The table ${named.name} does not take part in transactions, so a change of it could not be taken back.`,
    hint: 'Convert it to InnoDB, or write to it in another way.',
  })
}

/** A number of the server's own means that it rolled back; anything else leaves it open. */
async function commit(session: MysqlSession, approved: ApprovedStatement, startedMs: number): Promise<void> {
  const patience = setTimeout(() => session.destroy(), commitPatienceMs)
  try {
    await session.own('COMMIT')
  } catch (error) {
    session.destroy()
    const { errno = 0 } = error as { readonly errno?: number }
    if (errno < 1000 || [1053, 1158, 1159, 1160, 1161, 1180, 1927, 2006, 2013].includes(errno)) throw outcomeUnknown()
    throw statementFailure(error, { timeoutMs: approved.limits.statementTimeoutMs, startedMs })
  } finally {
    clearTimeout(patience)
  }
}

/**
 * While the session that wrote is there, it may still be committing. Once it is gone nothing tells a user without powers over
 * the server what became of its transaction (docs/decisions/2026-11-25-mysql-does-not-tell-of-a-lost-commit.md). For a
 * session of the writer: a user sees their own.
 */
export async function settleOn(session: MysqlSession, marker: string): Promise<WriteEnd> {
  const [, thread] = /^thread:(\d+)$/.exec(marker) ?? []
  if (thread === undefined) return 'unknown'
  const sessions = await session.own<{ readonly Id: string | number }>('SHOW PROCESSLIST')
  return sessions.some(({ Id }) => String(Id) === thread) ? 'running' : 'unknown'
}
