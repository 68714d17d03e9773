import {
  andThen,
  attributesOf,
  tightenLimits,
  type Actor,
  type ApprovedStatement,
  type Awaitable,
  type Draft,
  type Drafted,
  type GrantedApproval,
  type Limits,
  type Question,
} from '../domain/index.ts'
import type { Target } from '../platform/connections/index.ts'
import type { AnswerLedger } from './answer-ledger.ts'
import type { Delivery } from './delivery.ts'
import { needsEstimate, weighCost, type Guarded } from './guard/index.ts'
import type { Repair } from './repair.ts'
import type { QuestionRooms } from './rooms.ts'

/** What every stage of one answer shares. */
export interface Walk {
  readonly rooms: QuestionRooms
  readonly actor: Actor
  readonly question: Question
  readonly signal: AbortSignal
  readonly delivery: Delivery
  readonly ledger: AnswerLedger
  readonly target: Target
}

export function findTarget(rooms: QuestionRooms, actor: Actor, question: Question): Awaitable<Target> {
  return rooms.span('target', {}, () => rooms.connections.target(actor, question.connection))
}

export function askFor(walk: Walk, repair: Repair | null): Awaitable<Draft> {
  const { rooms, actor, question, target, signal, ledger } = walk
  const startedMs = performance.now()
  const models = question.input.kind === 'sql' ? null : (rooms.modelsOf?.(actor) ?? rooms.models) // SQL by hand needs none
  const asked = andThen(models, (found) =>
    rooms.span('ask', {}, () =>
      rooms.ask(question, {
        view: target.view,
        disclosure: target.policy.disclosure,
        today: rooms.today(),
        models: found,
        signal,
        repair,
      }),
    ),
  )
  return andThen(asked, (draft) => {
    const elapsedMs = performance.now() - startedMs
    ledger.spent('askMs', elapsedMs)
    rooms.observe({ type: 'draft-made', drafter: draft.drafter, kind: draft.kind, elapsedMs })
    return draft
  })
}

/** `approval`: another person's consent, which the guard holds to the very statement it was given to. */
export function guardDraft(walk: Walk, draft: Drafted, approval: GrantedApproval | null = null): Awaitable<Guarded> {
  const { rooms, actor, question, target, delivery, ledger } = walk
  const { policy, catalog } = target
  // A file is asked for as a whole: only the policy's ceiling cuts it. An answer on a screen gets the default size.
  const base = delivery.format === null ? policy.defaults : policy.ceiling
  const startedMs = performance.now()
  const guarded = rooms.span('guard', {}, () =>
    rooms.guard.guard(
      { sql: draft.sql, params: draft.params },
      {
        catalog,
        dialect: catalog.dialect,
        policy,
        roles: actor.roles,
        maskActor: { attributes: attributesOf(actor, policy), key: target.maskKey },
        isExplained: question.purpose === 'explain',
        connectionId: target.connection.id,
        limits: withinQuota(tightenLimits(policy.ceiling, base, question.limits), question.rowsLeft),
        now: new Date(),
        approval,
      },
    ),
  )
  const gated = andThen(guarded, (found) => gateCost(walk, found, approval))
  return andThen(gated, (found) => {
    const elapsedMs = performance.now() - startedMs
    ledger.spent('guardMs', elapsedMs)
    const { decision, class: statementClass, reasons } = found.verdict
    const codes = reasons.map((reason) => reason.code)
    rooms.observe({ type: 'verdict-reached', decision, class: statementClass, codes, dialect: catalog.dialect, elapsedMs })
    return found
  })
}

/**
 * Where the policy has a cost gate, the planner is asked what the statement will cost, under its seal. That touches the
 * database, so the intent is written first. A plan is what somebody wants who asks for one: it is never gated.
 */
function gateCost(walk: Walk, guarded: Guarded, approval: GrantedApproval | null): Awaitable<Guarded> {
  const { question, target } = walk
  const { approved } = guarded
  if (approved === null || question.purpose === 'explain' || !needsEstimate(guarded, target.policy)) return guarded
  return estimated(walk, guarded, approved, approval)
}

async function estimated(
  { rooms, actor, question, signal, ledger, target }: Walk,
  guarded: Guarded,
  approved: ApprovedStatement,
  approval: GrantedApproval | null,
): Promise<Guarded> {
  await ledger.openForEffects()
  return await rooms.span('estimate', {}, async () => {
    const lease = await target.lease(signal)
    try {
      const mark = { entryId: question.id, actor: actor.name }
      return weighCost(guarded, target.policy, await lease.explain(approved, { signal, mark }), approval)
    } finally {
      await lease.release()
    }
  })
}

function withinQuota(limits: Limits, rowsLeft: number | undefined): Limits {
  return rowsLeft === undefined || rowsLeft >= limits.maxRows ? limits : { ...limits, maxRows: rowsLeft }
}
