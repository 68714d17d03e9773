import { escapeLiteral } from 'pg'
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
 * Settings of one read. They are local to its transaction, so that no pooler minds them and nothing leaks to the next tenant;
 * or, where no pooler stands between, the session keeps them, and what a statement changes of them its own ROLLBACK takes back.
 */
export interface ReadSettings {
  /** The same for the same settings. */
  readonly token: string
  /** BEGIN and the settings. Being a query, these also lock the access mode: SET TRANSACTION READ WRITE fails after one. */
  readonly opening: readonly OwnStatement[]
  /** What leaves them with the session, outside of a transaction, and the opening for when it holds them; null behind a pooler, and where the time is short. */
  readonly kept: { readonly leave: OwnStatement; readonly opening: readonly OwnStatement[] } | null
}

/** The same object for the same limits, so that its bytes are put together once. */
export function readSettings(facts: ServerFacts, limits: Limits): ReadSettings {
  const values = limitValues(facts, limits)
  const token = values.join(' ')
  const byToken = settings.get(facts) ?? new Map<string, ReadSettings>()
  const known = byToken.get(token)
  if (known !== undefined) return known
  const begin = { name: keptName(facts, 'begin'), text: beginRead, values: [] }
  const leave = { name: '', text: lastingText(facts), values: [...values, token] }
  const made: ReadSettings = {
    token,
    opening: [begin, localSettings(facts, values)],
    kept: facts.isDirect && limits.statementTimeoutMs >= leastKeptMs ? { leave, opening: [begin, look(token)] } : null,
  }
  if (byToken.size >= mostSettings) byToken.clear()
  settings.set(facts, byToken.set(token, made))
  return made
}

/** A session that keeps a shorter time gives the next statement's own opening no more than that, whatever that one may take. */
const leastKeptMs = 5_000

const settings = new WeakMap<ServerFacts, Map<string, ReadSettings>>()
/** Askers may choose their limits. */
const mostSettings = 200

/** The text is the same for every statement of a pool, so that the server can keep it planned; one small cell back instead of a dozen. */
function localSettings(facts: ServerFacts, values: readonly string[]): OwnStatement {
  return { name: keptName(facts, 'settings'), text: `SELECT pg_catalog.concat(${calls(facts, true).join(', ')}) IS NULL`, values }
}

function lastingText(facts: ServerFacts): string {
  const all = [...calls(facts, false), `pg_catalog.set_config('${tokenSetting}', $${limitNames(facts).length + 1}, false)`]
  return `SELECT pg_catalog.pg_backend_pid() AS "processId", pg_catalog.concat(${all.join(', ')}) IS NULL AS "isNothing"`
}

/** A division by zero, and with it the end of the transaction, on a session that is not the one which took the settings. */
function look(token: string): OwnStatement {
  const isHeld = `pg_catalog.current_setting('${tokenSetting}', true) IS NOT DISTINCT FROM $1`
  return { name: 'aishell_held', text: `SELECT 1 / (${isHeld})::int`, values: [token] }
}

/** Says, on the server's side, which settings its session holds. */
const tokenSetting = 'aishell.settings'

function limitNames({ canLimitTemp }: ServerFacts): readonly string[] {
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  return canLimitTemp ? [...names, 'temp_file_limit'] : names
}

function limitValues({ canLimitTemp }: ServerFacts, limits: Limits): readonly string[] {
  const values = [
    String(Math.ceil(limits.statementTimeoutMs)),
    String(Math.ceil(limits.lockTimeoutMs)),
    String(Math.ceil(limits.statementTimeoutMs) + 60_000),
  ]
  return canLimitTemp ? [...values, `${Math.ceil(limits.maxTempBytes / 1024)}kB`] : values
}

function calls(facts: ServerFacts, isLocal: boolean): readonly string[] {
  const fixed = [...spellings, ['search_path', searchPathText(facts.searchPath)] as const]
  return [
    ...limitNames(facts).map((name, at) => `pg_catalog.set_config('${name}', $${at + 1}, ${isLocal})`),
    ...fixed.map(([name, value]) => `pg_catalog.set_config('${name}', ${escapeLiteral(value)}, ${isLocal})`),
  ]
}

/** Settings of one write; its commit is on disk before it is told, whatever the user's default says. */
export function writeSettings(facts: ServerFacts, limits: Limits): OwnStatement {
  const settings = localSettings(facts, limitValues(facts, limits))
  const durable = `CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END`
  return { ...settings, name: '', text: `${settings.text}, ${durable}` }
}

export const beginWrite: OwnStatement = { name: '', text: 'BEGIN TRANSACTION READ WRITE', values: [] }

/** A dry run never commits: what would be checked only then is checked after the statement. */
export const checkAtOnce: OwnStatement = { name: '', text: 'SET CONSTRAINTS ALL IMMEDIATE', values: [] }

export const rollBack: OwnStatement = { name: '', text: 'ROLLBACK', values: [] }

export const beginRead = 'BEGIN TRANSACTION READ ONLY'

export function ending(facts: ServerFacts): readonly OwnStatement[] {
  const known = endings.get(facts)
  if (known !== undefined) return known
  const fresh = [{ name: keptName(facts, 'end'), text: endRead, values: [] }]
  endings.set(facts, fresh)
  return fresh
}

const endings = new WeakMap<ServerFacts, readonly OwnStatement[]>()

/** Not COMMIT: a rollback also takes back what `set_config(…, false)` in the statement did to the session. */
export const endRead = 'ROLLBACK'

function keptName(facts: ServerFacts, suffix: string): string {
  return facts.isDirect ? `aishell_${suffix}` : ''
}

/** Temporary objects come last: none can stand in for a table the guard has resolved. */
function searchPathText(schemas: readonly string[]): string {
  return [...schemas.map((schema) => `"${schema.replaceAll('"', '""')}"`), 'pg_temp'].join(', ')
}
