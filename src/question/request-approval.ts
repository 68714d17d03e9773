import { isShellError, type ApprovedStatement, type Drafted } from '../domain/index.ts'
import type { ApprovalBody, ProgressBody } from '../contract/index.ts'
import type { Approvable, Guarded } from './guard/index.ts'
import type { Walk } from './stages.ts'
import { watchOf } from './watch.ts'

/** Counts what a write would change, and files the request another person decides on. The intent must be durable. */
export async function* requestApproval(
  walk: Walk,
  draft: Drafted,
  { verdict }: Guarded,
  approvable: Approvable,
): AsyncGenerator<ProgressBody, ApprovalBody> {
  const { rooms, actor, question, target } = walk
  const dryRun = approvable.dryRun === null ? null : yield* tryOutWatched(walk, approvable.dryRun)
  const { approval, isNew } = await rooms.approvals.request(actor, {
    questionId: question.id,
    connection: { id: target.connection.id, name: target.connection.name },
    sql: draft.sql,
    params: draft.params,
    class: approvable.class,
    hash: approvable.hash,
    catalogVersion: approvable.catalogVersion,
    policyVersion: approvable.policyVersion,
    limits: question.limits,
    verdict,
    dryRun,
    minutes: target.policy.approvalMinutes,
  })
  if (isNew) {
    await rooms.record.note(actor, 'approval-request', `${approval.id} ${approval.hash}`)
    rooms.observe({ type: 'approval-changed', state: approval.state })
  }
  return approval
}

async function* tryOutWatched(walk: Walk, statement: ApprovedStatement): AsyncGenerator<ProgressBody, ApprovalBody['dryRun']> {
  const watch = watchOf(walk, 'dry-run')
  return watch === null ? await tryOut(walk, statement) : yield* watch.result(tryOut({ ...walk, signal: watch.signal }, statement))
}

/** A write that the database refuses is not worth anybody's decision; one that takes too long to count still may be. */
async function tryOut(walk: Walk, statement: ApprovedStatement): Promise<ApprovalBody['dryRun']> {
  const { rooms, actor, question, signal, target } = walk
  return await rooms.span('dry-run', {}, async () => {
    const lease = await target.lease(signal, 'write')
    try {
      const counted = await lease.dryRun(statement, { signal, mark: { entryId: question.id, actor: actor.name } })
      return counted === null ? null : { affectedRows: counted.affectedRows, notes: [...counted.notes] }
    } catch (error) {
      if (!isShellError(error) || !uncounted.has(error.code)) throw error
      return { affectedRows: null, notes: [`It could not be counted: ${error.message}`] }
    } finally {
      await lease.release()
    }
  })
}

const uncounted: ReadonlySet<string> = new Set(['run.timeout', 'run.lock-timeout', 'engines.locked', 'engines.busy', 'run.temp-limit'])
