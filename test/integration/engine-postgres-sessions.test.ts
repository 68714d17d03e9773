import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPostgresEngine, type EnginePool, type EngineTarget } from '../../src/platform/engines/index.ts'
import { approve, failureOf, read } from '../support/engine-statements.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'
import { startTwoFacedPooler } from '../support/two-faced-pooler.ts'

const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })

let database: TestDatabase
const opened: EnginePool[] = []

/** A pool of one session, so that the next statement meets what the last one left. */
function single(target: Partial<EngineTarget> = {}): EnginePool {
  const made = engine.open({ engine: 'postgres', ...database.reader, ...target } as EngineTarget, {
    maxLeases: 1,
    maxWaiting: 2,
    connectTimeoutMs: 10_000,
  })
  opened.push(made)
  return made
}

const settings = [
  ['statement_timeout', '7s'],
  ['lock_timeout', '2s'],
  ['TimeZone', 'UTC'],
  ['standard_conforming_strings', 'on'],
  ['search_path', '"public", pg_temp'],
] as const
const look = `SELECT ${settings.map(([name]) => `current_setting('${name}')`).join(', ')}`
const limits = { statementTimeoutMs: 7_000, lockTimeoutMs: 2_000 }
const expected = settings.map(([, value]) => value)
const seen = async (pool: EnginePool): Promise<unknown> => (await read(pool, approve(look, [], limits))).rows[0]

/** After a few reads with the same limits the server's session keeps the settings, which a later one only looks for. */
async function accustomed(pool: EnginePool): Promise<EnginePool> {
  for (let turn = 0; turn < 4; turn++) await seen(pool)
  return pool
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.query('CREATE TABLE account (id int); CREATE SEQUENCE counter; GRANT USAGE ON SEQUENCE counter TO PUBLIC')
  await database.query(
    `ALTER ROLE "${database.reader.user}" SET standard_conforming_strings = off; ALTER ROLE "${database.reader.user}" SET TimeZone = 'Asia/Tokyo'`,
  )
})
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()))
})

describe('a session that has read before', () => {
  test('reads under the same settings as at first', async () => {
    const pool = single()
    for (let turn = 0; turn < 6; turn++) expect(await seen(pool)).toEqual(expected)
  })

  test('keeps the settings itself: a read no longer brings them along', async () => {
    const pool = await accustomed(single())
    const [[pid]] = (await read(pool, approve('SELECT pg_backend_pid()', [], limits))).rows as [[string]]
    await sleep(50) // what is sent last is shown when the session is idle again
    expect((await database.query('SELECT query FROM pg_stat_activity WHERE pid = $1', [pid])).rows[0]).toEqual({ query: 'ROLLBACK' })
    const kept = await read(pool, approve("SELECT current_setting('aishell.settings', true)", [], limits))
    expect(kept.rows[0]?.[0]).toMatch(/^7000 2000 /)
  })

  test('keeps no short time, which would end the opening of the next statement before that one begins', async () => {
    const pool = single()
    const short = { ...limits, statementTimeoutMs: 2_000 }
    for (let turn = 0; turn < 6; turn++) await read(pool, approve(look, [], short))
    const kept = await read(pool, approve("SELECT current_setting('aishell.settings', true)", [], limits))
    expect(kept.rows[0]?.[0] ?? '').toBe('')
  })

  test('gives each statement its own limits, however they take turns', async () => {
    const pool = await accustomed(single())
    for (const timeoutMs of [3_000, 7_000, 7_000, 3_000, 3_000, 3_000, 7_000]) {
      const result = await read(pool, approve(look, [], { ...limits, statementTimeoutMs: timeoutMs }))
      expect(result.rows[0]).toEqual([`${timeoutMs / 1000}s`, ...expected.slice(1)])
    }
  })

  test.each([
    ["SELECT set_config('search_path', 'pg_catalog', false)"],
    ["SELECT set_config('statement_timeout', '0', false)"],
    ["SELECT set_config('aishell.settings', 'mine', false)"],
    ["SET SESSION TimeZone = 'Asia/Tokyo'"],
    ['RESET ALL'],
  ])('is as it was after %s', async (sql) => {
    const pool = await accustomed(single())
    await read(pool, approve(sql, [], limits))
    expect(await seen(pool)).toEqual(expected)
  })

  test.each([
    ["SELECT set_config('transaction_read_only', 'off', true)"],
    ['SET TRANSACTION READ WRITE'],
    ['DO $$ BEGIN SET TRANSACTION READ WRITE; END $$'],
    ["SELECT nextval('counter')"],
  ])('stays read-only for who says %s', async (sql) => {
    const pool = await accustomed(single())
    expect((await failureOf(read(pool, approve(sql, [], limits)))).code).toMatch(/^engines\./)
    expect(await seen(pool)).toEqual(expected)
  })
})

test('behind a pooler that exchanges the session without a word nothing runs under foreign settings', async () => {
  const pooler = await startTwoFacedPooler(database)
  try {
    const pool = await accustomed(single({ host: '127.0.0.1', port: pooler.port }))
    await pooler.exchange()
    expect((await failureOf(read(pool, approve(look, [], limits)))).code).toMatch(/^engines\./)
  } finally {
    await pooler.close()
  }
})
