import { ShellError, type ErrorKind } from '../../../domain/index.ts'
import { cancelled, timedOut } from '../outer-clock.ts'
import type { MysqlTarget } from './mysql-target.ts'

/** The driver's error: `errno` is the server's number, `code` its name or a network code. */
interface ServerError {
  readonly errno?: number
  readonly code?: string
  readonly message: string
  readonly sqlState?: string
}

const codeSent = 1045

/** What a failed sign-in means; never the password, never more of the network than the host that was given. */
export function openFailure(target: Omit<MysqlTarget, 'writer'>, error: unknown): ShellError {
  const { errno = 0, code = '', message } = error as ServerError
  const where = `${target.host}:${target.port}`
  const say = (name: string, kind: ErrorKind, text: string, hint: string): ShellError =>
    new ShellError({ code: `engines.${name}`, kind, message: text, hint, cause: new Error(`${errno} ${code}`) })
  if ([codeSent, 1044, 1698, 1862, 1820, 3118].includes(errno) || /auth|AUTH/.test(code))
    return errno === 1044
      ? say(
          'database-unknown',
          'failed',
          `${where} has no database ${target.database} for the user ${target.user}.`,
          'Check its name, and what is granted.',
        )
      : say(
          'credentials-refused',
          'failed',
          `${where} refused the user ${target.user}.`,
          'Check user, password, and from where it may sign in.',
        )
  if (errno === 1049) return say('database-unknown', 'failed', `${where} has no database ${target.database}.`, 'Check its name.')
  if (errno === 1130)
    return say('credentials-refused', 'failed', `${where} lets nobody in from this host.`, 'Grant the user access from it.')
  if ([1040, 1203, 1226].includes(errno)) return say('busy', 'busy', `${where} has no connection left.`, 'Try again in a moment.')
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return say(
      'no-tls',
      'failed',
      `${where} does not speak TLS.`,
      'Turn TLS on there, or save the connection with sslmode disable if the network is safe.',
    )
  if (code === 'HANDSHAKE_SSL_ERROR' || /certificate|self.signed|altname/i.test(`${code} ${message}`))
    return say(
      'certificate',
      'failed',
      `The certificate of ${where} cannot be trusted.`,
      'Use a certificate of a known authority, or sslmode require.',
    )
  return say('unreachable', 'failed', `${where} cannot be reached.`, 'Check host and port, and that the server is up.')
}

type Meaning = readonly [code: string, kind: ErrorKind, message: string, hint: string]

const lost: Meaning = ['engines.lost', 'failed', 'The database hung up in the middle.', 'Ask again.']
const locked: Meaning = ['engines.locked', 'busy', 'The database stopped the statement to end a deadlock.', 'Try again in a moment.']
const lockTimeout: Meaning = ['run.lock-timeout', 'busy', 'The statement waited too long for a lock.', 'Try again in a moment.']
const readOnly: Meaning = [
  'engines.read-only',
  'denied',
  'The database refused to write in a read-only transaction.',
  'AI-Shell runs reads only here.',
]
const exhausted: Meaning = [
  'engines.exhausted',
  'busy',
  'The database is short of memory, disk or connections.',
  'Try again later, or ask for less.',
]
const tempLimit: Meaning = [
  'run.temp-limit',
  'invalid',
  'The statement needed more temporary space than it may have.',
  'Ask for less: a filter, fewer rows to sort.',
]

const tooDeep: Meaning = [
  'engines.statement-rejected',
  'invalid',
  'A recursive WITH went deeper than the server lets it.',
  'Let it stop earlier; by default MySQL goes 1,000 steps deep (cte_max_recursion_depth).',
]

const byNumber: Readonly<Record<number, Meaning>> = {
  1021: exhausted,
  1037: exhausted,
  1038: exhausted,
  1041: exhausted,
  1053: lost,
  1114: tempLimit,
  4200: tempLimit,
  1158: lost,
  1159: lost,
  1160: lost,
  1161: lost,
  1205: lockTimeout,
  1213: locked,
  1290: readOnly,
  1792: readOnly,
  1927: lost,
  3572: lockTimeout,
  3636: tooDeep,
}

/** Errors that quote a value of a row, or may: their text is replaced. */
const valueErrors: Readonly<Record<number, string>> = {
  1048: 'A column that needs a value would get none',
  1062: 'A value that must be unique is there already',
  1364: 'A column that needs a value would get none',
  1451: 'A row that others refer to would go',
  1452: 'A row refers to one that is not there',
  3819: 'A value breaks a rule of its table',
  4025: 'A value breaks a rule of its table',
  1242: 'A subquery used as one value returned more than one row',
  1264: 'A number is out of range',
  1292: 'A text is no valid number, date or time',
  1365: 'Division by zero',
  1366: 'A text cannot be read as the type it is compared with',
  1406: 'A value is too long',
  1411: 'A text is no valid date or time',
  1441: 'A date or time is out of range',
  1690: 'A number is out of range',
  3141: 'A text is no valid JSON',
  4038: 'A text is no valid JSON',
}

/** Errors that speak of the statement and of names in it, as SQLSTATE classes: syntax and access rules, unsupported features. */
const speaksOfStatement = /^(42|0A)/
/** Of the class HY000, which is everything else, those that speak of names alone. */
const namesOnly: ReadonlySet<number> = new Set([
  1054, 1235, 1248, 1305, 1356, 1449, 1622, 3065, 1055, 1140, 4161, 1064, 1221, 1222, 1241, 1582, 3579, 3593,
])

/**
 * What a failed statement means. The server's text is kept only where it speaks of the statement; others can quote a value
 * of a row (EXTRACTVALUE, duplicate keys, wrong casts).
 */
export function statementFailure(error: unknown, attempt: { readonly timeoutMs: number; readonly startedMs: number }): ShellError {
  if (error instanceof ShellError) return error
  const { errno = 0, message, sqlState = '' } = error as ServerError
  if (errno === 1969 || errno === 3024) return timedOut(attempt.timeoutMs)
  if (errno === 1317) return performance.now() - attempt.startedMs >= attempt.timeoutMs ? timedOut(attempt.timeoutMs) : cancelled()
  if ([1044, 1142, 1143, 1227, 1345, 1370].includes(errno))
    return failure(
      [
        'engines.permission-denied',
        'denied',
        `The connection’s database user may not do this: ${message}.`,
        'Grant it to the database user, or ask about something else.',
      ],
      error,
    )
  const known = byNumber[errno]
  if (known !== undefined) return failure(known, error)
  const value = valueErrors[errno]
  if (value !== undefined || /^2[0-9]/.test(sqlState))
    return rejected(
      `${value ?? 'A value in the data does not fit what the statement does with it'} (error ${errno}).`,
      'Look at the casts, comparisons and divisions in the statement.',
      error,
    )
  if (errno !== 1105 && (speaksOfStatement.test(sqlState) || namesOnly.has(errno)))
    return rejected(`The database did not take the statement: ${message}.`, 'Correct the statement.', error)
  if (errno === 0) return failure(lost, error)
  return failure(
    [
      'engines.statement-failed',
      'failed',
      `The database failed to run the statement (error ${errno}).`,
      'The operator finds more in the database’s own log.',
    ],
    error,
  )
}

function rejected(message: string, hint: string, error: unknown): ShellError {
  return failure(['engines.statement-rejected', 'invalid', message, hint], error)
}

/** The cause is only the number: the driver's own error holds the statement and texts that may quote rows, and causes are logged. */
function failure([code, kind, message, hint]: Meaning, error: unknown): ShellError {
  const { errno, code: name } = error as ServerError
  return new ShellError({ code, kind, message, hint, cause: new Error(`server error ${errno ?? 'none'} ${name ?? ''}`.trim()) })
}
