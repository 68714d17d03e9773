import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ApprovedStatement } from '../../src/domain/index.ts'
import type { EnginePool, PendingWrite } from '../../src/platform/engines/index.ts'
import { approve, approveDryRun, approveWrite, dryRun, failureOf, mark, never, read, write } from '../support/engine-statements.ts'
import { engineMembers, postgresMember, type EngineMember } from '../support/engine-members.ts'

describe.each(engineMembers)('a write on %s', (name, open) => {
  let member: EngineMember
  let pool: EnginePool

  beforeAll(async () => {
    member = await open()
    pool = member.pool
  })
  afterAll(() => member.close())
  beforeEach(async () => {
    await write(pool, approveWrite('DELETE FROM customer WHERE id > 3'))
    await write(pool, approveWrite("UPDATE customer SET city = CASE id WHEN 1 THEN 'Bergen' WHEN 2 THEN 'Oslo' END"))
  })

  // MariaDB gives back what it inserts and deletes, not what it updates; MySQL nothing.
  const isMariadb = name === 'mariadb'
  const isOfMysql = isMariadb || name === 'mysql'
  const returning = isMariadb
    ? "INSERT INTO customer VALUES (4, 'Di', NULL), (5, 'Ed', NULL), (6, 'Fi', NULL) RETURNING id, city"
    : 'UPDATE customer SET city = name RETURNING id, city'
  const changed = isMariadb ? ['Bergen', 'Oslo', null, null, null, null] : ['Ada', 'Bo', 'Cy']

  const cities = async (): Promise<(string | null)[]> => {
    const { rows } = await read(pool, approve('SELECT city FROM customer ORDER BY id'))
    return rows.map((row) => row[0] ?? null)
  }

  test('is committed and tells how many rows it changed', async () => {
    const result = await write(pool, approveWrite("UPDATE customer SET city = 'Voss' WHERE id < 3"))
    expect(result).toEqual({ affectedRows: 2, columns: [], rows: [], truncated: null })
    expect(await cities()).toEqual(['Voss', 'Voss', null])
  })

  test('binds parameters', async () => {
    const sql = `INSERT INTO customer (id, name, city) VALUES (${member.parameter}, 'Di', ${member.parameter.replace('1', '2')})`
    expect((await write(pool, approveWrite(sql, ['4', "O'slo"]))).affectedRows).toBe(1)
    expect(await cities()).toEqual(['Bergen', 'Oslo', null, "O'slo"])
  })

  test.each(name === 'mysql' ? [] : ['RETURNING'])(
    'gives back what %s says, cut at the row limit, and changes all rows all the same',
    async () => {
      const result = await write(pool, approveWrite(returning, [], { maxRows: 2 }))
      expect(result.columns.map((column) => column.name)).toEqual(['id', 'city'])
      expect(result).toMatchObject({ affectedRows: 3, truncated: 'row-cap' })
      expect(result.rows).toHaveLength(2)
      expect(await cities()).toEqual(changed)
    },
  )

  test('waits with its commit for whoever keeps the book, and is taken back when that fails', async () => {
    let seenBefore: unknown = null
    let pending: PendingWrite | null = null
    const failure = await failureOf(
      write(pool, approveWrite("UPDATE customer SET city = 'Voss'"), async (it) => {
        pending = it
        seenBefore = await cities().catch(() => 'locked') // SQLite's readers may have to wait
        throw Object.assign(new Error('no book'), { code: 'book.closed' })
      }),
    )
    expect(failure.code).toBe('book.closed')
    expect(pending).toMatchObject({ affectedRows: 3, marker: expect.any(String) })
    expect(seenBefore).not.toEqual(['Voss', 'Voss', 'Voss'])
    expect(await cities()).toEqual(['Bergen', 'Oslo', null])
  })

  test('can be asked for afterwards: what was taken back is known to be', async () => {
    let marker = ''
    const keep = async (pending: PendingWrite): Promise<void> => void (marker = pending.marker ?? '')
    await failureOf(
      write(pool, approveWrite("UPDATE customer SET city = 'Voss'"), async (pending) => {
        await keep(pending)
        throw new Error('stop')
      }),
    )
    // The server needs a moment to see that we hung up; a user without powers over a MySQL or MariaDB learns no more than that.
    await expect.poll(() => pool.settle(marker), { timeout: 15_000 }).toBe(isOfMysql ? 'unknown' : 'rolled-back')
    await write(pool, approveWrite("UPDATE customer SET city = 'Voss'"), keep)
    // As above: its session is closed here, and the server shows it a moment longer.
    if (isOfMysql) await vi.waitUntil(async () => (await pool.settle(marker)) !== 'running', { timeout: 15_000 })
    // PostgreSQL knows each transaction; SQLite only that something was committed since.
    expect(await pool.settle(marker)).toBe(name === 'postgres' ? 'committed' : 'unknown')
    expect(await pool.settle('nonsense')).toBe('unknown')
  })

  test.each(name === 'sqlite' ? [] : ['running'])('is %s for whoever asks while it is not committed', async () => {
    let end: unknown = null
    await write(pool, approveWrite("UPDATE customer SET city = 'Voss'"), async ({ marker }) => {
      end = await pool.settle(marker ?? '')
    })
    expect(end).toBe('running')
  })

  test('that nobody has consented to can be counted, and is not run', async () => {
    const counted = approveDryRun("UPDATE customer SET city = 'Voss'")
    expect(await dryRun(pool, counted)).toMatchObject({ affectedRows: 3 })
    expect((await failureOf(write(pool, counted))).code).toBe('engines.write-only')
    expect(await cities()).toEqual(['Bergen', 'Oslo', null])
  })

  test('changes nothing in a dry run and tells how many rows it would change', async () => {
    expect(await dryRun(pool, approveWrite("UPDATE customer SET city = 'Voss'"))).toMatchObject({ affectedRows: 3 })
    expect(await dryRun(pool, approveWrite('DELETE FROM customer WHERE id = 3'))).toMatchObject({ affectedRows: 1 })
    expect(await cities()).toEqual(['Bergen', 'Oslo', null])
  })

  test('that breaks a rule of the table changes nothing, and its error tells no value', async () => {
    const sql = "INSERT INTO customer VALUES (8, 'Flo', NULL), (9, 'Ada', NULL)"
    for (const attempt of [write, dryRun]) {
      const failure = await failureOf(attempt(pool, approveWrite(sql)))
      expect(failure.code).toBe('engines.statement-rejected')
      expect(failure.message).not.toMatch(/Ada/)
    }
    expect(await cities()).toHaveLength(3)
  })

  test('is stopped at its time limit and changes nothing', async () => {
    const endless = `UPDATE customer SET city = (${member.endless})`
    expect((await failureOf(write(pool, approveWrite(endless, [], { statementTimeoutMs: 300 })))).code).toBe('run.timeout')
    expect(await cities()).toEqual(['Bergen', 'Oslo', null])
  })

  test('is taken back when its asker leaves before the commit', async () => {
    const controller = new AbortController()
    controller.abort()
    const failure = await failureOf(write(pool, approveWrite("UPDATE customer SET city = 'Voss'"), async () => {}, controller.signal))
    expect(failure.code).toBe('run.cancelled')
    expect(await cities()).toEqual(['Bergen', 'Oslo', null])
  })

  test.each([
    ['CREATE', 'CREATE TABLE mine (a integer)'],
    ['DROP', 'DROP TABLE invoice'],
    ['COMMIT', 'COMMIT'],
    ['a second statement', "UPDATE customer SET city = 'x'; DELETE FROM invoice"],
  ])('session does not run %s, even where the guard let it through', async (_case, sql) => {
    await failureOf(write(pool, approveWrite(sql))) // SQLite's `prepare` reads one statement and leaves the rest; PostgreSQL refuses the text
    expect((await read(pool, approve('SELECT count(*) AS n FROM invoice'))).rows).toEqual([['3']])
    expect((await failureOf(read(pool, approve('SELECT * FROM mine')))).code).toBe('engines.statement-rejected')
  })

  test('needs a lease to write and a seal to write, each without the other is refused', async () => {
    const reading = await pool.lease({ signal: never() })
    const writing = await pool.lease({ signal: never(), access: 'write' })
    const asWrite = approveWrite('DELETE FROM invoice')
    const forged = { ...asWrite } as ApprovedStatement // a copy is what a forger would have
    const options = { signal: never(), mark, beforeCommit: async () => {} }
    try {
      expect((await failureOf(reading.write(asWrite, options))).code).toBe('engines.read-only')
      expect((await failureOf(reading.dryRun(asWrite, options))).code).toBe('engines.read-only')
      expect((await failureOf(writing.write(approve('SELECT 1'), options))).code).toBe('engines.write-only')
      expect((await failureOf(writing.read(asWrite, { ...options, batchRows: 1 }))).code).toBe('engines.write-only')
      expect((await failureOf(writing.write(forged, options))).code).toBe('run.unsealed')
    } finally {
      await reading.release()
      await writing.release()
    }
    expect((await read(pool, approve('SELECT count(*) AS n FROM invoice'))).rows).toEqual([['3']])
  })

  test('leaves reading sessions read-only', async () => {
    await write(pool, approveWrite("UPDATE customer SET city = 'Voss' WHERE id = 1"))
    const failure = await failureOf(read(pool, approve('DELETE FROM invoice')))
    expect(['engines.read-only', 'engines.permission-denied']).toContain(failure.code)
  })
})

describe('a write on PostgreSQL whose connection breaks', () => {
  let member: Awaited<ReturnType<typeof postgresMember>>
  beforeAll(async () => {
    member = await postgresMember()
  })
  afterAll(() => member.close())

  test('at the commit has an unknown end, which the server can be asked for', async () => {
    let marker = ''
    let whileOpen = ''
    const failure = await failureOf(
      write(member.pool, approveWrite("UPDATE customer SET city = 'Voss'"), async (pending) => {
        marker = pending.marker ?? ''
        whileOpen = await member.pool.settle(marker)
        await member.admin(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND usename LIKE '%_writer' AND datname = current_database()`,
        )
      }),
    )
    expect(failure.code).toBe('run.outcome-unknown')
    expect(whileOpen).toBe('running')
    await expect.poll(() => member.pool.settle(marker)).toBe('rolled-back')
    const elsewhere = marker.replace(/^\d/, (digit) => String((Number(digit) + 1) % 10))
    expect(await member.pool.settle(elsewhere)).toBe('unknown') // another server's number
  })

  test('is known to be refused when a deferred rule says no, in a dry run as at the commit', async () => {
    await member.admin(
      'CREATE TABLE seat (id integer PRIMARY KEY, guest integer REFERENCES customer DEFERRABLE INITIALLY DEFERRED); GRANT ALL ON seat TO PUBLIC',
    )
    const insert = approveWrite('INSERT INTO seat VALUES (1, 99)')
    expect((await failureOf(write(member.pool, insert))).code).toBe('engines.statement-rejected')
    expect((await failureOf(dryRun(member.pool, insert))).code).toBe('engines.statement-rejected')
  })
})
