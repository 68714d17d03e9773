import { describe, expect, test } from 'vitest'
import { caretUnder } from './span-caret.ts'

/** The byte span of a part of a statement. */
function spanOf(sql: string, part: string): { start: number; end: number } {
  const start = Buffer.byteLength(sql.slice(0, sql.indexOf(part)))
  return { start, end: start + Buffer.byteLength(part) }
}

describe('caretUnder', () => {
  test.each<[string, string, string, string]>([
    ['marks a word', 'select pg_sleep(1)', 'pg_sleep', '       ^^^^^^^^'],
    ['counts bytes, not characters', "select 'é', pg_sleep(1)", 'pg_sleep', '            ^^^^^^^^'],
    ['counts columns, not characters', "select '日本', f()", 'f()', '               ^^^'],
    ['shows tabs as one space', 'select\tf()', 'f()', '       ^^^'],
  ])('%s', (_, sql, part, marks) => expect(caretUnder(sql, spanOf(sql, part), 100)?.marks).toBe(marks))

  test('finds the line of a longer statement', () => {
    const sql = 'select *\nfrom secret\nwhere 1 = 1'
    expect(caretUnder(sql, spanOf(sql, 'secret'), 100)).toEqual({ line: 'from secret', marks: '     ^^^^^^', lineNumber: 2 })
  })

  test('cuts a long line around the place', () => {
    const sql = `select ${'a, '.repeat(200)}secret, ${'b, '.repeat(200)}c`
    const caret = caretUnder(sql, spanOf(sql, 'secret'), 60)
    const at = caret?.marks.indexOf('^') ?? 0
    expect(caret?.line.length).toBeLessThanOrEqual(60)
    expect(caret?.line.slice(at, at + 6)).toBe('secret')
  })

  test('puts one caret under an empty span and under the end', () => {
    expect(caretUnder('select 1 +', { start: 10, end: 10 }, 80)?.marks).toBe('          ^')
  })

  test.each([
    { start: 50, end: 60 },
    { start: -1, end: 2 },
    { start: 5, end: 2 },
  ])('does not trust a span outside of the text: %o', (span) => expect(caretUnder('select 1', span, 80)).toBeNull())
})
