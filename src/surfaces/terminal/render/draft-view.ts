import type { DraftAnswerBody } from '../../../contract/index.ts'
import { codeOfOutcome, type ExitCode } from '../exit-codes.ts'
import { abstainedLines, clarifyLines, draftedLines, draftedNotes, failureLines, maskedLines, verdictLines } from './answer-words.ts'
import { printable } from './printable.ts'
import { voiceOf, type Screen } from './screen.ts'

/** Shows what would run, what the guard says of it and how the server would go about it. */
export async function showDraft(
  answer: DraftAnswerBody,
  screen: Screen,
  options: { readonly isSqlShown?: boolean } = {},
): Promise<ExitCode> {
  const { draft, verdict, plan, failure } = answer
  const { talk, talkPaint } = screen
  const voice = voiceOf(screen)
  if (draft?.kind === 'drafted') await talk.lines(options.isSqlShown === true ? draftedNotes(draft, voice) : draftedLines(draft, voice))
  if (draft?.kind === 'clarify') await talk.lines(clarifyLines(draft, voice))
  if (draft?.kind === 'abstained') await talk.lines(abstainedLines(draft, voice))
  if (verdict?.decision === 'allow') {
    const tables = verdict.tables.length === 0 ? 'no table' : verdict.tables.map(printable).join(', ')
    await talk.lines([`${talkPaint.green('Allowed')}: a ${verdict.class} of ${tables}`, ...maskedLines(verdict, voice)])
  } else if (verdict !== undefined) {
    await talk.lines(verdictLines(verdict, draft?.kind === 'drafted' ? draft.sql : null, voice))
  }
  if (plan !== undefined) await screen.out.lines(plan.text.split('\n').map((line) => `  ${printable(line)}`))
  if (failure !== undefined) await talk.lines(failureLines(failure, voice))
  return codeOfOutcome(answer.outcome)
}
