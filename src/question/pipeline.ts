import { andThen, type Actor, type Awaitable, type Draft, type Drafted, type Question } from '../domain/index.ts'
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
      if (tried.guarded === null) {
        await ledger.end(tried.draft.kind === 'abstained' ? 'abstained' : 'needs-clarification')
        break
      }
      yield { type: 'verdict-reached', verdict: tried.guarded.verdict, attempt }
      repair = repairOf(tried, attempt)
      if (repair !== null) continue
      try {
        const { approved } = tried.guarded
        if (approved === null) yield* withoutSeal(walk, tried.draft, tried.guarded)
        else if (question.purpose === 'draft') await ledger.end('drafted')
        else yield* execute(walk, approved)
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

/** SQL, and what the guard says of it. */
interface Judged {
  readonly draft: Drafted
  readonly guarded: Guarded
}

type Tried = Judged | { readonly draft: Exclude<Draft, Drafted>; readonly guarded: null }

function tryOut(walk: Walk, repair: Repair | null, attempt: number): Awaitable<Tried> {
  const noted = async (tried: Tried): Promise<Tried> => {
    const { draft, guarded } = tried
    await walk.ledger.attempt({ attempt, draft, verdict: guarded?.verdict ?? null, contextDigest: walk.target.view.version })
    return tried
  }
  return andThen(askFor(walk, repair), (draft) =>
    draft.kind === 'drafted' ? andThen(guardDraft(walk, draft), (guarded) => noted({ draft, guarded })) : noted({ draft, guarded: null }),
  )
}

function repairOf({ draft, guarded }: Judged, attempt: number): Repair | null {
  return guarded.approved === null ? repairAfterVerdict(draft, guarded.verdict, attempt) : null
}

/** Throws the error on where nothing can be mended. */
function repairOfRun({ ledger }: Walk, { draft, guarded }: Judged, error: unknown, attempt: number): Repair {
  const repair = guarded.approved !== null && ledger.meter.rows === 0 ? repairAfterError(draft, error, attempt) : null
  if (repair === null) throw error
  return repair
}

/** A draft without what only the record keeps. */
function shown(draft: Draft): DraftBody {
  const { modelUse: _recordedOnly, ...body } = draft
  return body
}
