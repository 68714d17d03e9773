import { isShellError, ShellError, type Actor, type Drafted, type Question, type Scope } from '../domain/index.ts'
import type { ApprovalBody } from '../contract/index.ts'
import { AnswerLedger } from './answer-ledger.ts'
import type { Claim, Ending } from './approve/index.ts'
import { cells } from './delivery.ts'
import { executeWrite } from './execute-write.ts'
import { mayApprove } from './may-approve.ts'
import type { DeskRooms } from './rooms.ts'
import { guardDraft, type Walk } from './stages.ts'

/**
 * Runs what was approved, once: whoever claims it runs it, as the requester, judged anew. The intent is durable before,
 * and so is the name of the transaction before its commit. Null: somebody else has it.
 */
export async function executeApproved(rooms: DeskRooms, scope: Scope, id: string, signal: AbortSignal): Promise<ApprovalBody | null> {
  const claim = await rooms.approvals.claim(scope, id)
  if (claim === null) return null
  const stopBeating = rooms.approvals.keepAlive(claim)
  try {
    const ending = await runClaim(rooms, claim, signal)
    const ended = await rooms.approvals.end(claim, ending)
    rooms.observe({ type: 'approval-changed', state: ending.state })
    return ended ?? (await rooms.approvals.get(scope, id))
  } finally {
    stopBeating()
  }
}

/** Names the transaction, once it is about to be committed. */
interface Seen {
  marker: string | null
}

/** Never throws: however it goes, it is an ending. */
async function runClaim(rooms: DeskRooms, claim: Claim, signal: AbortSignal): Promise<Ending> {
  const question = questionOf(claim)
  let actor: Actor
  try {
    actor = await requesterNow(rooms, claim)
  } catch (error) {
    return failed(error)
  }
  const ledger = new AnswerLedger(rooms, actor, question, claim.approval)
  const seen: Seen = { marker: null }
  try {
    const target = await rooms.connections.target(actor, claim.approval.connection.id, { isFresh: true })
    const walk: Walk = { rooms, actor, question, signal, delivery: cells, ledger, target }
    return await runJudged(walk, claim, seen)
  } catch (error) {
    await ledger.fail(error, signal)
    return await endingOf(rooms, claim, error, seen)
  } finally {
    await ledger.close()
  }
}

async function runJudged(walk: Walk, claim: Claim, seen: Seen): Promise<Ending> {
  const { ledger, target, rooms } = walk
  const draft: Drafted = {
    kind: 'drafted',
    drafter: 'verbatim',
    sql: claim.approval.sql,
    params: claim.approval.params,
    explanation: '',
    assumptions: [],
  }
  const { verdict, approved, approvable } = await guardDraft(walk, draft, claim.grant)
  await ledger.attempt({ attempt: 1, draft, verdict, contextDigest: target.view.version })
  // Where the policy now lets it run without anybody's consent, it is another policy than the one consented to.
  if (approved === null || approvable?.hash !== claim.approval.hash) {
    await ledger.end('refused')
    const reason = verdict.reasons.at(-1)
    return failed(
      new ShellError({
        code: reason?.code ?? 'guard.approval-void',
        kind: 'conflict',
        message: reason?.message ?? 'The policy of the connection has changed since this was asked for, so the approval is void.',
      }),
    )
  }
  const steps = executeWrite(walk, approved, async (pending) => {
    await rooms.approvals.beforeCommit(claim, pending)
    seen.marker = pending.marker
  })
  let step = await steps.next()
  while (step.done !== true) step = await steps.next()
  await ledger.end('answered')
  return { state: 'executed', affectedRows: step.value.affectedRows, failure: null }
}

/** Both are looked at again: a right that was taken away meanwhile, or a member who was disabled, ends it. */
async function requesterNow(rooms: DeskRooms, claim: Claim): Promise<Actor> {
  const approver = await rooms.identity.actorNow(claim, claim.approver)
  await mayApprove(rooms, approver, claim.approval)
  return await rooms.identity.actorNow(claim, claim.requester)
}

/** After an error nothing was changed, unless the answer to the commit was lost; then the database is asked. */
async function endingOf(rooms: DeskRooms, claim: Claim, error: unknown, { marker }: Seen): Promise<Ending> {
  if (!isShellError(error) || error.code !== 'run.outcome-unknown') return failed(error)
  const { id } = claim.approval.connection
  const end = marker === null ? 'unknown' : await rooms.connections.settle(claim, id, marker).catch(() => 'unknown' as const)
  if (end === 'committed') return { state: 'executed', affectedRows: null, failure: null }
  return { ...failed(error), state: end === 'rolled-back' ? 'failed' : 'unknown' }
}

function failed(error: unknown): Ending {
  const failure = isShellError(error)
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: 'Internal error. The operator finds the cause in the log.' }
  return { state: 'failed', affectedRows: null, failure }
}

function questionOf({ approval, executionId, limits }: Claim): Question {
  return {
    id: executionId,
    connection: approval.connection.id,
    input: { kind: 'sql', sql: approval.sql, params: approval.params },
    conversation: null,
    limits,
    askedAt: new Date(),
    purpose: 'run',
  }
}
