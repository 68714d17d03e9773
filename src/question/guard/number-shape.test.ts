import { expect, test } from 'vitest'
import { numberShape } from './number-shape.ts'

test.each([
  ['SELECT * FROM t WHERE a=17', 'SELECT * FROM t WHERE a=?'],
  ['SELECT a1, b FROM t2 WHERE a1 IN (1, 22,333) LIMIT 10', 'SELECT a1, b FROM t2 WHERE a1 IN (?, ?,?) LIMIT ?'],
  ['SELECT varchar(10) FROM t\nWHERE a - 5 > 0', 'SELECT varchar(?) FROM t\nWHERE a - ? > ?'],
])('%s has the shape %s', (sql, shape) => {
  expect(numberShape(sql)).toBe(shape)
})

test.each([
  ['no number', 'SELECT a FROM t'],
  ['a number that is no integer by its length', 'SELECT 1234567890'],
  ['a fraction', 'SELECT 1.5'],
  ['an exponent', 'SELECT 1e5'],
  ['hexadecimal', 'SELECT 0x1F'],
  ['a text', "SELECT '1', 1"],
  ['a quoted name', 'SELECT "a 1", 1'],
  ['a dollar quote or parameter', 'SELECT $1, 1'],
  ['a line comment', 'SELECT 1 --2'],
  ['a block comment', 'SELECT 1 /* 2 */'],
  ['a second statement', 'SELECT 1; SELECT 2'],
  ['an escape', 'SELECT 1 \\ 2'],
  ['a space of another script', 'SELECT 1\u00a0, 2'],
  ['a letter of another script', 'SELECT é1, 2'],
  ['great length', `SELECT 1${' '.repeat(10_000)}`],
])('%s has none', (_what, sql) => {
  expect(numberShape(sql)).toBeNull()
})
