import type { ApprovedStatement } from '../domain/index.ts'
import type { PendingWrite, WriteResult } from '../platform/engines/index.ts'
import type { PipelineEvent } from './delivery.ts'
import { present } from './present/index.ts'
import type { Walk } from './stages.ts'
import { cutCells, rowsBatch, rowsBegin, type RunEvent } from './run/index.ts'
import { leaseWatched, watchOf } from './watch.ts'

/** One write, committed when `beforeCommit` has done its work; its RETURNING rows as any rows. */
export async function* executeWrite(
  walk: Walk,
  approved: ApprovedStatement,
  beforeCommit: (pending: PendingWrite) => Promise<void> = async () => {},
): AsyncGenerator<PipelineEvent, WriteResult> {
  const { rooms, actor, question, ledger, target } = walk
  const { meter } = ledger
  const watch = watchOf(walk, 'write')
  const lease = yield* leaseWatched(walk, watch, 'write')
  try {
    meter.start()
    const commit = async (pending: PendingWrite): Promise<void> => {
      if (watch !== null) watch.phase = 'commit'
      await beforeCommit(pending)
    }
    const mark = { entryId: question.id, actor: actor.name }
    const writing = lease.write(approved, { signal: watch?.signal ?? walk.signal, mark, beforeCommit: commit })
    const done = async ({ affectedRows }: WriteResult): Promise<void> => ledger.wrote(affectedRows)
    const result = watch === null ? await writing : yield* watch.result(writing, done)
    meter.stop()
    await done(result)
    yield { type: 'write-done', affectedRows: result.affectedRows }
    if (result.columns.length > 0) yield* present(returned(result, approved, walk), walk.delivery)
    return result
  } finally {
    meter.stop()
    await lease.release()
    rooms.observe({ type: 'run-ended', dialect: target.catalog.dialect, ...meter.summary() })
  }
}

async function* returned(result: WriteResult, { limits }: ApprovedStatement, { ledger: { meter, chart } }: Walk): AsyncGenerator<RunEvent> {
  yield rowsBegin(result.columns, chart)
  const rows = cutCells(result.rows, limits, meter)
  meter.truncated ??= result.truncated
  const batch = rowsBatch(rows, meter, chart)
  if (rows.length > 0) yield batch
}
