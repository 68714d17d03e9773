import type { ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, WriteEnd, WriteOptions, WriteResult } from '../engine.ts'
import { cancelled, OuterClock, outcomeUnknown } from '../outer-clock.ts'
import { statementFailure } from './errors.ts'
import type { SandboxAnswer, SandboxRequest } from './sandbox-messages.ts'
import type { SqliteSession } from './session.ts'

type Written = Extract<SandboxAnswer, { type: 'written' }>

/** A commit of SQLite is a few writes to the disk. */
const commitPatienceMs = 30_000
const settleLockMs = 5_000

export async function writeOn(session: SqliteSession, approved: ApprovedStatement, options: WriteOptions): Promise<WriteResult> {
  const { affectedRows, columns, rows, truncated, changeCounter } = await begin(session, approved, options.signal)
  try {
    if (options.signal.aborted) throw cancelled()
    await options.beforeCommit({ affectedRows, marker: changeCounter === null ? null : String(changeCounter) })
  } catch (error) {
    session.destroy() // the process ends, and SQLite takes the transaction back
    throw error
  }
  await commit(session)
  return { affectedRows, columns, rows, truncated }
}

export async function dryRunOn(
  session: SqliteSession,
  approved: ApprovedStatement,
  { signal }: Pick<WriteOptions, 'signal'>,
): Promise<DryRun> {
  const { affectedRows } = await begin(session, approved, signal)
  await session.ask({ type: 'rollback' })
  return { affectedRows, notes: ['Rows changed by triggers and cascades are not counted.'] }
}

/** The write lock and the statement; SQLite cannot be interrupted from outside, so stopping means ending the process. */
async function begin(session: SqliteSession, approved: ApprovedStatement, signal: AbortSignal): Promise<Written> {
  if (signal.aborted) throw cancelled()
  const { sql, params, limits } = approved
  const { maxRows, maxBytes, lockTimeoutMs, statementTimeoutMs } = limits
  const clock = new OuterClock(signal, statementTimeoutMs, () => session.destroy(), 0)
  try {
    const answer = await session.ask({ type: 'write', sql, params, maxRows, maxBytes, lockTimeoutMs })
    if (answer.type === 'failed') throw statementFailure(answer)
    if (answer.type !== 'written') throw new Error(`The sandbox answered ${answer.type} to a write`)
    return answer
  } catch (error) {
    session.destroy()
    throw clock.reason ?? error
  } finally {
    clock.end()
  }
}

async function commit(session: SqliteSession): Promise<void> {
  const patience = setTimeout(() => session.destroy(), commitPatienceMs)
  const request: SandboxRequest = { type: 'commit' }
  const answer = await session
    .ask(request)
    .catch(() => null)
    .finally(() => clearTimeout(patience))
  if (answer === null) throw outcomeUnknown()
  // A commit that SQLite refuses leaves the transaction open; it ends with the process.
  if (answer.type === 'failed') {
    session.destroy()
    throw statementFailure(answer)
  }
}

/** The same counter: nothing was committed since. Another one: somebody committed, perhaps this write, perhaps another program. */
export async function settleOn(session: SqliteSession, marker: string): Promise<WriteEnd> {
  const answer = await session.ask({ type: 'change-counter', lockTimeoutMs: settleLockMs })
  if (answer.type === 'failed') throw statementFailure(answer)
  if (answer.type !== 'change-counter' || answer.changeCounter === null) return 'unknown'
  return String(answer.changeCounter) === marker ? 'rolled-back' : 'unknown'
}
