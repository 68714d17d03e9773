import type { AnswerEvent, DraftBody, ProgressBody, VerdictBody } from '../../../contract/index.ts'
import type { Paint } from './paint.ts'
import { printable, printableLines } from './printable.ts'
import { sizeText } from './size-text.ts'
import { caretUnder } from './span-caret.ts'
import { wrapLine } from './wrap.ts'

type AnswerEnd = Extract<AnswerEvent, { type: 'answer-end' }>
type Drafted = Extract<DraftBody, { kind: 'drafted' }>
type Abstained = Extract<DraftBody, { kind: 'abstained' }>
type Clarify = Extract<DraftBody, { kind: 'clarify' }>

/** How talk is written: with which colours, and where its lines break (null: nowhere, as in a pipe). */
export interface Voice {
  readonly paint: Paint
  readonly columns: number | null
}

/** Carets need some width to be laid out in where there is no screen. */
const pipeColumns = 120

/** The SQL a question was turned into, how it was understood, and what was taken for granted. */
export function draftedLines(draft: Drafted, voice: Voice): string[] {
  const sql = printableLines(draft.sql.trimEnd()).map((line) => `  ${voice.paint.cyan(line)}`)
  return [...sql, ...draftedNotes(draft, voice)]
}

/** The same without the SQL. */
export function draftedNotes(draft: Drafted, voice: Voice): string[] {
  const { paint } = voice
  const params = draft.params.map((param, at) => paint.dim(`  $${at + 1} = ${param === null ? 'NULL' : `'${printable(param)}'`}`))
  const explanation = draft.explanation === '' ? [] : [`  ${printable(draft.explanation)}`]
  const assumptions = draft.assumptions.map((assumption) => `  ${paint.dim(`assuming: ${printable(assumption)}`)}`)
  return [...params, ...wrapLines([...explanation, ...assumptions], voice)]
}

/** Why a statement may not run: each reason with the place it is about and what to do. */
export function verdictLines(verdict: VerdictBody, sql: string | null, voice: Voice): string[] {
  const { paint } = voice
  const title = verdict.decision === 'confirm' ? paint.yellow('Needs an approval') : paint.red('Refused')
  return verdict.reasons.flatMap((reason) => {
    const why = `${title}: ${printable(reason.message)} ${paint.dim(`[${printable(reason.code)}]`)}`
    const caret = reason.span === undefined || sql === null ? null : caretUnder(sql, reason.span, (voice.columns ?? pipeColumns) - 4)
    const place = caret === null ? [] : [`  ${caret.line}`, `  ${paint.red(caret.marks)}`]
    return [...wrapLines([why], voice), ...place, ...hintLines(reason.hint, voice)]
  })
}

/** What of an answer is not as it is in the database: masked columns, and tables of which there are only some rows. */
export function maskedLines(verdict: VerdictBody, voice: Voice): string[] {
  const list = (names: readonly string[]): string => names.map(printable).join(', ')
  const masked =
    verdict.masked.length === 0 ? [] : [`${list(verdict.masked)} ${verdict.masked.length === 1 ? 'is' : 'are'} masked for you.`]
  const filtered = verdict.filtered.length === 0 ? [] : [`You have only some rows of ${list(verdict.filtered)}.`]
  return wrapLines(
    [...masked, ...filtered].map((line) => `  ${voice.paint.yellow(line)}`),
    voice,
  )
}

/** What stands beside the spinner while long work goes on; the spinner adds the seconds. */
export function progressWord({ phase, rows, bytes }: ProgressBody): string {
  switch (phase) {
    case 'queue':
      return 'waiting for a free connection…'
    case 'read':
      return rows === 0 ? 'running…' : `reading… ${countOf(rows, 'row')}, ${sizeText(bytes)}`
    case 'write':
      return 'writing…'
    case 'commit':
      return 'committing…'
    case 'dry-run':
      return 'trying it out…'
  }
}

export function clarifyLines(draft: Clarify, voice: Voice): string[] {
  const choices = draft.choices.map((choice, at) => `  ${voice.paint.bold(String(at + 1))}  ${printable(choice)}`)
  return wrapLines([voice.paint.yellow(printable(draft.prompt)), ...choices], voice)
}

export function abstainedLines(draft: Abstained, voice: Voice): string[] {
  return wrapLines([`${voice.paint.yellow('No answer')}: ${printable(draft.reason)}`], voice)
}

export function failureLines(failure: { readonly message: string; readonly hint?: string | undefined }, voice: Voice): string[] {
  const [first = '', ...rest] = printableLines(failure.message)
  const lines = [`${voice.paint.red('Failed')}: ${first}`, ...rest.map((line) => `  ${line}`)]
  return [...wrapLines(lines, voice), ...hintLines(failure.hint, voice)]
}

function hintLines(hint: string | undefined, voice: Voice): string[] {
  return hint === undefined ? [] : wrapLines([`  hint: ${printable(hint)}`], voice)
}

function wrapLines(lines: readonly string[], voice: Voice): string[] {
  return lines.flatMap((line) => wrapLine(line, voice.columns))
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
