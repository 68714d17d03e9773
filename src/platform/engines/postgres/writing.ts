import { ShellError, type ApprovedStatement } from '../../../domain/index.ts'
import type { DryRun, WriteEnd, WriteOptions, WriteResult } from '../engine.ts'
import { cancelled, outcomeUnknown } from '../outer-clock.ts'
import { runComment } from '../run-comment.ts'
import { resultColumns } from './column-kind.ts'
import { statementFailure } from './errors.ts'
import { CappedGatherer } from './gather-capped.ts'
import { spellBooleans } from './gather-rows.ts'
import { beginWrite, checkAtOnce, rollBack, writeSettings, type OwnStatement, type ServerFacts } from './prologue.ts'
import { Reading } from './reading.ts'
import { lost, type PostgresSession } from './session.ts'

/** A commit that has not answered by then is not waited for: the server is frozen, or waits for a replica that is. */
const commitPatienceMs = 30_000

type Marked = Pick<WriteOptions, 'signal' | 'mark'>

/** BEGIN, the statement, `beforeCommit`, COMMIT. The session is of no further use, whatever came of it. */
export async function writeOn(
  session: PostgresSession,
  facts: ServerFacts,
  approved: ApprovedStatement,
  options: WriteOptions,
): Promise<WriteResult> {
  const startedMs = performance.now()
  const { result, gatherer, portal } = await runWrite(session, approved, options, {
    opening: [beginWrite, writeSettings(facts, approved.limits)],
    ending: [],
  })
  session.spoil() // SET and what else a session keeps may have been touched; no other statement gets it
  try {
    const marker = await markerOf(session)
    if (options.signal.aborted) throw cancelled()
    await options.beforeCommit({ affectedRows: result.affectedRows, marker })
  } catch (error) {
    session.destroy() // hanging up rolls back
    throw error
  }
  await commit(session, approved, startedMs)
  spellBooleans(gatherer.rows, portal.fields)
  return result
}

/** The statement, its count, and ROLLBACK, in one round trip. */
export async function dryRunOn(
  session: PostgresSession,
  facts: ServerFacts,
  approved: ApprovedStatement,
  options: Marked,
): Promise<DryRun> {
  const { result } = await runWrite(session, approved, options, {
    opening: [beginWrite, writeSettings(facts, approved.limits), checkAtOnce],
    ending: [rollBack],
  })
  session.spoil()
  const notes = ['Sequences that gave numbers keep them given.', 'Rows changed by triggers and cascades are not counted.']
  if (result.affectedRows === null) notes.push('PostgreSQL does not count rows that are changed inside a WITH.')
  return { affectedRows: result.affectedRows, notes }
}

async function runWrite(
  session: PostgresSession,
  approved: ApprovedStatement,
  { signal, mark }: Marked,
  around: { readonly opening: readonly OwnStatement[]; readonly ending: readonly OwnStatement[] },
) {
  const { limits, params, sql } = approved
  if (signal.aborted) throw cancelled()
  if (!session.isUsable) throw lost()
  const gatherer = new CappedGatherer(limits.maxRows, limits.maxBytes)
  const comment = runComment(mark)
  const reading = new Reading(session, { ...around, text: comment + sql, offset: comment.length, params, limits, gatherer, signal })
  try {
    while ((await reading.next()) !== null);
  } catch (error) {
    await reading.settled
    session.destroy()
    throw error
  }
  await reading.settled
  const { portal } = reading
  const { rows, truncated } = gatherer
  return { portal, gatherer, result: { affectedRows: countOf(portal.tag), columns: resultColumns(portal.fields), rows, truncated } }
}

/** `INSERT 0 5`, `UPDATE 3`, `DELETE 2`, `MERGE 4`; the `SELECT 1` of a WITH that writes says nothing of its writes. */
function countOf(tag: string | null): number | null {
  const [, count] = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(tag ?? '') ?? []
  return count === undefined ? null : Number(count)
}

/** Server and transaction. The number is only good on the server that gave it. */
async function markerOf(session: PostgresSession): Promise<string> {
  const [row] = await session.own<{ readonly marker: string }>(
    `SELECT ${serverIdentity} || ':' || pg_catalog.txid_current()::text AS marker`,
  )
  if (row === undefined) throw lost()
  return row.marker
}

const serverIdentity = `(SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c)`

/** An error with a SQLSTATE means that the server rolled back, unless it says that it went away itself. */
async function commit(session: PostgresSession, approved: ApprovedStatement, startedMs: number): Promise<void> {
  const patience = setTimeout(() => session.destroy(), commitPatienceMs)
  try {
    const { command } = await session.client.query('COMMIT')
    if (command !== 'COMMIT') throw rolledBack()
  } catch (error) {
    if (error instanceof ShellError) throw error
    const { code = '' } = error as { readonly code?: string }
    if (!/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|58|F0|XX)/.test(code)) throw outcomeUnknown()
    throw statementFailure(error, { timeoutMs: approved.limits.statementTimeoutMs, startedMs, offset: 0 })
  } finally {
    clearTimeout(patience)
  }
}

function rolledBack(): ShellError {
  return new ShellError({
    code: 'engines.rolled-back',
    kind: 'failed',
    message: 'The database rolled the write back instead of committing it; nothing was changed.',
    hint: 'Ask again.',
  })
}

/** `txid_status` knows a transaction for as long as its commit state is kept, some hundred million transactions. */
export async function settleOn(session: PostgresSession, marker: string): Promise<WriteEnd> {
  const [, server, transaction] = /^(\d+):(\d+)$/.exec(marker) ?? []
  if (server === undefined || transaction === undefined) return 'unknown'
  const [row] = await session.own<{ readonly identity: string; readonly status: string | null }>(
    `SELECT ${serverIdentity} AS identity, pg_catalog.txid_status($1::bigint) AS status`,
    [transaction],
  )
  if (row === undefined || row.identity !== server) return 'unknown'
  if (row.status === 'committed') return 'committed'
  if (row.status === 'aborted') return 'rolled-back'
  return row.status === 'in progress' ? 'running' : 'unknown'
}
