import { CommanderError } from 'commander'
import { ProblemError, type Problem } from '../../contract/index.ts'
import { isShellError, outcomes, type ErrorKind } from '../../domain/index.ts'
import { codeOfOutcome, exitCodes, type ExitCode } from './exit-codes.ts'
import { ReaderGone } from './output.ts'
import type { Paint } from './render/paint.ts'
import { printable, printableLines } from './render/printable.ts'

/** Anything that went wrong, in the words of a problem document, and the exit code it leaves with. */
export interface Trouble {
  readonly problem: Problem
  readonly exitCode: ExitCode
}

/** Each kind of our own errors in the language of exit codes; `status` only fills the problem document. */
const ofKind: Readonly<Record<ErrorKind, { readonly status: number; readonly exitCode: ExitCode }>> = {
  invalid: { status: 400, exitCode: exitCodes.usage },
  denied: { status: 401, exitCode: exitCodes.disconnected },
  missing: { status: 404, exitCode: exitCodes.failed },
  conflict: { status: 409, exitCode: exitCodes.failed },
  busy: { status: 503, exitCode: exitCodes.failed },
  failed: { status: 500, exitCode: exitCodes.failed },
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ProblemError) return { problem: error.problem, exitCode: codeOfProblem(error.problem) }
  if (isShellError(error)) {
    const { status, exitCode } = ofKind[error.kind]
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return { problem: { type: 'about:blank', title: error.kind, status, code: error.code, detail: error.message, ...hint }, exitCode }
  }
  if (isAbort(error)) return own(exitCodes.interrupted, 499, 'terminal.interrupted', 'Interrupted.')
  if (error instanceof ReaderGone) return own(exitCodes.answered, 499, 'terminal.reader-gone', error.message)
  if (error instanceof CommanderError) return own(exitCodes.usage, 400, 'terminal.usage', error.message.replace(/^error: /, ''))
  if (isUnreachable(error)) return unreachable(error)
  return ofUnknown(error)
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** What and why, on further lines where there are several things wrong, and what to do. Only these begin at the margin. */
export function troubleLines(trouble: Trouble, paint: Paint): string[] {
  const { problem } = trouble
  const [first = '', ...more] = printableLines(problem.detail)
  const lines = [`${paint.red('error')}: ${first}`, ...more.map((line) => `  ${line.trimStart()}`)]
  for (const wrong of problem.errors ?? []) lines.push(`  ${printable(wrong.path)}: ${printable(wrong.message)}`)
  if (problem.hint !== undefined) lines.push(`hint: ${printable(problem.hint)}`)
  if (problem.status >= 500 && problem.instance !== undefined) lines.push(paint.dim(`request ${printable(problem.instance)}`))
  return lines
}

/** Where only rows fit, the server tells an outcome without rows as a problem `question.<outcome>`. */
function codeOfProblem({ code, status }: Problem): ExitCode {
  const outcome = outcomes.find((name) => code === `question.${name}`)
  if (outcome !== undefined) return codeOfOutcome(outcome)
  if (status === 401) return exitCodes.disconnected
  if (status === 403) return exitCodes.refused
  return status === 400 || status === 422 ? exitCodes.usage : exitCodes.failed
}

function own(exitCode: ExitCode, status: number, code: string, detail: string, hint?: string): Trouble {
  return { exitCode, problem: { type: 'about:blank', title: code, status, code, detail, ...(hint === undefined ? {} : { hint }) } }
}

const networkCodes = new Set(
  'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH EPROTO CERT_HAS_EXPIRED UND_ERR_SOCKET'.split(' '),
)

/** `fetch` throws TypeError for every network failure and keeps the reason in `cause`; node's own client throws the reason. */
function isUnreachable(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  if (error instanceof TypeError) return error.message === 'fetch failed' || error.message === 'terminated' || error.cause instanceof Error
  return 'code' in error && networkCodes.has(String(error.code))
}

function unreachable(error: Error): Trouble {
  const cause = error.cause instanceof Error ? error.cause : error
  const reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  const hint = 'Check the address in --server or AISHELL_SERVER, and that the server runs: `aishell doctor`.'
  return own(exitCodes.disconnected, 503, 'terminal.unreachable', `The server cannot be reached (${reason}).`, hint)
}

/** A file that cannot be opened says so itself; the rest is our own mistake. */
function ofUnknown(error: unknown): Trouble {
  const isSystem = error instanceof Error && 'syscall' in error
  if (isSystem) return own(exitCodes.failed, 500, 'terminal.file', `A file cannot be used: ${error.message}`)
  const text = error instanceof Error ? error.message : String(error)
  return own(exitCodes.failed, 500, 'internal', `Internal error: ${text}`)
}
