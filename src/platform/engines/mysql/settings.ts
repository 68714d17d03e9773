import type { Limits } from '../../../domain/index.ts'

/** What the server's greeting tells: it decides which settings there are, whatever the connection calls itself. */
export interface ServerFacts {
  readonly version: string
  readonly isMariadb: boolean
  /** MariaDB from 11.5 on limits the temporary files of a session. */
  readonly canLimitTemp: boolean
}

export function readGreeting(greeting: string): ServerFacts {
  const isMariadb = /mariadb/i.test(greeting)
  // MariaDB may greet with a made-up old version in front, for clients that know no better.
  const version = greeting.replace(/^5\.5\.5-(?=10\.|11\.|12\.)/, '')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return { version, isMariadb, canLimitTemp: isMariadb && (major > 11 || (major === 11 && minor >= 5)) }
}

/**
 * The spelling of SQL the guard reads by: backslash escapes on, double quotes are strings, `f (x)` with a space is no
 * built-in call. Otherwise each server's own default.
 */
const sqlMode = {
  mariadb: 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION',
  mysql: 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
} as const

/** Once per session: the spelling of text, before anything else is said. */
export const sessionNames = 'SET NAMES utf8mb4'

/**
 * Before every statement, for a routine of the database may have changed them. The session is read-only besides its
 * transaction: DDL commits the transaction it stands in, and only the session's own mode then stops it.
 */
export function statementSettings(
  facts: ServerFacts,
  limits: Pick<Limits, 'statementTimeoutMs' | 'lockTimeoutMs' | 'maxTempBytes'>,
  access: 'read' | 'write' = 'read',
): string {
  const isReadOnly = access === 'read' ? '1' : '0'
  const seconds = Math.max(1, Math.ceil(limits.lockTimeoutMs / 1000))
  const idleSeconds = Math.ceil(limits.statementTimeoutMs / 1000) + 60
  const settings: (readonly [string, string])[] = [
    ['sql_mode', `'${facts.isMariadb ? sqlMode.mariadb : sqlMode.mysql}'`],
    ['time_zone', `'+00:00'`],
    ['character_set_client', 'utf8mb4'],
    ['character_set_connection', 'utf8mb4'],
    ['character_set_results', 'utf8mb4'],
    ['lock_wait_timeout', String(seconds)],
    ['innodb_lock_wait_timeout', String(seconds)],
    ['net_write_timeout', String(idleSeconds)],
    ['group_concat_max_len', String(16 * 1024 * 1024)],
    ['sql_select_limit', '18446744073709551615'],
    ['sql_auto_is_null', '0'],
    ['sql_big_selects', '1'],
    ...(facts.isMariadb
      ? ([
          ['max_statement_time', (limits.statementTimeoutMs / 1000).toFixed(3)],
          ['tx_read_only', isReadOnly],
          ['idle_transaction_timeout', String(idleSeconds)],
        ] as const)
      : ([
          ['max_execution_time', String(Math.max(1, Math.ceil(limits.statementTimeoutMs)))],
          ['transaction_read_only', isReadOnly],
        ] as const)),
    ...(facts.canLimitTemp ? ([['max_tmp_session_space_usage', String(limits.maxTempBytes)]] as const) : []),
  ]
  return `SET ${settings.map(([name, value]) => `SESSION ${name} = ${value}`).join(', ')}`
}

export const beginWrite = 'START TRANSACTION READ WRITE'
export const beginRead = 'START TRANSACTION READ ONLY'
/** Not COMMIT: nothing of a read is to stay. */
export const endRead = 'ROLLBACK'
