import type { Drafted } from '../domain/index.ts'
import type { Claim } from './approve/index.ts'
import type { PipelineEvent } from './delivery.ts'
import { execute } from './execute.ts'
import type { Guarded } from './guard/index.ts'
import { requestApproval } from './request-approval.ts'
import { guardDraft, type Walk } from './stages.ts'

/** The end of what the guard did not seal: refused, waiting for another person, or a read that one has allowed meanwhile. */
export async function* withoutSeal(walk: Walk, draft: Drafted, guarded: Guarded): AsyncGenerator<PipelineEvent> {
  const { rooms, actor, ledger, question } = walk
  const { verdict, approvable } = guarded
  if (approvable === null) return await ledger.end(verdict.decision === 'confirm' ? 'needs-approval' : 'refused')
  if (question.purpose !== 'run') return await ledger.end('needs-approval')
  // A write that was approved has been run already; a read waits for its requester, who reads the rows.
  const claim = approvable.class === 'read' ? await rooms.approvals.claimFor(actor, approvable.hash) : null
  if (claim !== null) return yield* executeClaimed(walk, draft, claim)
  const approval = yield* requestApproval(walk, draft, guarded, approvable)
  yield { type: 'approval-requested', approval }
  await ledger.end('needs-approval')
}

async function* executeClaimed(walk: Walk, draft: Drafted, claim: Claim): AsyncGenerator<PipelineEvent> {
  const { rooms, ledger } = walk
  const stopBeating = rooms.approvals.keepAlive(claim)
  const failed = {
    state: 'failed',
    affectedRows: null,
    failure: { code: 'approvals.not-executed', message: 'It was not run to its end.' },
  } as const
  let isDone = false
  try {
    const { approved, verdict } = await guardDraft(walk, draft, claim.grant)
    if (approved === null) {
      yield { type: 'verdict-reached', verdict, attempt: 1 }
      return await ledger.end('refused')
    }
    yield* execute(walk, approved)
    isDone = true
  } finally {
    stopBeating()
    await rooms.approvals.end(claim, isDone ? { state: 'executed', affectedRows: null, failure: null } : failed)
  }
}
