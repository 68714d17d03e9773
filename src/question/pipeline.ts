import type { Actor, Draft, Question } from '../domain/index.ts'
import type { DraftBody } from '../contract/index.ts'
import { unattended } from './attend.ts'
import { AnswerLedger } from './answer-ledger.ts'
import { withoutSeal } from './without-seal.ts'
import { execute } from './execute.ts'
import { askFor, findTarget, guardDraft, type Walk } from './stages.ts'
import { cells, type Delivery, type PipelineEvent } from './delivery.ts'
import { maxAttempts, repairAfterError, repairAfterVerdict, type Repair } from './repair.ts'
import type { QuestionRooms } from './rooms.ts'

/**
 * One question from arrival to its recorded end. The reader drives: leaving the loop ends the run, the database's
 * query too, and the answer is recorded as abandoned. A refusal is a value; what is thrown is recorded as failed.
 */
export async function* answer(
  rooms: QuestionRooms,
  actor: Actor,
  asked: Question,
  askersSignal: AbortSignal,
  delivery: Delivery = cells,
): AsyncGenerator<PipelineEvent> {
  const entry = (rooms.attend ?? unattended)(actor, asked, askersSignal)
  const attended = entry instanceof Promise ? await entry : entry
  const { question, signal } = attended
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
    attended.leave(ledger.meter.rows)
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
    const guarded = await guardDraft(walk, draft)
    const { verdict, approved } = guarded
    await ledger.attempt({ attempt, draft, verdict, contextDigest: target.view.version })
    yield { type: 'draft-ready', draft: shown(draft), attempt }
    yield { type: 'verdict-reached', verdict, attempt }
    if (approved === null) {
      repair = repairAfterVerdict(draft, verdict, attempt)
      if (repair !== null) continue
      yield* withoutSeal(walk, draft, guarded)
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

/** A draft without what only the record keeps. */
function shown(draft: Draft): DraftBody {
  const { modelUse: _recordedOnly, ...body } = draft
  return body
}
