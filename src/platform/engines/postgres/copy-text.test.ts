import { describe, expect, test } from 'vitest'
import { isCopyable, stripSemicolon } from './copy-text.ts'

describe('the semicolon at a statement’s end', () => {
  test.each([
    ['SELECT 1', 'SELECT 1'],
    ['SELECT 1;', 'SELECT 1'],
    ['SELECT 1 ; \n', 'SELECT 1 '],
    ['SELECT 1;;;', 'SELECT 1'],
    ['SELECT 1; -- done;', 'SELECT 1'],
    ['SELECT 1; /* a; /* b; */ c */ -- d', 'SELECT 1'],
    ["SELECT ';'", "SELECT ';'"],
    ["SELECT 'it''s;' ;", "SELECT 'it''s;' "],
    [String.raw`SELECT E'\';' ;`, String.raw`SELECT E'\';' `],
    [String.raw`SELECT 'a\' ; -- '`, String.raw`SELECT 'a\' `],
    ['SELECT ";" ;', 'SELECT ";" '],
    ['SELECT $$;$$ ;', 'SELECT $$;$$ '],
    ['SELECT $a$;$$;$a$ ;', 'SELECT $a$;$$;$a$ '],
    ['SELECT a$b$ FROM t;', 'SELECT a$b$ FROM t'],
    ['SELECT $1;', 'SELECT $1'],
    ['SELECT 1 -- ;', 'SELECT 1 -- ;'],
    ['SELECT 1 /* ; */', 'SELECT 1 /* ; */'],
    ["SELECT name'x;' ;", "SELECT name'x;' "],
  ])('%j becomes %j', (sql, stripped) => {
    expect(stripSemicolon(sql)).toBe(stripped)
  })

  test.each([
    ['SELECT 1; SELECT 2'],
    ['SELECT 1; DROP TABLE t; --'],
    [String.raw`SELECT 'a\'; DROP TABLE t; --'`],
    ['SELECT $$a$$; SELECT 2'],
    [';SELECT 1'],
  ])('%j is more than one statement', (sql) => {
    expect(() => stripSemicolon(sql)).toThrow('more than one statement')
  })
})

test.each([
  ['SELECT 1', true],
  [' (values (1))', true],
  ['/* a */ -- b\n with x as (select 1) select * from x', true],
  ['TABLE t', true],
  ['EXPLAIN SELECT 1', false],
  ['SHOW work_mem', false],
  ['selection', false],
])('whether COPY takes %j: %s', (sql, expected) => {
  expect(isCopyable(sql)).toBe(expected)
})
