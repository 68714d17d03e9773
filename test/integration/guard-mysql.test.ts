import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openPolicy, type Catalog, type Policy, type PolicyRule, type Verdict } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'

const relations = [
  { name: 'shop.customer', columns: ['id:int(11)', 'Name:varchar(80)', 'city:text', 'email:text'], primaryKey: ['id'] },
  { name: 'shop.invoice', columns: ['id:int(11)', 'customer_id:int(11)', 'total:decimal(10,2)'] },
  { name: 'shop.Note', columns: ['id:int(11)', 'text:text'] },
  { name: 'other.secret', columns: ['id:int(11)', 'word:text'] },
  {
    name: 'shop.open_view',
    kind: 'view' as const,
    columns: ['id', 'who'],
    definition: 'select `shop`.`customer`.`id` AS `id`,`shop`.`customer`.`email` AS `who` from `shop`.`customer`',
  },
  {
    name: 'shop.deep_view',
    kind: 'view' as const,
    columns: ['who'],
    definition: 'select `shop`.`open_view`.`who` AS `who` from `shop`.`open_view`',
  },
  { name: 'shop.sleepy_view', kind: 'view' as const, columns: ['a'], definition: 'select sleep(1) AS `a`' },
  { name: 'shop.closed_view', kind: 'view' as const, columns: ['a'] },
]
const functions = [{ schema: 'shop', name: 'tax', argumentTypes: ['int(11)'], resultType: 'int(11)', volatility: 'volatile' as const }]
const catalog = catalogFrom('mariadb', relations, { searchPath: ['shop'], functions, version: 'mysql rules' })
const guard = createGuard()
afterAll(() => guard.close())

let edits = 0
const judge = async (
  sql: string,
  policy: Partial<Policy> = {},
  params: readonly string[] = [],
  dialect: 'mysql' | 'mariadb' = 'mariadb',
): Promise<Verdict> => {
  const own = { ...openPolicy, ...policy, version: `edit ${edits++}` }
  const context = { catalog: { ...catalog, dialect }, dialect, policy: own, roles: ['reader'], connectionId: 'c', limits: own.defaults }
  return (await guard.guard({ sql, params }, context)).verdict
}
const codes = (verdict: Verdict): string[] => verdict.reasons.map((reason) => reason.code)
const deny = (tables: string[], columns: string[] = []): Partial<Policy> => ({
  rules: [{ effect: 'deny', roles: [], tables, columns } satisfies PolicyRule],
})

describe('names on MySQL and MariaDB', () => {
  test.each([
    ['SELECT name FROM customer', ['shop.customer'], ['shop.customer.Name']],
    ['SELECT c.NAME FROM Customer c', ['shop.customer'], ['shop.customer.Name']],
    ['SELECT C.name FROM customer c', ['shop.customer'], ['shop.customer.Name']],
    ['SELECT * FROM note', ['shop.Note'], ['shop.Note.id', 'shop.Note.text']],
    ['SELECT word FROM other.secret', ['other.secret'], ['other.secret.word']],
    ['SELECT `shop`.`customer`.`city` FROM shop.customer', ['shop.customer'], ['shop.customer.city']],
    ['WITH customer AS (SELECT 1 AS a) SELECT a FROM customer', [], []],
    ['WITH customer AS (SELECT 1 AS a) SELECT city FROM shop.customer', ['shop.customer'], ['shop.customer.city']],
    ['SELECT x.n FROM (SELECT city AS n FROM customer) x', ['shop.customer'], ['shop.customer.city']],
    ['SELECT city AS c FROM customer HAVING c > 1 ORDER BY c', ['shop.customer'], ['shop.customer.city']],
    [
      'SELECT total FROM customer JOIN invoice USING (id)',
      ['shop.customer', 'shop.invoice'],
      ['shop.customer.id', 'shop.invoice.id', 'shop.invoice.total'],
    ],
    [
      'SELECT 1 FROM customer c WHERE EXISTS (SELECT 1 FROM invoice WHERE customer_id = c.id)',
      ['shop.customer', 'shop.invoice'],
      ['shop.customer.id', 'shop.invoice.customer_id'],
    ],
  ])('%s', async (sql, tables, columns) => {
    const verdict = await judge(sql)
    expect({ reasons: verdict.reasons, tables: verdict.tables, columns: verdict.columns }).toEqual({ reasons: [], tables, columns })
  })

  test('a place is told in bytes, also behind letters of many', async () => {
    const sql = `SELECT '日本', nothing FROM customer`
    const [reason] = (await judge(sql)).reasons
    expect(Buffer.from(sql).subarray(reason?.span?.start, reason?.span?.end).toString()).toBe('nothing')
  })
})

describe('a denied column of MySQL and MariaDB is not read', () => {
  test.each([
    'SELECT email FROM customer', 'SELECT EMAIL FROM customer', 'SELECT `email` FROM customer', 'SELECT c.email FROM customer c', 'SELECT * FROM customer', 'SELECT c.* FROM customer c',
    'SELECT shop.customer.email FROM customer', 'SELECT 1 FROM customer WHERE email LIKE "a%"', 'SELECT 1 FROM customer ORDER BY email', 'SELECT count(*) FROM customer GROUP BY email',
    'SELECT 1 FROM customer HAVING max(email) > 1', 'SELECT x FROM (SELECT email AS x FROM customer) t', 'WITH t AS (SELECT * FROM customer) SELECT 1 FROM t', 'SELECT (SELECT email FROM customer LIMIT 1)',
    'SELECT 1 FROM invoice i JOIN customer c ON c.email = i.id', 'SELECT 1 FROM customer a NATURAL JOIN customer b', 'SELECT 1 FROM customer a JOIN customer b USING (email)', 'SELECT id FROM invoice UNION SELECT email FROM customer',
    'SELECT group_concat(email) FROM customer', 'SELECT sum(1) OVER (PARTITION BY email) FROM customer', 'SELECT json_object("a", email) FROM customer', 'SELECT CASE WHEN email IS NULL THEN 1 END FROM customer',
    'SELECT who FROM open_view', 'SELECT * FROM deep_view', 'SELECT 1 FROM open_view', 'SELECT 1 FROM invoice WHERE id IN (SELECT email FROM customer)', 'SELECT 1 FROM customer WINDOW w AS (ORDER BY email)',
    'SELECT * FROM JSON_TABLE((SELECT email FROM customer LIMIT 1), "$" COLUMNS (a int PATH "$")) j', 'SELECT MATCH (email) AGAINST ("x") FROM customer',
  ])('%s', async (sql) => {
    expect((await judge(sql)).decision).toBe('allow')
    expect((await judge(sql, deny(['customer'], ['email']))).decision).toBe('refuse')
  }) // prettier-ignore

  test('and a denied table looks like none at all', async () => {
    const hidden = await judge('SELECT * FROM secret', deny(['secret']))
    const missing = await judge('SELECT * FROM secret')
    expect(hidden.reasons.map(({ code, message }) => [code, message])).toEqual(missing.reasons.map(({ code, message }) => [code, message]))
  })
})

describe('variables', () => {
  test.each([
    ['SELECT @n := @n + 1 FROM customer', 'ROW_NUMBER() OVER'],
    ['SELECT id FROM customer WHERE city = @city', 'Bind a value as ?'],
    ['SELECT @@version', 'VERSION()'],
  ])('are refused with what was meant: %s', async (sql, hint) => {
    const { decision, reasons } = await judge(sql)
    expect(decision).toBe('refuse')
    expect(reasons[0]).toMatchObject({ code: 'guard.variable', hint: expect.stringContaining(hint) })
  })
})

describe('calls', () => {
  test.each([
    ['SELECT tax(1)', 'refuse', 'allow'],
    ['SELECT shop.tax(1)', 'refuse', 'allow'],
    ['SELECT `tax` (1)', 'refuse', 'allow'],
    ['SELECT other.tax(1)', 'refuse', 'refuse'],
    ['SELECT * FROM sleepy_view', 'refuse', 'refuse'],
    ['SELECT * FROM closed_view', 'refuse', 'refuse'],
  ])('%s: %s, and %s where the function is marked safe', async (sql, closed, open) => {
    expect((await judge(sql)).decision).toBe(closed)
    expect((await judge(sql, { safeFunctions: ['shop.tax'] })).decision).toBe(open)
  })

  test.each([
    ['mariadb', 'COUNT', 'SELECT count (1) FROM customer', 'is called by it where a space stands before the bracket'],
    ['mysql', 'md5', "SELECT MD5('a')", 'that only other versions have is the one that is called'],
  ] as const)('on %s a stored function %s keeps %s from being called: a name of the server’s own %s', async (dialect, name, sql, _why) => {
    const own = { ...functions[0], schema: 'shop', name, argumentTypes: [], resultType: 'int', volatility: 'volatile' as const }
    const ask = async (shadowing: Catalog) =>
      (
        await guard.guard(
          { sql, params: [] },
          { catalog: shadowing, dialect, policy: openPolicy, roles: ['reader'], connectionId: 'c', limits: openPolicy.defaults },
        )
      ).verdict.decision
    expect(await ask({ ...catalog, dialect, version: `open ${dialect}` })).toBe('allow')
    expect(await ask({ ...catalog, dialect, functions: [own], version: `shadowing ${dialect}` })).toBe('refuse')
  })

  test.each([
    ['SELECT ANY_VALUE(id) FROM customer', 'allow', 'refuse'],
    ['SELECT ETAG(id) FROM customer', 'allow', 'refuse'],
    ['SELECT CURRENT_USER_IN(1)', 'refuse', 'refuse'],
    ['SELECT NO_SUCH_FUNCTION(1)', 'refuse', 'refuse'],
    ['SELECT MEDIAN(id) OVER () FROM customer', 'refuse', 'allow'],
    ['SELECT BIN_TO_UUID(1)', 'allow', 'refuse'],
    ['SELECT groups FROM (SELECT 1 AS `groups`) x', 'refuse', 'allow'],
    ['SELECT made_up(1)', 'refuse', 'refuse'],
  ])('%s: MySQL %s, MariaDB %s', async (sql, mysql, mariadb) => {
    expect([(await judge(sql, {}, [], 'mysql')).decision, (await judge(sql, {}, [], 'mariadb')).decision]).toEqual([mysql, mariadb])
  })
})

describe('writes, where a policy lets them', () => {
  const writing: Partial<Policy> = { writers: ['reader'] }
  test.each([
    ["INSERT INTO customer (id, name) VALUES (1, 'x')", ['shop.customer insert Name,id']],
    ["INSERT INTO customer VALUES (1, 'x', 'y', 'z')", ['shop.customer insert Name,city,email,id']],
    ["INSERT INTO customer (id) VALUES (1) ON DUPLICATE KEY UPDATE city = 'x'", ['shop.customer insert id', 'shop.customer update city']],
    ['REPLACE INTO note VALUES (1, 2)', ['shop.Note insert id,text', 'shop.Note delete ']],
    ["UPDATE customer SET city = 'x' WHERE id = 1", ['shop.customer update city']],
    [
      'UPDATE customer c JOIN invoice i ON i.customer_id = c.id SET c.city = i.total, i.total = 0 WHERE c.id = 1',
      ['shop.customer update city', 'shop.invoice update total'],
    ],
    ['DELETE FROM invoice WHERE id = 1', ['shop.invoice delete ']],
    ['DELETE c FROM customer c JOIN invoice i ON i.customer_id = c.id', ['shop.customer delete ']],
    ['WITH old AS (SELECT id FROM invoice) UPDATE customer SET city = 1 WHERE id IN (SELECT id FROM old)', ['shop.customer update city']],
    ['WITH old AS (SELECT id FROM invoice) DELETE FROM customer WHERE id IN (SELECT id FROM old)', ['shop.customer delete ']],
  ])('%s', async (sql, planned) => {
    const verdict = await judge(sql, writing)
    expect({ decision: verdict.decision, class: verdict.class }).toEqual({ decision: 'confirm', class: 'write' })
    expect(verdict.writes?.map(({ table, verb, columns }) => `${table} ${verb} ${columns.join(',')}`)).toEqual(planned)
  })

  test.each([
    ['DELETE FROM invoice', true],
    ['DELETE FROM invoice WHERE 1', true],
    ['DELETE FROM invoice WHERE 1 = 1 AND true', true],
    ['DELETE FROM invoice WHERE id = id', true],
    ['DELETE FROM invoice WHERE id = 1 OR 2 > 1', true],
    ['DELETE FROM invoice WHERE CURRENT_DATE', true],
    ['DELETE FROM invoice WHERE EXISTS (SELECT 1 FROM customer c)', true],
    ['DELETE i FROM invoice i JOIN customer c', true],
    ['DELETE i FROM invoice i JOIN customer c ON 1 = 1', true],
    ['DELETE i FROM invoice i CROSS JOIN customer c', true],
    ['DELETE i FROM invoice i, customer c', true],
    ["UPDATE customer SET city = 'x' WHERE NOT false", true],
    ["UPDATE customer c JOIN invoice i SET c.city = 'x'", true],
    ['DELETE FROM invoice WHERE id = 1 OR total > 2', false],
    ['DELETE FROM invoice WHERE id = 1 AND true', false],
    ['DELETE FROM invoice WHERE EXISTS (SELECT 1 FROM customer c WHERE c.id = customer_id)', false],
    ['DELETE FROM invoice LIMIT 1', false],
    ['DELETE i FROM invoice i JOIN customer c ON i.customer_id = c.id', false],
    ['DELETE i FROM invoice i NATURAL JOIN customer c', false],
    ['DELETE i FROM invoice i JOIN customer c USING (id)', false],
    ['DELETE i FROM invoice i, customer c WHERE i.customer_id = c.id', false],
    ["UPDATE customer SET city = 'x' WHERE id IN (1, 2)", false],
    ['DELETE FROM invoice WHERE `total` > 1', false],
  ])('%s changes every row: %s', async (sql, isWhole) => {
    const verdict = await judge(sql, { ...writing, wholeTableWrites: 'refuse' })
    expect([codes(verdict).includes('guard.whole-table'), verdict.writes?.[0]?.isWhole]).toEqual([isWhole, isWhole])
  })

  test.each([
    'EXPLAIN DELETE FROM invoice',
    'SELECT * FROM invoice FOR UPDATE',
    'UPDATE nowhere SET a = 1',
    'DELETE FROM open_view',
    'INSERT INTO customer (id) SELECT sleep(1)',
    'UPDATE customer SET city = @a',
  ])('but not %s', async (sql) => {
    expect((await judge(sql, writing)).decision).toBe('refuse')
  })
})

test('bound values are counted, also behind quotes and comments', async () => {
  expect((await judge('SELECT ? FROM customer WHERE id = ? -- ?\n AND city = "?"', {}, ['1', '2'])).decision).toBe('allow')
  expect(codes(await judge('SELECT ? FROM customer', {}, ['1', '2']))).toContain('guard.parameters')
})

describe('hostile text', () => {
  test.each([
    ['a chain that overflows the parser', `SELECT ${'a.'.repeat(40_000)}a`],
    ['operators without end', `SELECT ${'1+'.repeat(40_000)}1`],
    ['brackets without end', `SELECT ${'('.repeat(40_000)}1`],
    ['signs without end', `SELECT ${'- '.repeat(40_000)}1`],
    ['cases without end', `SELECT ${'CASE WHEN '.repeat(9_000)}1`],
    ['joins without end', `SELECT 1 FROM ${'customer JOIN '.repeat(4_000)}customer`],
    ['selects without end', `${'SELECT (SELECT 1 UNION '.repeat(90)}SELECT 1${')'.repeat(90)}`],
  ])('%s is judged in bounded time, and the next statement is judged as ever', async (_case, sql) => {
    await judge(sql)
    expect((await judge('SELECT city FROM customer')).decision).toBe('allow')
  })

  test('of any kind gets a verdict', async () => {
    const words = constantFrom(
      'SELECT',
      'FROM',
      'customer',
      '`',
      "'",
      '"',
      '/*',
      '*/',
      '/*!',
      '--',
      '#',
      '\\',
      '(',
      ')',
      ',',
      ';',
      '@',
      'SLEEP',
      'INTO',
      'OUTFILE',
      'UNION',
      '1',
      '.',
      '\n',
      '\u00a0',
      'ü',
      '?',
      ':=',
      'FOR',
      'UPDATE',
      'WITH',
      'AS',
    )
    await assert(
      asyncProperty(array(words, { maxLength: 25 }), async (parts) => {
        const sql = `SELECT ${parts.join(' ')}`
        const verdict = await judge(sql)
        const isDangerous = /SLEEP\s*\(|INTO|@|:=/.test(sql.replaceAll(/'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|#[^\n]*|\/\*.*?\*\//gs, ''))
        expect(isDangerous && verdict.decision === 'allow').toBe(false)
        expect(['allow', 'refuse']).toContain(verdict.decision)
      }),
      { numRuns: 400 },
    )
  })
})

test('what is put aside for the parser is put aside once, also where its name is a word of its own', async () => {
  expect(await judge("SELECT CAST('a' AS CHAR CHARACTER SET mod)")).toMatchObject({ decision: 'allow', tables: [], functions: [] })
})
