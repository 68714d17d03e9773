import { ShellError, type ErrorKind } from '../../../domain/index.ts'
import { rowTooLarge } from '../outer-clock.ts'
import type { SandboxFailure } from './sandbox-messages.ts'

type Meaning = readonly [code: string, kind: ErrorKind, message: string, hint: string]

const notADatabase: Meaning = [
  'engines.not-a-database',
  'invalid',
  'The file is not a SQLite database, or it is damaged.',
  'Check the file of this connection.',
]
const locked: Meaning = ['run.lock-timeout', 'busy', 'Another program is writing to the file.', 'Try again in a moment.']

/** By SQLite's primary result code (rescode.html). */
const byState: Readonly<Record<number, Meaning>> = {
  5: locked,
  6: locked,
  7: ['run.memory-limit', 'invalid', 'The statement needed more memory than it may have.', 'Ask for less: a filter, fewer rows to sort.'],
  8: ['engines.read-only', 'denied', 'SQLite refused to write: the file is open for reading only.', 'AI-Shell runs reads only here.'],
  10: [
    'run.temp-limit',
    'invalid',
    'SQLite could not read the file, or needed more temporary space than it may have.',
    'Ask for less: a filter, fewer rows to sort.',
  ],
  11: notADatabase,
  13: [
    'run.temp-limit',
    'invalid',
    'The statement needed more temporary space than it may have.',
    'Ask for less: a filter, fewer rows to sort.',
  ],
  14: [
    'engines.unreachable',
    'failed',
    'The SQLite file cannot be opened.',
    'Check that the server may read the file; one in WAL mode also needs its -shm and -wal files or a writable directory.',
  ],
  19: [
    'engines.statement-rejected',
    'invalid',
    'The change would break a rule of the table: a value that must be unique, present or referred to.',
    'Correct the values, or the statement.',
  ],
  23: [
    'engines.read-only',
    'denied',
    'The statement does something other than reading, so SQLite was not allowed to run it.',
    'AI-Shell runs reads only here.',
  ],
  26: notADatabase,
}

/** Texts that speak of the statement and its names, never of a value in a row. */
const aboutStatement =
  /^(no such|near |ambiguous column|incomplete input|unrecognized token|wrong number of arguments|misuse of|too many|sub-select returns|row value misused|aggregate functions|a GROUP BY|(ORDER|GROUP) BY|HAVING|SELECTs to the left|all VALUES|LIMIT clause|no tables specified|no query solution|table .* has \d|circular reference|recursive reference|duplicate|cannot|unsafe use of|Expression tree|parser stack|ON clause|RIGHT and FULL|unknown (join type|function)|DISTINCT|FILTER|window|frame|unsupported|at most|expected \d|column index out of range)/i

/** What a failed statement means; the text of an error that could quote a value is replaced. */
export function statementFailure(failure: SandboxFailure): ShellError {
  const state = failure.state & 0xff // the extended code's lower byte is the primary one
  if (state === 18) return rowTooLarge()
  const known = byState[state]
  if (known !== undefined) return build(known, failure)
  const isPlain = aboutStatement.test(failure.message)
  const message = isPlain
    ? `The database did not take the statement: ${failure.message.slice(0, 300)}.`
    : `A value does not fit what the statement does with it (SQLite code ${failure.state}).`
  return build(['engines.statement-rejected', 'invalid', message, 'Correct the statement.'], failure)
}

export function openFailure(answer: { readonly type: string } | SandboxFailure): ShellError {
  return 'state' in answer
    ? statementFailure(answer)
    : new ShellError({ code: 'engines.unreachable', kind: 'failed', message: 'The SQLite file could not be opened.' })
}

/** The cause is only the code: SQLite's text may quote a row, and causes are logged. */
function build([code, kind, message, hint]: Meaning, failure: SandboxFailure): ShellError {
  return new ShellError({ code, kind, message, hint, cause: new Error(`SQLite code ${failure.state}`) })
}
