import { describe, expect, test } from 'vitest'
import type { Findings } from './inspect.ts'
import type { Profile } from './functions.ts'
import { disagreement } from './second-witness.ts'
import { readSource, type Source } from './source.ts'

function sourceOf(sql: string): Source {
  const source = readSource(sql)
  if ('code' in source) throw new Error(source.code)
  return source
}

/** What a parser tells that saw every name and string of a text; `except` leaves one out, `wrong` changes one. */
function told(source: Source, { calls = [] as string[], except = '', wrong = (seen: Findings['seen'][number]) => seen } = {}): Findings {
  const seen = source.tokens
    .filter(({ kind }) => kind === 'quoted' || kind === 'string')
    .filter(({ start, end }) => source.sql.slice(start, end) !== except)
    .map(({ start, end, kind }) => {
      const value = source.sql.slice(start + 1, end - 1)
      return wrong({ start, end, ident: kind === 'quoted' ? { value, isQuoted: true, isString: false, node: {} } : null })
    })
  return { class: 'read', problems: [], functions: calls, names: new Set(), stringNames: new Set(), seen } as unknown as Findings // as much as is read
}

const codeOf = (sql: string, more: Parameters<typeof told>[1] = {}, profile: Profile = 'mariadb'): string | null => {
  const source = sourceOf(sql)
  return disagreement(source, told(source, more), profile)?.code ?? null
}

describe('a parser that reads another statement than we do', () => {
  const sql = "SELECT `a`, 'b' FROM `t` WHERE LOWER(`c`) = 'd'"

  test('is believed where it tells of the same names, strings and calls', () => {
    expect(codeOf(sql, { calls: ['LOWER'] })).toBeNull()
  })

  test.each([
    ['tells of a name where none stands', { wrong: (one: { start: number }) => ({ ...one, start: one.start + 1 }) }],
    ['does not know where a name stands', { wrong: (one: object) => ({ ...one, start: -1, end: -1 }) }],
    ['tells of a name that ends elsewhere', { wrong: (one: { end: number }) => ({ ...one, end: one.end + 1 }) }],
    ['reads a name up to the end of another', { wrong: (one: object) => ({ ...one, end: sql.length }) }],
    ['reads another name', { wrong: (one: { ident: object | null }) => ({ ...one, ident: one.ident && { ...one.ident, value: 'z' } }) }],
    ['passes over a string', { except: "'b'" }],
    ['passes over a quoted name', { except: '`c`' }],
  ])('is not believed where it %s', (_what, more) => {
    expect(codeOf(sql, more as Parameters<typeof told>[1])).toBe('guard.two-readings') // wrong on purpose
  })

  test.each([
    ['a call it does not tell of', 'SELECT SLEEP(1)'],
    ['a call of nothing anybody knows', 'SELECT nobody_knows(1)'],
    ['a lock', 'SELECT 1 FROM t FOR UPDATE'],
    ['the history of a table', 'SELECT 1 FROM t FOR SYSTEM_TIME ALL'],
    ['a lock of the other spelling', 'SELECT 1 FROM t LOCK IN SHARE MODE'],
    ['a step of a sequence', 'SELECT NEXT VALUE FOR s'],
    ['a file', 'SELECT 1 INTO OUTFILE'],
  ])('is not believed about a read in which we see %s', (_what, text) => {
    expect(codeOf(text)).toBe('guard.two-readings')
  })

  test('is not believed on MySQL about a word that may open a string of dollars', () => {
    const codes = (sql: string) => [codeOf(sql, {}, 'mysql'), codeOf(sql)]
    for (const text of ['SELECT $$a$$', 'SELECT $tag$ a $tag$', 'SELECT $1', 'SELECT t . $a FROM t'])
      expect(codes(text)).toEqual(['guard.two-readings', null])
    for (const text of ['SELECT a$b$', 'SELECT t.$a FROM t', 'SELECT `$a`', "SELECT '$$'"]) expect(codeOf(text, {}, 'mysql')).toBeNull()
  })

  test('is believed about words that only look like these', () => {
    for (const text of ['SELECT next FROM t', 'SELECT next value FROM t', 'SELECT t.sleep FROM t', 'SELECT 1 FROM t'])
      expect(codeOf(text)).toBeNull()
  })
})
