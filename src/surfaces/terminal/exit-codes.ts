import type { Outcome } from '../../domain/index.ts'

/** What the process says as it leaves; documented in `--help` and docs/reference/cli.md. */
export const exitCodes = {
  answered: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unanswered: 4,
  disconnected: 5,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.answered, 'answered, or done'],
  [exitCodes.failed, 'failed: the database, the server or a file said no'],
  [exitCodes.usage, 'usage: the command line is wrong'],
  [exitCodes.refused, 'refused by the guard or your rights, or needs an approval'],
  [exitCodes.unanswered, 'no answer: abstained, or a clarification is needed'],
  [exitCodes.disconnected, 'not connected, or the credentials do not hold'],
  [exitCodes.interrupted, 'interrupted'],
]

/** Mildest first; `worstCode` takes the last. */
const severity: readonly ExitCode[] = [0, 4, 3, 1, 2, 5, 130]

export function worstCode(a: ExitCode, b: ExitCode): ExitCode {
  return severity.indexOf(a) >= severity.indexOf(b) ? a : b
}

const ofOutcome: Readonly<Record<Outcome, ExitCode>> = {
  answered: exitCodes.answered,
  drafted: exitCodes.answered,
  refused: exitCodes.refused,
  'needs-approval': exitCodes.refused,
  abstained: exitCodes.unanswered,
  'needs-clarification': exitCodes.unanswered,
  abandoned: exitCodes.interrupted,
  failed: exitCodes.failed,
}

export function codeOfOutcome(outcome: Outcome): ExitCode {
  return ofOutcome[outcome]
}
