import { ShellError } from '../../../domain/index.ts'
import { cancelled, timedOut } from '../outer-clock.ts'
import type { PostgresTarget } from './postgres-target.ts'

interface ServerError {
  readonly code?: string
  readonly message: string
}

/** What a failed sign-in means; never the password, never more of the network than the host that was given. */
export function openFailure(target: PostgresTarget, error: unknown): ShellError {
  const { code = '', message } = error as ServerError
  const where = `${target.host}:${target.port}`
  if (code === '28P01' || code === '28000') {
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

/** SQLSTATEs whose text tells about the schema, not about rows: fit to be shown, and to repair a draft with. */
const schemaErrors = /^42|^0A|^25006|^22P02$/

/**
 * What a failed statement means. Details and hints of the server are dropped, and so is the text of class 22 and 23
 * errors: they quote the value that would not fit.
 */
export function statementFailure(error: unknown, timeoutMs: number): ShellError {
  const { code = '', message } = error as ServerError
  if (code === '57014') return /statement timeout/.test(message) ? timedOut(timeoutMs) : cancelled()
  if (code === '55P03') return failure('run.lock-timeout', 'The statement waited too long for a lock.', 'Try again in a moment.', error)
  if (code === '42501')
    return failure(
      'engines.permission-denied',
      `The connection’s database user may not do this: ${message}.`,
      'Grant it to the database user, or ask about something else.',
      error,
    )
  if (code === '25006')
    return failure(
      'engines.read-only',
      'The database refused to write in a read-only transaction.',
      'AI-Shell runs reads only here.',
      error,
    )
  if (code === '53400' || code === '53100')
    return failure(
      'run.temp-limit',
      'The statement needed more temporary space than it may have.',
      'Ask for less: a filter, fewer rows to sort.',
      error,
    )
  if (code.startsWith('22') || code.startsWith('23'))
    return failure(
      'engines.statement-rejected',
      `${valueErrors[code] ?? 'A value in the data does not fit what the statement does with it'} (SQLSTATE ${code}).`,
      'Look at the casts and divisions in the statement.',
      error,
    )
  if (schemaErrors.test(code))
    return failure('engines.statement-rejected', `The database did not take the statement: ${message}.`, 'Correct the statement.', error)
  if (code.startsWith('57') || code.startsWith('08') || code === '')
    return failure('engines.lost', 'The database hung up in the middle.', 'Ask again.', error)
  return failure(
    'engines.statement-failed',
    `The database failed to run the statement (SQLSTATE ${code}).`,
    'The operator finds the cause in the log.',
    error,
  )
}

const valueErrors: Readonly<Record<string, string>> = {
  '22012': 'Division by zero',
  '22003': 'A number is out of range',
  '22007': 'A text is no valid date or time',
  '22008': 'A date or time is out of range',
  '22P02': 'A text cannot be read as the type it is cast to',
}

function failure(code: string, message: string, hint: string, cause: unknown): ShellError {
  return new ShellError({ code, kind: code === 'engines.permission-denied' ? 'denied' : 'failed', message, hint, cause })
}
