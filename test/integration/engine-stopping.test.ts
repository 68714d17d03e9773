import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { approve, failureOf, mark, never, read } from '../support/engine-statements.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
let database: TestDatabase
let pool: EnginePool

beforeAll(async () => {
  database = await freshDatabase()
  pool = engine.open({ engine: 'postgres', ...database.reader }, { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 })
})
afterAll(() => pool.close())

/** What the server runs for us at this moment, by our comment. */
async function running(): Promise<number> {
  const result = await database.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '/* aishell%' AND state = 'active'`,
  )
  return (result.rows[0] as { n: number }).n // one row, one column
}

async function until(condition: () => Promise<boolean>, patienceMs = 1_000): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    if (await condition()) return true
    await sleep(20)
  }
  return false
}

describe('a PostgreSQL statement is stopped', () => {
  const endless = 'SELECT count(*) FROM generate_series(1, 100000000000) AS t(n)'

  test('an asker who leaves ends the server’s query within a second', async () => {
    const controller = new AbortController()
    const failed = failureOf(read(pool, approve(endless), controller.signal))
    expect(await until(async () => (await running()) === 1)).toBe(true)
    controller.abort()
    expect(await until(async () => (await running()) === 0)).toBe(true)
    expect((await failed).code).toBe('run.cancelled')
  })

  test.each([
    ['while rows come fast', 'SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 2000000) AS t(n)'],
    // Wide, since the server holds back what does not fill its buffer.
    [
      'while the next row takes its time',
      "SELECT repeat('x', 40000), CASE WHEN n > 5 THEN pg_sleep(60) END FROM generate_series(1, 10) AS t(n)",
    ],
  ])('a reader who leaves early %s ends the server’s query within a second', async (_case, sql) => {
    const lease = await pool.lease({ signal: never() })
    const { batches } = await lease.read(approve(sql), { signal: never(), mark, batchRows: 5 })
    for await (const _batch of batches) break
    await lease.release()
    expect(await until(async () => (await running()) === 0)).toBe(true)
  })

  test('a copy that is left in the middle ends the server’s query within a second', async () => {
    const lease = await pool.lease({ signal: never() })
    const approved = approve('SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 2000000) AS t(n)')
    const chunks = await lease.copy(approved, 'csv', { signal: never(), mark, batchRows: 100 })
    for await (const _chunk of chunks ?? []) break
    await lease.release()
    expect(await until(async () => (await running()) === 0)).toBe(true)
  })

  test('the time limit holds although the statement has switched it off', async () => {
    const sql = "SELECT set_config('statement_timeout', '0', false), count(*) FROM generate_series(1, 100000000000) AS t(n)"
    const failure = await failureOf(read(pool, approve(sql, [], { statementTimeoutMs: 200 })))
    expect(failure.code).toBe('run.timeout')
    expect(await until(async () => (await running()) === 0)).toBe(true)
  })

  test('a cancel never meets the next statement of the same session', async () => {
    const one = engine.open({ engine: 'postgres', ...database.reader }, { maxLeases: 1, maxWaiting: 2, connectTimeoutMs: 10_000 })
    for (let round = 0; round < 150; round++) {
      const controller = new AbortController()
      const first = read(one, approve('SELECT pg_sleep(0.004)'), controller.signal).catch(() => null)
      await sleep(round % 9)
      controller.abort()
      await first
      expect((await read(one, approve('SELECT pg_sleep(0.001), 1 AS a'))).rows[0]?.[1]).toBe('1')
    }
    await one.close()
  })

  test('one that waits for a lock is given up after the time it may wait', async () => {
    await database.query('CREATE TABLE held (a integer)')
    const holder = new Client({
      host: database.host,
      port: database.port,
      database: database.database,
      user: database.user,
      password: database.password.reveal(),
    })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE')
    const failure = await failureOf(read(pool, approve('SELECT * FROM held', [], { lockTimeoutMs: 200 })))
    await holder.end()
    expect(failure.code).toBe('run.lock-timeout')
  })

  test('a row beyond the byte limit is not waited for', async () => {
    const failure = await failureOf(read(pool, approve("SELECT repeat('x', 60000000)", [], { maxBytes: 1_000_000 })))
    expect(failure.code).toBe('run.row-too-large')
  })

  test('the comment with asker and entry is seen by the DBA and cannot be broken out of', async () => {
    const lease = await pool.lease({ signal: never() })
    const hostile = { entryId: 'e-1', actor: 'eve */ DELETE FROM account; /*' }
    const stream = await lease.read(approve('SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()'), {
      signal: never(),
      mark: hostile,
      batchRows: 1,
    })
    for await (const [row] of stream.batches) {
      expect(row?.[0]).toMatch(/^\/\* aishell entry=e-1 actor=eve {2}DELETE FROM account\s* \*\/ SELECT query/)
    }
    await lease.release()
  })
})
