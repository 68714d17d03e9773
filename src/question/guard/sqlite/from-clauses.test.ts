import { expect, test } from 'vitest'
import { readFromClauses } from './from-clauses.ts'
import { outline } from './outline.ts'
import { tokenize } from './tokenize.ts'

/** How often tokens are looked at while the FROM clauses of a text are read. */
function looks(sql: string): number {
  let count = 0
  const tokens = new Proxy(tokenize(sql), {
    get: (target, field: string) => {
      count += 1
      return target[field as unknown as number] // a proxy is asked for places and methods alike
    },
  })
  readFromClauses(tokens)
  return count
}

test.each([
  ['WITH within WITH', (times: number) => 'WITH a AS ('.repeat(times)],
  ['WITH within WITH, closed', (times: number) => `${'WITH a AS ('.repeat(times)}SELECT 1${')'.repeat(times)}`],
  ['brackets of USING', (times: number) => `SELECT 1 FROM t${' JOIN t USING ('.repeat(times)}`],
  ['joins', (times: number) => `SELECT 1 FROM t${' NATURAL JOIN t'.repeat(times)}`],
  ['tables behind one another', (times: number) => `SELECT 1 FROM t${', t'.repeat(times)}`],
])('a text twice as long is looked at twice as often: %s', (_what, text) => {
  expect(looks(text(800))).toBeLessThan(2.2 * looks(text(400)))
})

test('of more tables than SQLite joins no more are kept for each join', () => {
  const { joins } = readFromClauses(tokenize(`SELECT 1 FROM t${' JOIN t USING (id)'.repeat(1_000)}`))
  expect(joins.length).toBe(1_000)
  expect(Math.max(...joins.map(({ sides }) => sides.length))).toBe(200)
})

test('stars are counted where they stand for columns, and what is nested too deeply is not read', () => {
  expect(outline('SELECT *, t.*, (SELECT DISTINCT * FROM t), 2 * 3, count(*) FROM t').stars).toBe(3)
  expect(outline(`SELECT ${'('.repeat(501)} FROM t`).clauses.tables).toEqual([])
  expect(outline('SELECT 1 FROM t').clauses.tables).toEqual(['t'])
})
