import type { Limits } from '../../../domain/index.ts'

/** One of our own statements. With a name the server keeps it parsed and planned for the session's life. */
export interface OwnStatement {
  readonly name: string
  readonly text: string
  readonly values: readonly string[]
}

/** What a pool has learnt of its server from the first session. */
export interface ServerFacts {
  /** Schemas an unqualified name is looked up in: the catalog's, pinned for every statement. */
  readonly searchPath: readonly string[]
  /** Only superusers and those they let may set temp_file_limit. */
  readonly canLimitTemp: boolean
  /** false: a pooler stands between, and what one session prepares may not be there for the next statement. */
  readonly isDirect: boolean
}

/** Whatever role, database or a pooler's last guest have set. The guard reads strings as the standard says, so must the server. */
const spellings = [
  ['DateStyle', 'ISO'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['bytea_output', 'hex'],
  ['extra_float_digits', '1'],
  ['standard_conforming_strings', 'on'],
  ['transform_null_equals', 'off'],
] as const

/**
 * Settings of one read, local to its transaction: no pooler minds them and nothing leaks to the next tenant. Being a
 * query, it also locks the access mode: SET TRANSACTION READ WRITE fails after it.
 */
export function readSettings(facts: ServerFacts, limits: Limits): OwnStatement {
  const settings = [
    ['statement_timeout', String(Math.ceil(limits.statementTimeoutMs))],
    ['lock_timeout', String(Math.ceil(limits.lockTimeoutMs))],
    ['idle_in_transaction_session_timeout', String(Math.ceil(limits.statementTimeoutMs) + 60_000)],
    ['search_path', searchPathText(facts.searchPath)],
  ] as [name: string, value: string][] // a plain list, so that the next line may add to it
  if (facts.canLimitTemp) settings.push(['temp_file_limit', `${Math.ceil(limits.maxTempBytes / 1024)}kB`])
  const calls = [
    ...settings.map(([name], at) => `pg_catalog.set_config('${name}', $${at + 1}, true)`),
    ...spellings.map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`),
  ]
  return { name: keptName(facts, 'settings'), text: `SELECT ${calls.join(', ')}`, values: settings.map(([, value]) => value) }
}

export const beginRead = 'BEGIN TRANSACTION READ ONLY'

export function begin(facts: ServerFacts): OwnStatement {
  return { name: keptName(facts, 'begin'), text: beginRead, values: [] }
}

export function end(facts: ServerFacts): OwnStatement {
  return { name: keptName(facts, 'end'), text: endRead, values: [] }
}

/** Not COMMIT: a rollback also takes back what `set_config(…, false)` in the statement did to the session. */
export const endRead = 'ROLLBACK'

function keptName(facts: ServerFacts, suffix: string): string {
  return facts.isDirect ? `aishell_${suffix}` : ''
}

/** Temporary objects come last: none can stand in for a table the guard has resolved. */
function searchPathText(schemas: readonly string[]): string {
  return [...schemas.map((schema) => `"${schema.replaceAll('"', '""')}"`), 'pg_temp'].join(', ')
}
