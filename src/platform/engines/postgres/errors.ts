import { ShellError, type ErrorKind } from '../../../domain/index.ts'
import { cancelled, timedOut } from '../outer-clock.ts'
import type { PostgresTarget } from './postgres-target.ts'

interface ServerError {
  readonly code?: string
  readonly message: string
  readonly position?: string
}

/** What a failed sign-in means; never the password, never more of the network than the host that was given. */
export function openFailure(target: Omit<PostgresTarget, 'writer'>, error: unknown): ShellError {
  const { code = '', message } = error as ServerError
  const where = `${target.host}:${target.port}`
  if (code === '28P01' || code === '28000' || message.startsWith('SASL')) {
    const hint = /no pg_hba/.test(message)
      ? 'The server’s pg_hba.conf does not let this host, user or encryption in.'
      : 'Check user and password.'
    return new ShellError({
      code: 'engines.credentials-refused',
      kind: 'failed',
      message: `${where} refused the user ${target.user}.`,
      hint,
      cause: error,
    })
  }
  if (code === '3D000') {
    return new ShellError({
      code: 'engines.database-unknown',
      kind: 'failed',
      message: `${where} has no database ${target.database}.`,
      hint: 'Check its name.',
      cause: error,
    })
  }
  if (code === '53300') {
    return new ShellError({
      code: 'engines.busy',
      kind: 'busy',
      message: `${where} has no connection left.`,
      hint: 'Try again in a moment.',
      cause: error,
    })
  }
  if (/does not support SSL/.test(message)) {
    return new ShellError({
      code: 'engines.no-tls',
      kind: 'failed',
      message: `${where} does not speak TLS.`,
      hint: 'Turn TLS on there, or save the connection with sslmode disable if the network is safe.',
      cause: error,
    })
  }
  if (/certificate|self.signed/i.test(message)) {
    return new ShellError({
      code: 'engines.certificate',
      kind: 'failed',
      message: `The certificate of ${where} cannot be trusted.`,
      hint: 'Use a certificate of a known authority, or sslmode require.',
      cause: error,
    })
  }
  return new ShellError({
    code: 'engines.unreachable',
    kind: 'failed',
    message: `${where} cannot be reached.`,
    hint: 'Check host and port, and that the server is up.',
    cause: error,
  })
}

/** Where and when a statement failed. */
export interface StatementAttempt {
  readonly timeoutMs: number
  readonly startedMs: number
  /** Characters of ours before the judged text, so that the place told is the asker's own; null: no place is told. */
  readonly offset: number | null
}

type Meaning = readonly [code: string, kind: ErrorKind, message: string, hint: string]

/** By SQLSTATE (PostgreSQL documentation, appendix A). */
const byState: Readonly<Record<string, Meaning>> = {
  '25006': ['engines.read-only', 'denied', 'The database refused to write in a read-only transaction.', 'AI-Shell runs reads only here.'],
  '25P03': ['run.timeout', 'failed', 'The result was not read in time, so the database ended it.', 'Read faster, or ask for less.'],
  '40P01': ['engines.locked', 'busy', 'The database stopped the statement to end a deadlock.', 'Try again in a moment.'],
  '53100': [
    'run.temp-limit',
    'invalid',
    'The statement needed more temporary space than there is.',
    'Ask for less: a filter, fewer rows to sort.',
  ],
  '53400': [
    'run.temp-limit',
    'invalid',
    'The statement needed more temporary space than it may have.',
    'Ask for less: a filter, fewer rows to sort.',
  ],
  '55P03': ['run.lock-timeout', 'busy', 'The statement waited too long for a lock.', 'Try again in a moment.'],
}

/** Then by class. Class 22 and 23 texts quote the value that would not fit; they are replaced. */
const byClass: Readonly<Record<string, Meaning>> = {
  '08': ['engines.lost', 'failed', 'The database hung up in the middle.', 'Ask again.'],
  '53': ['engines.exhausted', 'busy', 'The database is short of memory, disk or connections.', 'Try again later, or ask for less.'],
  '54': ['engines.statement-rejected', 'invalid', 'The statement is too large or too deeply nested for the database.', 'Simplify it.'],
  '57': ['engines.lost', 'failed', 'The database hung up in the middle.', 'Ask again.'],
}

const valueErrors: Readonly<Record<string, string>> = {
  '21000': 'A subquery used as one value returned more than one row',
  '22003': 'A number is out of range',
  '22007': 'A text is no valid date or time',
  '22008': 'A date or time is out of range',
  '22012': 'Division by zero',
  '22023': 'A function was called with a value it does not take',
  '23502': 'A column that needs a value would get none',
  '23503': 'A row that others refer to would go, or one that is referred to is not there',
  '23505': 'A value that must be unique is there already',
  '23514': 'A value breaks a rule of its table',
  '23P01': 'A row would overlap another one that it must not overlap',
  '2201B': 'A regular expression is not valid',
  '22P02': 'A text cannot be read as the type it is cast to or compared with',
}

/**
 * What a failed statement means. Details and hints of the server are dropped, and so is the text of every error that can
 * quote a value of a row. Only classes 42 and 0A keep theirs: they speak of the statement and of names in it.
 */
export function statementFailure(error: unknown, attempt: StatementAttempt): ShellError {
  if (error instanceof ShellError) return error
  const { code = '', message, position } = error as ServerError
  if (code === '57014') {
    // The server's own clock, or an administrator; its text says which, but in the server's language.
    return performance.now() - attempt.startedMs >= attempt.timeoutMs ? timedOut(attempt.timeoutMs) : cancelled()
  }
  if (code === '42501')
    return failure(
      [
        'engines.permission-denied',
        'denied',
        `The connection’s database user may not do this: ${message}.`,
        'Grant it to the database user, or ask about something else.',
      ],
      code,
    )
  const known = byState[code]
  if (known !== undefined) return failure(known, code)
  if (/^2[123]/.test(code))
    return rejected(
      `${valueErrors[code] ?? 'A value in the data does not fit what the statement does with it'} (SQLSTATE ${code}).`,
      'Look at the casts, comparisons and divisions in the statement.',
      code,
    )
  if (/^(42|0A)/.test(code))
    return rejected(
      `The database did not take the statement: ${message}${place(position, attempt.offset)}.`,
      'Correct the statement.',
      code,
    )
  if (!/^[0-9A-Z]{5}$/.test(code)) return failure(byClass['08'] ?? unknownMeaning(code), code)
  return failure(byClass[code.slice(0, 2)] ?? unknownMeaning(code), code)
}

function rejected(message: string, hint: string, state: string): ShellError {
  return failure(['engines.statement-rejected', 'invalid', message, hint], state)
}

function unknownMeaning(state: string): Meaning {
  return [
    'engines.statement-failed',
    'failed',
    `The database failed to run the statement (SQLSTATE ${state}).`,
    'The operator finds more in the database’s own log.',
  ]
}

function place(position: string | undefined, offset: number | null): string {
  if (offset === null) return ''
  const at = Number(position) - offset
  return at >= 1 ? ` (at character ${at})` : ''
}

/** The cause is only the state: the server's own error holds texts that may quote rows, and causes are logged. */
function failure([code, kind, message, hint]: Meaning, state: string): ShellError {
  return new ShellError({
    code,
    kind,
    message,
    hint,
    cause: new Error(`SQLSTATE ${state === '' ? 'none: the connection was lost' : state}`),
  })
}
