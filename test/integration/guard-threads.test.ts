import { afterAll, describe, expect, test } from 'vitest'
import { openPolicy, type Policy } from '../../src/domain/index.ts'
import { createGuard, type GuardContext } from '../../src/question/guard/index.ts'
import { JudgePool } from '../../src/question/guard/thread/judge-pool.ts'
import { catalogFrom } from '../support/catalog-from.ts'

const wide = Array.from({ length: 1_600 }, (_, at) => `c${at}`)
const catalog = catalogFrom('postgres', [
  { name: 'wide', columns: wide },
  { name: 'item', columns: ['id', 'name'] },
  ...Array.from({ length: 300 }, (_, at) => ({ name: `t${at}`, columns: ['a'] })),
])
const context: GuardContext = {
  catalog,
  dialect: 'postgres',
  policy: openPolicy,
  roles: ['reader'],
  connectionId: 'threads',
  limits: openPolicy.defaults,
}
const guard = createGuard()
afterAll(() => guard.close())

const many = (text: string, count: number, between: string): string => Array.from({ length: count }, () => text).join(between)

describe('statements too large or too odd for the event loop', () => {
  test.each([
    ['a long list', `SELECT name FROM item WHERE id IN (${many('1', 9_000, ',')})`, 'allow'],
    ['many columns', `SELECT ${many('name', 5_000, ', ')} FROM item`, 'allow'],
    ['a call that is not on the list, far behind', `SELECT ${many('id', 5_000, ', ')}, pg_sleep(1) FROM item`, 'refuse'],
    ['a table that is not there', `SELECT ${many('id', 5_000, ', ')} FROM itam`, 'refuse'],
    ['more columns than there can be', 'SELECT 1 FROM (SELECT w.*, w.* FROM wide w) x', 'refuse'],
    ['few words that multiply', `SELECT ${many('*', 400, ',')} FROM wide, wide b, wide c`, 'allow'],
  ])('are judged in a thread as anywhere else: %s', async (_, sql, decision) => {
    const { verdict, approved } = await guard.guard({ sql, params: [] }, context)
    expect(verdict.decision).toBe(decision)
    expect(approved === null).toBe(decision !== 'allow')
  })

  test.each([
    ['joins that multiply', `SELECT count(*) FROM item${many(' NATURAL JOIN item', 600, '')}`, 'allow', undefined],
    [
      'names that are nowhere',
      `SELECT ${many('nothing', 1_500, ', ')} FROM wide a, wide b, wide c`,
      'refuse',
      'guard.column-not-available',
    ],
    ['more columns than there can be', `SELECT 1 FROM (SELECT ${many('w.*', 4, ', ')} FROM wide w) x`, 'refuse', 'guard.too-complex'],
    ['a chain of selects', many('SELECT id FROM item', 700, ' UNION '), 'allow', undefined],
  ])('of MySQL and MariaDB too: %s', async (_, sql, decision, code) => {
    for (const dialect of ['mysql', 'mariadb'] as const) {
      const own = { ...context, dialect, catalog: { ...catalog, dialect, version: dialect } }
      const { verdict } = await guard.guard({ sql, params: [] }, own)
      expect([verdict.decision, verdict.reasons[0]?.code]).toEqual([decision, code])
    }
  })

  test('a chain so deep that it can hardly be handed from one thread to another is not lost', async () => {
    const sql = many('SELECT id FROM item', 2_400, ' UNION ')
    const { verdict } = await guard.guard({ sql, params: [] }, { ...context, dialect: 'mysql', catalog: { ...catalog, dialect: 'mysql' } })
    expect(verdict.reasons.map(({ code }) => code)).not.toContain('guard.syntax') // which would be: the parser gave up on it
  })

  test('as many stars as nobody writes are refused by SQLite’s dialect before it writes all columns out', async () => {
    const own = { ...context, dialect: 'sqlite' as const, catalog: { ...catalog, dialect: 'sqlite' as const, version: 'sqlite' } }
    const codeOf = async (sql: string): Promise<string | undefined> =>
      (await guard.guard({ sql, params: [] }, own)).verdict.reasons[0]?.code
    expect(await codeOf(`SELECT ${many('*', 501, ', ')} FROM item`)).toBe('guard.too-complex')
    expect(await codeOf(`SELECT ${many('*', 500, ', ')} FROM item`)).toBeUndefined()
  })

  test('of many names that are missing the first few are told what could have been meant', async () => {
    const sql = `SELECT 1 FROM ${Array.from({ length: 200 }, (_, at) => `itam${at}`).join(', ')}`
    const { verdict } = await guard.guard({ sql, params: [] }, context)
    expect(verdict.reasons.length).toBe(200)
    expect(verdict.reasons.filter(({ hint }) => hint === 'Did you mean “item”?').length).toBe(3)
  })

  test.each([
    ['too many bytes', `SELECT '${'x'.repeat(100_001)}'`, 'guard.too-long'],
    ['too many words', `SELECT ${many('1', 40_000, ',')}`, 'guard.too-long'],
    ['too deep', `SELECT ${'('.repeat(501)}1${')'.repeat(501)}`, 'guard.too-deep'],
  ])('beyond the caps they are refused unread: %s', async (_, sql, code) => {
    const { verdict } = await guard.guard({ sql, params: [] }, context)
    expect(verdict).toMatchObject({ decision: 'refuse', class: 'unknown' })
    expect(verdict.reasons.map((reason) => reason.code)).toContain(code)
  })
})

describe('the threads', () => {
  const subject = { sql: `SELECT name FROM item WHERE id IN (${many('1', 2_000, ',')})`, params: [] }
  const codes = async (judged: ReturnType<JudgePool['judge']>): Promise<string[]> =>
    (await judged).verdict.reasons.map((reason) => reason.code)

  test('one that does not come back in time is ended and replaced; its statement is refused', async () => {
    const pool = new JudgePool({ threads: 1, longestMs: 1 })
    expect(await codes(pool.judge(subject, context))).toContain('guard.too-complex')
    expect(await codes(pool.judge(subject, context))).toContain('guard.too-complex')
    await pool.close()
  })

  test('those that waited for one that was ended get another, with or without a catalog', async () => {
    const pool = new JudgePool({ threads: 1, longestMs: 1 })
    const all = [context, { ...context, catalog: null }, context].map((asked) => pool.judge(subject, asked))
    for (const judged of all) expect(await codes(judged)).toContain('guard.too-complex')
    await pool.close()
  })

  test('one is told whether only the plan is wanted', async () => {
    const policy: Policy = {
      ...openPolicy,
      masks: [{ roles: [], tables: ['item'], columns: ['name'], mask: { kind: 'null' } }],
      version: 'masked',
    }
    const verdicts = [false, true].map(async (isExplained) => (await guard.guard(subject, { ...context, policy, isExplained })).verdict)
    expect((await Promise.all(verdicts)).map(({ reasons }) => reasons.map((reason) => reason.code))).toEqual([[], ['guard.explain-masked']])
  })

  test('one that runs out of memory takes nothing with it', async () => {
    const pool = new JudgePool({ threads: 1, longestMs: 60_000, mostHeapMegabytes: 8 })
    const hungry = { sql: `SELECT ${many('a.b', 16_000, ',')} FROM item a`, params: [] }
    expect(await codes(pool.judge(hungry, context))).toContain('guard.too-complex')
    await pool.close()
  })

  test('statements wait for a thread, and beyond a bound they are refused at once', async () => {
    const pool = new JudgePool({ threads: 1, longestMs: 60_000, mostWaiting: 1 })
    const first = pool.judge(subject, context)
    const second = pool.judge(subject, { ...context, catalog: null })
    expect(await codes(pool.judge(subject, context))).toContain('guard.busy')
    expect((await first).verdict.decision).toBe('allow')
    expect((await second).verdict.decision).toBe('allow')
    await pool.close()
  })

  test('what still waits when the guard closes is refused', async () => {
    const pool = new JudgePool({ threads: 1, longestMs: 60_000 })
    const running = pool.judge(subject, context)
    const waiting = pool.judge(subject, context)
    await pool.close()
    expect(await codes(running)).toContain('guard.too-complex')
    expect(await codes(waiting)).toContain('guard.too-complex')
  })
})
