import type { AnswerEvent, ApprovalBody, DraftBody, VerdictBody } from '../../../contract/index.ts'
import type { Outcome } from '../../../domain/index.ts'
import { codeOfOutcome, exitCodes, type ExitCode } from '../exit-codes.ts'
import {
  abstainedLines,
  clarifyLines,
  countOf,
  draftedLines,
  failureLines,
  timingLine,
  truncationLine,
  maskedLines,
  progressWord,
  verdictLines,
} from './answer-words.ts'
import { printable } from './printable.ts'
import { waitingLines, writtenLine } from './waiting-lines.ts'
import { RowsView } from './rows-view.ts'
import { voiceOf, type Screen } from './screen.ts'

type AnswerEnd = Extract<AnswerEvent, { type: 'answer-end' }>

export interface AnswerViewOptions {
  readonly isExpanded: boolean
  readonly isTimed: boolean
  /** true: hints name shell commands rather than options. */
  readonly isShell: boolean
}

/** What the shell needs to know of an answer after it was shown. */
export interface ShownAnswer {
  readonly outcome: Outcome
  readonly exitCode: ExitCode
  readonly sql: string | null
  readonly params: readonly (string | null)[]
  /** Complete questions to pick from, where a clarification is needed. */
  readonly choices: readonly string[]
}

/** Shows answer events as they come and says how it ended. */
export async function showAnswer(events: AsyncIterable<AnswerEvent>, screen: Screen, options: AnswerViewOptions): Promise<ShownAnswer> {
  const view = new AnswerView(screen, options)
  screen.spinner.start('thinking…')
  try {
    for await (const event of events) await view.take(event)
    return await view.close()
  } finally {
    screen.spinner.stop()
  }
}

class AnswerView {
  readonly #screen: Screen
  readonly #options: AnswerViewOptions
  readonly #rows: RowsView
  #draft: DraftBody | null = null
  #verdict: VerdictBody | null = null
  #end: AnswerEnd | null = null
  #approval: ApprovalBody | null = null

  constructor(screen: Screen, options: AnswerViewOptions) {
    this.#screen = screen
    this.#options = options
    this.#rows = new RowsView(screen, options.isExpanded)
  }

  async take(event: AnswerEvent): Promise<void> {
    switch (event.type) {
      case 'answer-begin':
        return
      case 'draft-ready':
        return this.#takeDraft(event.draft, event.attempt)
      case 'verdict-reached':
        this.#verdict = event.verdict
        if (event.verdict.decision === 'allow') {
          await this.#showDraft()
          await this.#say(maskedLines(event.verdict, voiceOf(this.#screen)))
        }
        return
      case 'plan-ready':
        return this.#say(event.plan.text.split('\n').map((line) => `  ${printable(line)}`))
      case 'approval-requested':
        this.#approval = event.approval
        return
      case 'progress':
        return this.#screen.spinner.start(progressWord(event))
      case 'write-done':
        return this.#say([writtenLine(event.affectedRows)])
      case 'rows-begin':
        this.#rows.begin(event.columns)
        this.#screen.spinner.start('reading…')
        return
      case 'rows-batch':
        return this.#rows.take(event.rows)
      case 'answer-end':
        this.#end = event
    }
  }

  async close(): Promise<ShownAnswer> {
    this.#screen.spinner.stop()
    const end = this.#end
    if (end === null) {
      await this.#say([this.#screen.talkPaint.red('The server hung up before the answer was complete.')])
      return this.#shown('failed', exitCodes.disconnected)
    }
    await this.#showEnd(end)
    return this.#shown(end.outcome, codeOfOutcome(end.outcome))
  }

  #shown(outcome: Outcome, exitCode: ExitCode): ShownAnswer {
    const draft = this.#draft
    const drafted = draft?.kind === 'drafted' ? draft : null
    return {
      outcome,
      exitCode,
      sql: drafted?.sql ?? null,
      params: drafted?.params ?? [],
      choices: outcome === 'needs-clarification' && draft?.kind === 'clarify' ? draft.choices : [],
    }
  }

  async #takeDraft(draft: DraftBody, attempt: number): Promise<void> {
    const reason = this.#verdict?.reasons[0]?.message
    if (attempt > 1) {
      const why = reason === undefined ? 'the database could not run it' : printable(reason)
      await this.#say([this.#screen.talkPaint.dim(`  Draft ${attempt - 1} did not hold (${why}); trying again.`)])
    }
    this.#draft = draft
    this.#verdict = null
  }

  /** Hand-written SQL is on the screen already. */
  async #showDraft(): Promise<void> {
    if (this.#draft?.kind === 'drafted' && this.#draft.drafter !== 'verbatim')
      await this.#say(draftedLines(this.#draft, voiceOf(this.#screen)))
    this.#screen.spinner.start('running…')
  }

  async #showEnd(end: AnswerEnd): Promise<void> {
    const { talkPaint } = this.#screen
    switch (end.outcome) {
      case 'answered':
        return this.#showRows(end)
      case 'refused':
      case 'needs-approval':
        await this.#showRefused()
        break
      case 'needs-clarification':
        if (this.#draft?.kind === 'clarify') await this.#say(clarifyLines(this.#draft, voiceOf(this.#screen)))
        break
      case 'abstained':
        if (this.#draft?.kind === 'abstained') await this.#say(abstainedLines(this.#draft, voiceOf(this.#screen)))
        break
      case 'failed':
        await this.#say(failureLines(end.failure ?? { message: 'The server gave no reason.' }, voiceOf(this.#screen)))
        break
      case 'abandoned':
        await this.#say([talkPaint.yellow('Cancelled.')])
        break
      case 'drafted':
        break
    }
    await this.#showTiming(end)
  }

  async #showRefused(): Promise<void> {
    const draft = this.#draft?.kind === 'drafted' ? this.#draft : null
    if (draft !== null && draft.drafter !== 'verbatim') await this.#say(draftedLines(draft, voiceOf(this.#screen)))
    if (this.#verdict === null) return
    await this.#say(verdictLines(this.#verdict, draft?.sql ?? null, voiceOf(this.#screen)))
    if (this.#approval !== null) await this.#say(waitingLines(this.#approval, this.#options.isShell))
  }

  async #showRows(end: AnswerEnd): Promise<void> {
    const { paint, talkPaint } = this.#screen
    const count = countOf(end.rows, 'row')
    if (this.#screen.style === 'screen') await this.#say([''])
    await this.#rows.end(count)
    if (this.#screen.style === 'screen') {
      const cut = this.#rows.isCut ? `, cells cut to fit: ${this.#options.isShell ? '\\x' : '--expanded'} shows them whole` : ''
      await this.#screen.out.lines([paint.dim(`(${count}${cut})`)])
    }
    const truncation = truncationLine(end, this.#options.isShell)
    if (truncation !== null) await this.#say([talkPaint.yellow(truncation)])
    await this.#showTiming(end)
  }

  async #showTiming(end: AnswerEnd): Promise<void> {
    if (this.#options.isTimed) await this.#say([this.#screen.talkPaint.dim(timingLine(end))])
  }

  async #say(lines: readonly string[]): Promise<void> {
    this.#screen.spinner.stop()
    await this.#screen.talk.lines(lines)
  }
}
