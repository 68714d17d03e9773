import type { Limits } from '../../../domain/index.ts'

const perLimits = new WeakMap<Limits, string>()

/**
 * Settings of one read, local to its transaction: no pooler minds them and nothing leaks to the next tenant. Being a
 * query, it also locks the access mode: SET TRANSACTION READ WRITE fails after it.
 */
export function readSettings(limits: Limits): string {
  const known = perLimits.get(limits)
  if (known !== undefined) return known
  const settings: Readonly<Record<string, string>> = {
    statement_timeout: String(Math.ceil(limits.statementTimeoutMs)),
    lock_timeout: String(Math.ceil(limits.lockTimeoutMs)),
    idle_in_transaction_session_timeout: String(Math.ceil(limits.statementTimeoutMs) + 60_000),
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    TimeZone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: '1',
  }
  const text = `SELECT ${Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(', ')}`
  perLimits.set(limits, text)
  return text
}

export const beginRead = 'BEGIN TRANSACTION READ ONLY'
