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

const texts = new WeakMap<ServerFacts, { readonly local: string; readonly lasting: string }>()

/**
 * Settings of one read, local to its transaction: no pooler minds them and nothing leaks to the next tenant. Being a
 * query, it also locks the access mode: SET TRANSACTION READ WRITE fails after it.
 */
function readSettings(facts: ServerFacts, limits: Limits): OwnStatement {
  return { name: keptName(facts, 'settings'), text: settingsTexts(facts).local, values: limitValues(facts, limits) }
}

function limitValues(facts: ServerFacts, limits: Limits): readonly string[] {
  const values = [
    String(Math.ceil(limits.statementTimeoutMs)),
    String(Math.ceil(limits.lockTimeoutMs)),
    String(Math.ceil(limits.statementTimeoutMs) + 60_000),
  ]
  if (facts.canLimitTemp) values.push(`${Math.ceil(limits.maxTempBytes / 1024)}kB`)
  return values
}

/** The same for every statement of a pool, so that the server can keep it planned. */
function settingsTexts(facts: ServerFacts): { readonly local: string; readonly lasting: string } {
  const known = texts.get(facts)
  if (known !== undefined) return known
  const limits = [
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    ...(facts.canLimitTemp ? ['temp_file_limit'] : []),
  ]
  const fixed = [...spellings, ['search_path', searchPathText(facts.searchPath)] as const]
  const calls = (isLocal: boolean): string[] => [
    ...limits.map((name, at) => `pg_catalog.set_config('${name}', $${at + 1}, ${isLocal})`),
    ...fixed.map(([name, value]) => `pg_catalog.set_config('${name}', ${escapeLiteral(value)}, ${isLocal})`),
  ]
  const token = `pg_catalog.set_config('${tokenSetting}', $${limits.length + 1}, false)`
  const made = {
    local: `SELECT pg_catalog.concat(${calls(true).join(', ')}) IS NULL`, // one small cell back instead of a dozen
    lasting: `SELECT pg_catalog.pg_backend_pid() AS "processId", pg_catalog.concat(${[...calls(false), token].join(', ')}) IS NULL AS "isNothing"`,
  }
  texts.set(facts, made)
  return made
}

/** Says, on the server's side, which settings its session holds. */
const tokenSetting = 'aishell.settings'

/**
 * The same settings kept by the session itself, where no pooler stands between: what a statement changes of them its own
 * ROLLBACK takes back. `opening` finds them by their token, and fails where they are not.
 */
export interface SessionSettings {
  readonly token: string
  /** For outside of a transaction. */
  readonly text: string
  readonly values: readonly string[]
}

/** null: a pooler stands between, and every transaction brings its settings along. */
export function sessionSettings(facts: ServerFacts, limits: Limits): SessionSettings | null {
  if (!facts.isDirect) return null
  const values = limitValues(facts, limits)
  const token = values.join(' ')
  return { token, text: settingsTexts(facts).lasting, values: [...values, token] }
}

/** Settings of one write; its commit is on disk before it is told, whatever the user's default says. */
export function writeSettings(facts: ServerFacts, limits: Limits): OwnStatement {
  const settings = readSettings(facts, limits)
  const durable = `CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END`
  return { ...settings, name: '', text: `${settings.text}, ${durable}` }
}

export const beginWrite: OwnStatement = { name: '', text: 'BEGIN TRANSACTION READ WRITE', values: [] }

/** A dry run never commits: what would be checked only then is checked after the statement. */
export const checkAtOnce: OwnStatement = { name: '', text: 'SET CONSTRAINTS ALL IMMEDIATE', values: [] }

export const rollBack: OwnStatement = { name: '', text: 'ROLLBACK', values: [] }

export const beginRead = 'BEGIN TRANSACTION READ ONLY'

/**
 * BEGIN and the settings, or a look whether the session still holds those of `held`. The same object for the same limits,
 * so that its bytes are put together once.
 */
export function opening(facts: ServerFacts, limits: Limits, held: SessionSettings | null): readonly OwnStatement[] {
  const settings = held === null ? readSettings(facts, limits) : heldSettings(held)
  const key = `${settings.name} ${settings.values.join(' ')}`
  const known = openings.get(facts)?.get(key)
  if (known !== undefined) return known
  const fresh = [{ name: keptName(facts, 'begin'), text: beginRead, values: [] }, settings]
  const byLimits = openings.get(facts) ?? new Map<string, readonly OwnStatement[]>()
  if (byLimits.size >= mostOpenings) byLimits.clear()
  openings.set(facts, byLimits.set(key, fresh))
  return fresh
}

/** A division by zero, and with it the end of the transaction, on a session that is not the one which took the settings. */
function heldSettings({ token }: SessionSettings): OwnStatement {
  const isHeld = `pg_catalog.current_setting('${tokenSetting}', true) IS NOT DISTINCT FROM $1`
  return { name: 'aishell_held', text: `SELECT 1 / (${isHeld})::int`, values: [token] }
}

const openings = new WeakMap<ServerFacts, Map<string, readonly OwnStatement[]>>()
/** Askers may choose their limits. */
const mostOpenings = 200

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
