import { andThen, type Actor, type Awaitable, type Draft, type Outcome, type Question } from '../domain/index.ts'
import type { DraftBody } from '../contract/index.ts'
import { unattended } from './attend.ts'
import { AnswerLedger } from './answer-ledger.ts'
import { withoutSeal } from './without-seal.ts'
import { execute } from './execute.ts'
import type { Guarded } from './guard/index.ts'
import { askFor, findTarget, guardDraft, type Walk } from './stages.ts'
import { cells, type Delivery, type PipelineEvent } from './delivery.ts'
import { repairAfterError, repairAfterVerdict, type Repair } from './repair.ts'
import type { QuestionRooms } from './rooms.ts'

/**
 * One question from arrival to its recorded end. The reader drives: leaving the loop ends the run, the database's
 * query too, and the answer is recorded as abandoned. A refusal is a value; what is thrown is recorded as failed.
 */
export async function* answer(
  rooms: QuestionRooms,
  actor: Actor,
  asked: Question,
  stop: AbortController,
  delivery: Delivery = cells,
): AsyncGenerator<PipelineEvent> {
  const entry = (rooms.attend ?? unattended)(actor, asked, stop)
  const { question, leave } = entry instanceof Promise ? await entry : entry
  const { signal } = stop
  const ledger = new AnswerLedger(rooms, actor, question)
  try {
    yield { type: 'answer-begin', id: question.id, connection: question.connection }
    await ledger.open()
    const walk: Walk = { rooms, actor, question, signal, delivery, ledger, target: await findTarget(rooms, actor, question) }
    // Ask and guard, and run what the guard lets through; a model's draft that fails is repaired at most twice.
    for (let attempt = 1, repair: Repair | null = null; attempt === 1 || repair !== null; attempt++) {
      const tried: Tried = await tryOut(walk, repair, attempt)
      yield { type: 'draft-ready', draft: shown(tried.draft), attempt }
      if (tried.guarded !== null) yield { type: 'verdict-reached', verdict: tried.guarded.verdict, attempt }
      repair = repairOf(tried, attempt)
      if (repair !== null) continue
      const outcome = outcomeAtOnce(walk, tried)
      try {
        if (outcome === null) yield* goOn(walk, tried)
        else await ledger.end(outcome)
      } catch (error) {
        repair = repairOfRun(walk, tried, error, attempt)
      }
    }
  } catch (error) {
    await ledger.fail(error, signal)
  } finally {
    await ledger.close() // a reader who left in the middle of a yield comes here without a catch
    leave(ledger.meter.rows)
  }
  yield ledger.answerEnd()
}

/** A draft and, where it is SQL, what the guard says of it. */
interface Tried {
  readonly draft: Draft
  readonly guarded: Guarded | null
}

function tryOut(walk: Walk, repair: Repair | null, attempt: number): Awaitable<Tried> {
  const { ledger, target } = walk
  return andThen(askFor(walk, repair), (draft) =>
    andThen(draft.kind === 'drafted' ? guardDraft(walk, draft) : null, async (guarded) => {
      await ledger.attempt({ attempt, draft, verdict: guarded?.verdict ?? null, contextDigest: target.view.version })
      return { draft, guarded }
    }),
  )
}

/** Runs what the guard has sealed; a person has the say on the rest. */
function goOn(walk: Walk, { draft, guarded }: Tried): AsyncGenerator<PipelineEvent> {
  if (draft.kind !== 'drafted' || guarded === null) throw new Error('Only SQL that was judged goes on')
  return guarded.approved === null ? withoutSeal(walk, draft, guarded) : execute(walk, guarded.approved)
}

function repairOf({ draft, guarded }: Tried, attempt: number): Repair | null {
  if (draft.kind !== 'drafted' || guarded === null || guarded.approved !== null) return null
  return repairAfterVerdict(draft, guarded.verdict, attempt)
}

/** Throws the error on where nothing can be mended. */
function repairOfRun({ ledger }: Walk, { draft, guarded }: Tried, error: unknown, attempt: number): Repair {
  const hasRun = draft.kind === 'drafted' && guarded !== null && guarded.approved !== null
  const repair = hasRun && ledger.meter.rows === 0 ? repairAfterError(draft, error, attempt) : null
  if (repair === null) throw error
  return repair
}

/** null: there is more to do than to draft. */
function outcomeAtOnce({ question }: Walk, { draft, guarded }: Tried): Outcome | null {
  if (draft.kind !== 'drafted') return draft.kind === 'abstained' ? 'abstained' : 'needs-clarification'
  return guarded?.approved != null && question.purpose === 'draft' ? 'drafted' : null
}

/** A draft without what only the record keeps. */
function shown(draft: Draft): DraftBody {
  const { modelUse: _recordedOnly, ...body } = draft
  return body
}
