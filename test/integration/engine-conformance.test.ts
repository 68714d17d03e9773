import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ApprovedStatement } from '../../src/domain/index.ts'
import type { EnginePool } from '../../src/platform/engines/index.ts'
import { approve, approveWrite, failureOf, mark, never, read, readOn } from '../support/engine-statements.ts'
import { engineMembers, type EngineMember } from '../support/engine-members.ts'

describe.each(engineMembers)('the %s engine', (_name, open) => {
  let member: EngineMember
  let pool: EnginePool

  beforeAll(async () => {
    member = await open()
    pool = member.pool
  })
  afterAll(() => member.close())

  test('gives columns and rows as exact text, NULL apart from the empty string', async () => {
    const result = await read(pool, approve('SELECT id, note FROM invoice ORDER BY id'))
    expect(result.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['id', 'number'],
      ['note', 'text'],
    ])
    expect(result.rows).toEqual([
      ['1', ''],
      ['2', null],
      ['3', 'naïve ✓'],
    ])
  })

  test('keeps all digits of the largest integers', async () => {
    const result = await read(pool, approve('SELECT 9223372036854775807 AS high, -9223372036854775807 - 1 AS low'))
    expect(result.rows).toEqual([['9223372036854775807', '-9223372036854775808']])
  })

  test('gives two columns of one name apart', async () => {
    const result = await read(pool, approve("SELECT 'a' AS x, 'b' AS x"))
    expect(result.columns.map((column) => column.name)).toEqual(['x', 'x'])
    expect(result.rows).toEqual([['a', 'b']])
  })

  test('binds parameters as values, NULL and quotes among them', async () => {
    const sql = `SELECT name FROM customer WHERE name = ${member.parameter}`
    expect((await read(pool, approve(sql, ['Ada']))).rows).toEqual([['Ada']])
    expect((await read(pool, approve(sql, ["Ada' OR '1'='1"]))).rows).toEqual([])
    expect((await read(pool, approve(sql, [null]))).rows).toEqual([])
  })

  test('gives the columns of an empty result', async () => {
    const result = await read(pool, approve('SELECT id, name FROM customer WHERE id < 0'))
    expect(result.columns.map((column) => column.name)).toEqual(['id', 'name'])
    expect(result.rows).toEqual([])
  })

  test('hands rows on in batches no larger than asked for, each row once', async () => {
    const lease = await pool.lease({ signal: never() })
    const { batches } = await lease.read(approve(member.series(1_001)), { signal: never(), mark, batchRows: 100 })
    const sizes: number[] = []
    const seen = new Set<string | null | undefined>()
    for await (const batch of batches) {
      sizes.push(batch.length)
      for (const row of batch) seen.add(row[0])
    }
    await lease.release()
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100)
    expect(seen.size).toBe(1_001)
  })

  test('runs several statements on one lease, also after one that failed and one that was left', async () => {
    const lease = await pool.lease({ signal: never() })
    onTestFinished(() => lease.release()) // also when it fails: those behind it need the session
    expect((await readOn(lease, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
    await failureOf(readOn(lease, approve('SELECT nothing FROM nowhere')))
    const { batches } = await lease.read(approve(member.series(100_000)), { signal: never(), mark, batchRows: 10 })
    for await (const _batch of batches) break
    expect((await readOn(lease, approve('SELECT 2 AS a'))).rows).toEqual([['2']])
  })

  test.each([
    ['a name that is not there', 'SELECT nothing FROM customer', /nothing/],
    ['a table that is not there', 'SELECT * FROM nowhere', /nowhere/],
    ['a text that is no SQL', 'SELEKT 1', /SELEKT/i],
  ])('rejects %s with a text fit for a repair', async (_case, sql, text) => {
    const failure = await failureOf(read(pool, approve(sql)))
    expect(failure.code).toBe('engines.statement-rejected')
    expect(failure.message).toMatch(text)
  })

  test.each([
    ['INSERT', "INSERT INTO customer VALUES (9, 'Eve', NULL)"],
    ['UPDATE', "UPDATE customer SET name = 'x'"],
    ['DELETE', 'DELETE FROM invoice'],
    ['CREATE', 'CREATE TABLE mine (a integer)'],
    ['DROP', 'DROP TABLE invoice'],
  ])('does not run %s, even where the guard let it through', async (_case, sql) => {
    const failure = await failureOf(read(pool, approve(sql)))
    expect(['engines.read-only', 'engines.permission-denied', 'engines.statement-rejected']).toContain(failure.code)
    expect((await read(pool, approve('SELECT count(*) AS n FROM customer'))).rows).toEqual([['3']])
  })

  test('takes nothing without a seal, and nothing approved as a write', async () => {
    const lease = await pool.lease({ signal: never() })
    const forged = { ...approve('SELECT 1') } as ApprovedStatement // a copy is what a forger would have
    for (const attempt of [
      lease.read(forged, { signal: never(), mark, batchRows: 1 }),
      lease.copy(forged, 'csv', { signal: never(), mark, batchRows: 1 }),
      lease.explain(forged, { signal: never(), mark }),
    ])
      expect((await failureOf(attempt)).code).toBe('run.unsealed')
    const write = readOn(lease, approveWrite('SELECT 1')) // harmless, so that only the engine's own look at the seal can refuse it
    expect((await failureOf(write)).code).toBe('engines.read-only')
    await lease.release()
  })

  test('stops a statement at its time limit', async () => {
    const failure = await failureOf(read(pool, approve(member.endless, [], { statementTimeoutMs: 200 })))
    expect(failure.code).toBe('run.timeout')
    expect((await read(pool, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
  })

  test('stops a statement whose asker has left', async () => {
    const controller = new AbortController()
    const running = failureOf(read(pool, approve(member.endless), controller.signal))
    setTimeout(() => controller.abort(), 200)
    expect((await running).code).toBe('run.cancelled')
  })

  test('does not begin for an asker who is gone already', async () => {
    const lease = await pool.lease({ signal: never() })
    expect((await failureOf(readOn(lease, approve('SELECT 1'), AbortSignal.abort()))).code).toBe('run.cancelled')
    await lease.release()
    expect((await failureOf(pool.lease({ signal: AbortSignal.abort() }))).code).toBe('run.cancelled')
  })

  test('keeps a bounded queue, first come first served', async () => {
    const leases = await Promise.all([1, 2, 3].map(() => pool.lease({ signal: never() })))
    const order: number[] = []
    const waiting = [1, 2].map(async (place) => {
      const lease = await pool.lease({ signal: never() })
      order.push(place)
      await lease.release()
    })
    expect((await failureOf(pool.lease({ signal: never() }))).code).toBe('engines.busy')
    await Promise.all(leases.map((lease) => lease.release()))
    await Promise.all(waiting)
    expect(order).toEqual([1, 2])
  })

  test('gives up waiting after the time it was given', async () => {
    const leases = await Promise.all([1, 2, 3].map(() => pool.lease({ signal: never() })))
    expect((await failureOf(pool.lease({ signal: never(), waitMs: 20 }))).code).toBe('engines.busy')
    await Promise.all(leases.map((lease) => lease.release()))
    expect((await read(pool, approve('SELECT 1 AS a'))).rows).toEqual([['1']])
  })

  test('holds a slow reader’s rows in the database and not in memory', async () => {
    const lease = await pool.lease({ signal: never() })
    const approved = approve(member.series(5_000_000), [], { maxBytes: 1024 ** 3 })
    const { batches } = await lease.read(approved, { signal: never(), mark, batchRows: 1_000 })
    const heldBytes = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    let most = 0
    let batchesRead = 0
    for await (const _batch of batches) {
      const before = heldBytes()
      await sleep(500)
      most = Math.max(most, heldBytes() - before)
      batchesRead += 1
      if (batchesRead === 4) break
    }
    await lease.release()
    expect(most).toBeLessThan(24 * 1024 * 1024)
  })

  test('explains a statement without running it', async () => {
    const lease = await pool.lease({ signal: never() })
    const plan = await lease.explain(approve('SELECT * FROM invoice WHERE total > 5'), { signal: never(), mark })
    await lease.release()
    expect(plan.text).toMatch(/scan/i)
    expect(plan.text).toContain('invoice')
  })

  test('reads the catalog: tables, views, types, keys', async () => {
    const catalog = await pool.readCatalog({ disclosure: 'schema' })
    const names = catalog.relations.map((relation) => [relation.name, relation.kind])
    expect(names).toEqual([
      ['big_invoice', 'view'],
      ['customer', 'table'],
      ['invoice', 'table'],
    ])
    const customer = catalog.relations.find((relation) => relation.name === 'customer')
    expect(customer?.primaryKey).toEqual(['id'])
    expect(customer?.uniqueKeys).toEqual([['name']])
    expect(customer?.columns.map(({ name, isNullable }) => [name, isNullable])).toEqual([
      ['id', false],
      ['name', false],
      ['city', true],
    ])
    const invoice = catalog.relations.find((relation) => relation.name === 'invoice')
    expect(invoice?.foreignKeys[0]).toMatchObject({ columns: ['customer_id'], target: { name: 'customer', columns: ['id'] } })
    expect(invoice?.columns.map((column) => column.type.toLowerCase())).toEqual(member.types)
    expect(catalog.relations[0]?.definition).toMatch(/total/)
    expect(catalog.relations.flatMap((relation) => relation.columns).every((column) => column.statistics === null)).toBe(true)
  })

  test('knows values of small tables where they may be disclosed, with the same version', async () => {
    const bare = await pool.readCatalog({ disclosure: 'schema' })
    const catalog = await pool.readCatalog({ disclosure: 'statistics' })
    const customer = catalog.relations.find((relation) => relation.name === 'customer')
    const city = customer?.columns.find((column) => column.name === 'city')
    expect(city?.statistics).toMatchObject({ isComplete: true, distinct: 2 })
    expect(city?.statistics?.values.toSorted()).toEqual(['Bergen', 'Oslo'])
    expect(catalog.version).toBe(bare.version)
    expect(catalog.version).toMatch(/^[0-9a-f]{64}$/)
  })

  test('finds nothing to mend in a user who can only read', async () => {
    const report = await pool.preflight()
    expect(report).toMatchObject({ isReachable: true, level: 'least', findings: [], script: null })
  })
})
