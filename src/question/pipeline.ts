import type { Actor, ApprovedStatement, Draft, Question } from '../domain/index.ts'
import type { DraftBody } from '../contract/index.ts'
import { AnswerLedger } from './answer-ledger.ts'
import { askFor, findTarget, guardDraft, type Walk } from './stages.ts'
import { cells, type Delivery, type PipelineEvent } from './delivery.ts'
import { present } from './present/index.ts'
import { maxAttempts, repairAfterError, repairAfterVerdict, type Repair } from './repair.ts'
import type { QuestionRooms } from './rooms.ts'
import { run } from './run/index.ts'

/**
 * One question from arrival to its recorded end. The reader drives: leaving the loop ends the run, the database's
 * query too, and the answer is recorded as abandoned. A refusal is a value; what is thrown is recorded as failed.
 */
export async function* answer(
  rooms: QuestionRooms,
  actor: Actor,
  question: Question,
  signal: AbortSignal,
  delivery: Delivery = cells,
): AsyncGenerator<PipelineEvent> {
  const ledger = new AnswerLedger(rooms, actor, question)
  try {
    yield { type: 'answer-begin', id: question.id, connection: question.connection }
    await ledger.open()
    const target = await findTarget(rooms, actor, question)
    yield* attempts({ rooms, actor, question, signal, delivery, ledger, target })
  } catch (error) {
    await ledger.fail(error, signal)
  } finally {
    await ledger.close() // a reader who left in the middle of a yield comes here without a catch
  }
  yield ledger.answerEnd()
}

/** Ask and guard, and run what the guard lets through; a model's draft that fails is repaired at most twice. */
async function* attempts(walk: Walk): AsyncGenerator<PipelineEvent> {
  const { ledger, question, target } = walk
  let repair: Repair | null = null
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const draft = await askFor(walk, repair)
    if (draft.kind !== 'drafted') {
      await ledger.attempt({ attempt, draft, verdict: null, contextDigest: target.view.version })
      yield { type: 'draft-ready', draft: shown(draft), attempt }
      await ledger.end(draft.kind === 'abstained' ? 'abstained' : 'needs-clarification')
      return
    }
    const { verdict, approved } = await guardDraft(walk, draft)
    await ledger.attempt({ attempt, draft, verdict, contextDigest: target.view.version })
    yield { type: 'draft-ready', draft: shown(draft), attempt }
    yield { type: 'verdict-reached', verdict, attempt }
    if (approved === null) {
      repair = repairAfterVerdict(draft, verdict, attempt)
      if (repair !== null) continue
      await ledger.end(verdict.decision === 'confirm' ? 'needs-approval' : 'refused')
      return
    }
    if (question.purpose === 'draft') {
      await ledger.end('drafted')
      return
    }
    try {
      yield* execute(walk, approved)
      return
    } catch (error) {
      repair = ledger.meter.rows === 0 ? repairAfterError(draft, error, attempt) : null
      if (repair === null) throw error
    }
  }
}

async function* execute(walk: Walk, approved: ApprovedStatement): AsyncGenerator<PipelineEvent> {
  const { rooms, actor, question, signal, delivery, ledger, target } = walk
  const mark = { entryId: question.id, actor: actor.name }
  const lease = await target.lease(signal)
  try {
    if (question.purpose === 'explain') {
      yield { type: 'plan-ready', plan: await lease.explain(approved, { signal, mark }) }
      await ledger.end('drafted')
      return
    }
    const rows = run(approved, lease, {
      signal,
      mark,
      meter: ledger.meter,
      format: delivery.escapesFormulas === true ? null : delivery.format,
      batchRows: delivery.batchRows,
    })
    yield* present(rows, delivery, ledger.chart)
  } finally {
    ledger.meter.stop()
    await lease.release()
    rooms.observe({ type: 'run-ended', dialect: target.catalog.dialect, ...ledger.meter.summary() })
  }
  await ledger.end('answered')
}

/** A draft without what only the record keeps. */
function shown(draft: Draft): DraftBody {
  const { modelUse: _recordedOnly, ...body } = draft
  return body
}
