import type { AnswerEvent, DraftBody, VerdictBody } from '../../../contract/index.ts'
import type { Paint } from './paint.ts'
import { printable, printableLines } from './printable.ts'
import { caretUnder } from './span-caret.ts'

type AnswerEnd = Extract<AnswerEvent, { type: 'answer-end' }>
type Drafted = Extract<DraftBody, { kind: 'drafted' }>
type Clarify = Extract<DraftBody, { kind: 'clarify' }>

/** The SQL a question was turned into, how it was understood, and what was taken for granted. */
export function draftedLines(draft: Drafted, paint: Paint): string[] {
  return [...sqlLines(draft.sql, paint), ...draftedNotes(draft, paint)]
}

/** The same without the SQL. */
export function draftedNotes(draft: Drafted, paint: Paint): string[] {
  const lines: string[] = []
  draft.params.forEach((param, at) => lines.push(paint.dim(`  $${at + 1} = ${param === null ? 'NULL' : `'${printable(param)}'`}`)))
  if (draft.explanation !== '') lines.push(`  ${printable(draft.explanation)}`)
  for (const assumption of draft.assumptions) lines.push(paint.dim(`  assuming: ${printable(assumption)}`))
  return lines
}

export function sqlLines(sql: string, paint: Paint): string[] {
  return printableLines(sql.trimEnd()).map((line) => `  ${paint.cyan(line)}`)
}

/** Why a statement may not run: each reason with the place it is about and what to do. */
export function verdictLines(verdict: VerdictBody, sql: string | null, paint: Paint, columns: number): string[] {
  const title = verdict.decision === 'confirm' ? paint.yellow('Needs an approval') : paint.red('Refused')
  return verdict.reasons.flatMap((reason) => {
    const lines = [`${title}: ${printable(reason.message)} ${paint.dim(`[${printable(reason.code)}]`)}`]
    const caret = reason.span === undefined || sql === null ? null : caretUnder(sql, reason.span, columns - 4)
    if (caret !== null) lines.push(`  ${caret.line}`, `  ${paint.red(caret.marks)}`)
    if (reason.hint !== undefined) lines.push(`  hint: ${printable(reason.hint)}`)
    return lines
  })
}

export function clarifyLines(draft: Clarify, paint: Paint): string[] {
  return [
    paint.yellow(printable(draft.prompt)),
    ...draft.choices.map((choice, at) => `  ${paint.bold(String(at + 1))}  ${printable(choice)}`),
  ]
}

export function failureLines(failure: { readonly message: string; readonly hint?: string | undefined }, paint: Paint): string[] {
  const lines = printableLines(failure.message).map((line, at) => (at === 0 ? `${paint.red('Failed')}: ${line}` : `  ${line}`))
  if (failure.hint !== undefined) lines.push(`  hint: ${printable(failure.hint)}`)
  return lines
}

/** `1 row`, `12,345 rows`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** What to know about rows that are not there. */
export function truncationLine(end: AnswerEnd, isShell: boolean): string | null {
  if (end.truncated === null) return null
  const limit = end.truncated === 'row-cap' ? 'the row limit' : 'the byte limit'
  const more = isShell
    ? '\\limit raises it, \\export writes everything to a file'
    : '--limit raises it, `aishell export` writes everything to a file'
  return `Not all rows: ${limit} cut the answer at ${countOf(end.rows, 'row')}. ${more}.`
}

export function timingLine(end: AnswerEnd): string {
  const { askMs, guardMs, runMs, totalMs } = end.timings
  return `ask ${shortMs(askMs)} · guard ${shortMs(guardMs)} · run ${shortMs(runMs)} · total ${shortMs(totalMs)}`
}

function shortMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
