import { andThen, isShellError, type Actor, type Awaitable, type Outcome, type Question } from '../domain/index.ts'
import type { AnswerEvent, ApprovalBody } from '../contract/index.ts'
import { ChartHint } from './present/index.ts'
import type { AttemptFields, Intent, IntentFields, OutcomeFields } from './record/index.ts'
import type { QuestionRooms } from './rooms.ts'
import { RunMeter } from './run/index.ts'

type AnswerEnd = Extract<AnswerEvent, { type: 'answer-end' }>
type Failure = NonNullable<AnswerEnd['failure']>

/** Keeps the book of one answer: opens its intent, writes its attempts, ends it exactly once. */
export class AnswerLedger {
  readonly meter = new RunMeter()
  readonly chart = new ChartHint()
  readonly #rooms: QuestionRooms
  readonly #actor: Actor
  readonly #question: Question
  readonly #startedMs = performance.now()
  readonly #spent = { askMs: 0, guardMs: 0 }
  /** The consent it runs by; null: none was needed. */
  readonly #approval: ApprovalBody | null
  #affectedRows: number | null = null
  #intent: Intent | null = null
  #outcome: Outcome | null = null
  #failure: Failure | null = null
  #drafter: AttemptFields['draft']['drafter'] | null = null

  constructor(rooms: QuestionRooms, actor: Actor, question: Question, approval: ApprovalBody | null = null) {
    this.#approval = approval
    this.#rooms = rooms
    this.#actor = actor
    this.#question = question
  }

  /**
   * The intent is durable before a model is called or a statement runs. SQL by hand needs no model: its verdict is
   * reached first, without any effect, and the intent then carries it, one durable write instead of two.
   */
  open(): Awaitable<void> {
    return this.#question.input.kind === 'text' ? this.#begin(null) : undefined
  }

  /** The intent of SQL by hand, where its verdict itself needs the database. */
  async openForEffects(): Promise<void> {
    if (this.#intent === null) await this.#begin(null)
  }

  attempt(fields: AttemptFields): Promise<void> {
    this.#drafter = fields.draft.drafter
    if (this.#intent === null) return this.#begin(fields)
    return this.#rooms.record.attempt(this.#actor, this.#intent, fields)
  }

  end(outcome: Outcome): Awaitable<void> {
    return andThen(this.#intent === null ? this.#begin(null) : undefined, () => {
      if (this.#intent !== null) this.#recordEnd(this.#intent, outcome)
      this.#settle(outcome)
    })
  }

  /**
   * The intent was durable before anything ran; the outcome is on its way to the disk while the asker reads the answer.
   * A crash in between leaves an intent that the sweep calls lost, never a statement that nobody knows of.
   */
  #recordEnd(intent: Intent, outcome: Outcome): void {
    this.#rooms.record.end(this.#actor, intent, this.#outcomeFields(outcome)).catch((error: unknown) => {
      this.#rooms.observe({ type: 'failure', code: 'record.end', requestId: this.#question.id, error })
    })
  }

  /** Ends the answer after something was thrown: `abandoned` when the asker gave up, else `failed`. */
  async fail(error: unknown, signal: AbortSignal): Promise<void> {
    const isAskersWish = signal.aborted && !isShellError(signal.reason)
    const cause: unknown = signal.aborted && isShellError(signal.reason) ? signal.reason : error
    this.#failure = isAskersWish ? null : failureOf(cause)
    if (!isShellError(cause) && !isAskersWish)
      this.#rooms.observe({ type: 'failure', code: 'internal', requestId: this.#question.id, error })
    await this.#endAnyhow(isAskersWish ? 'abandoned' : 'failed')
  }

  async close(): Promise<void> {
    if (this.#outcome === null) await this.#endAnyhow('abandoned')
  }

  /** A write is committed; null: the database does not tell how many rows. */
  wrote(affectedRows: number | null): void {
    this.#affectedRows = affectedRows
  }

  spent(stage: 'askMs' | 'guardMs', elapsedMs: number): void {
    this.#spent[stage] += elapsedMs
  }

  answerEnd(): AnswerEnd {
    const chart = this.chart.hint()
    return {
      type: 'answer-end',
      outcome: this.#outcome ?? 'failed',
      rows: this.meter.rows,
      bytes: this.meter.bytes,
      truncated: this.meter.truncated,
      timings: this.#timings(),
      ...(this.#failure === null ? {} : { failure: this.#failure }),
      ...(chart === null ? {} : { chart }),
    }
  }

  #begin(firstAttempt: AttemptFields | null): Promise<void> {
    const question = this.#question
    const fields: IntentFields = { question, connection: question.connection, firstAttempt }
    const approval = this.#approval
    const begun = this.#rooms.record.begin(this.#actor, approval === null ? fields : { ...fields, approval: approvalPart(approval) })
    return begun.then((intent) => void (this.#intent = intent))
  }

  /** When even the end cannot be recorded the intent stays open, and the sweep will call it lost. */
  async #endAnyhow(outcome: Outcome): Promise<void> {
    try {
      await this.end(outcome)
    } catch (error) {
      this.#failure ??= failureOf(error)
      this.#rooms.observe({ type: 'failure', code: 'record.end', requestId: this.#question.id, error })
      this.#settle('failed')
    }
  }

  #settle(outcome: Outcome): void {
    this.#outcome = outcome
    this.#rooms.observe({ type: 'answer-ended', outcome, drafter: this.#drafter, elapsedMs: this.#totalMs() })
  }

  #outcomeFields(state: Outcome): OutcomeFields {
    const fields: OutcomeFields = {
      bytes: this.meter.bytes,
      failureCode: this.#failure?.code ?? null,
      resultDigest: this.meter.digest(),
      rows: this.meter.rows,
      state,
      timings: this.#timings(),
      truncated: this.meter.truncated,
    }
    return this.#affectedRows === null ? fields : { affectedRows: this.#affectedRows, ...fields }
  }

  #timings(): AnswerEnd['timings'] {
    const { askMs, guardMs } = this.#spent
    return {
      askMs: toMicroseconds(askMs),
      guardMs: toMicroseconds(guardMs),
      runMs: toMicroseconds(this.meter.elapsedMs),
      totalMs: this.#totalMs(),
    }
  }

  #totalMs(): number {
    return toMicroseconds(performance.now() - this.#startedMs)
  }
}

/** Milliseconds, to the microsecond: what comes behind that is noise, of a dozen digits each. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

/** Who consented to what, for the record. */
function approvalPart({ id, hash, decidedBy }: ApprovalBody): NonNullable<IntentFields['approval']> {
  return { id, hash, approverId: decidedBy?.memberId ?? '', approver: decidedBy?.name ?? '' }
}

function failureOf(error: unknown): Failure {
  if (!isShellError(error))
    return { code: 'internal', kind: 'failed', message: 'Internal error. The operator finds the cause in the log under this answer’s id.' }
  return { code: error.code, kind: error.kind, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
}
