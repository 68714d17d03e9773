import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPolicy, type Catalog } from '../../src/domain/index.ts'
import { createPostgresEngine } from '../../src/platform/engines/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { poolOptions } from '../support/engine-members.ts'
import { execute, freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
const guard = createGuard()
afterAll(() => guard.close())

async function catalogOf(database: TestDatabase): Promise<Catalog> {
  const pool = engine.open({ engine: 'postgres', ...database.reader }, poolOptions)
  try {
    return await pool.readCatalog({ disclosure: 'schema' })
  } finally {
    await pool.close()
  }
}

async function decisionOn(catalog: Catalog, sql: string): Promise<string> {
  const policy = { ...openPolicy, version: 'open' }
  const context = { catalog, dialect: 'postgres' as const, policy, roles: ['reader'], connectionId: 'x', limits: policy.defaults }
  const { verdict } = await guard.guard({ sql, params: [] }, context)
  return [verdict.decision, ...verdict.reasons.map((reason) => reason.code)].join(' ')
}

/** By somebody who owns the extension and no more than that. */
async function withOwner(database: TestDatabase): Promise<(sql: string) => Promise<unknown>> {
  const user = `${database.database}_owner`
  await database.query(
    `CREATE ROLE ${user} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE ${database.database} TO ${user}; GRANT CREATE ON SCHEMA public TO ${user}`,
  )
  return (sql) => execute({ ...database, user, password: database.reader.password }, sql)
}

describe('a database with citext, pgcrypto and intarray in its search path', () => {
  let database: TestDatabase
  let catalog: Catalog

  beforeAll(async () => {
    database = await freshDatabase()
    for (const name of ['citext', 'intarray', 'pgcrypto']) await database.query(`CREATE EXTENSION ${name}`)
    await database.query("CREATE TABLE person (id int, email citext, name text); INSERT INTO person VALUES (1, 'Ada@x.org', 'Ada')")
    catalog = await catalogOf(database)
  })

  test.each([
    "SELECT replace(name, 'a', 'b'), strpos(name, 'd'), split_part(name, 'd', 1), translate(name, 'a', 'b') FROM person",
    "SELECT replace(email, 'x', 'y'), strpos(email, '@'), split_part(email, '@', 2), translate(email, 'a', 'b') FROM person",
    "SELECT regexp_replace(name, 'a', 'b', 'g'), regexp_match(email, 'x'), (regexp_matches(name, 'a'))[1] FROM person",
    "SELECT regexp_split_to_array(email, '@'), regexp_split_to_array(name, 'd') FROM person",
    'SELECT min(id), max(id), min(email), max(name) FROM person',
    "SELECT lower(email), upper(email::text), length(email) FROM person WHERE email = 'ADA@X.ORG' AND email LIKE 'ada%'",
    "SELECT id FROM person WHERE email = 'ada@x.org'::citext ORDER BY email",
    'SELECT gen_random_uuid() AS id',
  ])('is asked as any other: %s', async (sql) => {
    expect(await decisionOn(catalog, sql)).toBe('allow')
    await expect(execute(database.reader, sql)).resolves.toMatchObject({ rows: [{}] })
  })

  test.each([
    ["SELECT digest(name, 'md5') FROM person", 'refuse guard.function-denied'],
    ["SELECT crypt(name, gen_salt('bf')) FROM person", 'refuse guard.function-denied guard.function-denied'],
    ["SELECT public.replace(email, 'x', 'y') FROM person", 'refuse guard.function-denied'],
    ["SELECT '1'::query_int", 'refuse guard.type-denied'],
  ])('and what is not the server’s own is refused as before: %s', async (sql, decision) => {
    expect(await decisionOn(catalog, sql)).toBe(decision)
  })

  test('has every function of the server’s names marked as one that only computes', async () => {
    const { rows } = await execute(
      database,
      `SELECT DISTINCT p.proname::text AS name FROM pg_proc p JOIN pg_proc b ON b.proname = p.proname
      WHERE p.pronamespace = 'public'::regnamespace AND b.pronamespace = 'pg_catalog'::regnamespace ORDER BY 1`,
    )
    const computing = new Set(catalog.functions.filter((item) => item.onlyComputes === true).map((item) => item.name))
    expect([...computing].toSorted()).toEqual((rows as { name: string }[]).map((row) => row.name))
    expect(catalog.types).not.toContain('public.citext')
  })
})

describe('what people made stands in the way as ever', () => {
  const ordinary = "SELECT strpos('abc', 'b')"

  test('a function of theirs', async () => {
    const database = await freshDatabase()
    await database.query(`CREATE EXTENSION citext; CREATE TABLE t (e citext)`)
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('allow')
    await database.query(`CREATE FUNCTION strpos(varchar, varchar) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'`)
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('refuse guard.function-denied')
  })

  test('also where they made it a part of the extension, or changed one of it', async () => {
    const database = await freshDatabase()
    const asOwner = await withOwner(database)
    await database.query(`ALTER ROLE ${database.database}_owner PASSWORD '${database.reader.password.reveal()}'`)
    await asOwner('CREATE EXTENSION citext')
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('allow')
    await asOwner(`CREATE FUNCTION strpos(varchar, citext) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'`)
    await asOwner('ALTER EXTENSION citext ADD FUNCTION strpos(varchar, citext)')
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('refuse guard.function-denied')
    await asOwner('ALTER EXTENSION citext DROP FUNCTION strpos(varchar, citext)')
    await asOwner('DROP FUNCTION strpos(varchar, citext)')
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('allow')
    // Only a superuser can hand one of its functions to somebody else; then it is theirs.
    await database.query(`ALTER FUNCTION strpos(citext, citext) OWNER TO ${database.database}_owner`)
    expect(await decisionOn(await catalogOf(database), ordinary)).toBe('refuse guard.function-denied')
  })

  test('also where one of it was made to run with other rights or settings', async () => {
    for (const change of ['SECURITY DEFINER', 'SET search_path = public', 'VOLATILE']) {
      const database = await freshDatabase()
      await database.query(`CREATE EXTENSION citext; ALTER FUNCTION strpos(citext, citext) ${change}`)
      expect(await decisionOn(await catalogOf(database), ordinary)).toBe('refuse guard.function-denied')
    }
  })

  test('also a cast of a type of the extension, and a type that is called like one', async () => {
    const database = await freshDatabase()
    await database.query(`CREATE EXTENSION citext; CREATE TABLE t (e citext); GRANT SELECT ON t TO PUBLIC;
      CREATE FUNCTION to_day(citext) RETURNS date LANGUAGE sql AS 'SELECT current_date'; CREATE CAST (citext AS date) WITH FUNCTION to_day(citext)`)
    expect(await decisionOn(await catalogOf(database), 'SELECT e::date FROM t')).toBe('refuse guard.type-denied')
    const other = await freshDatabase()
    await other.query(`CREATE DOMAIN citext AS text CHECK (length(VALUE) < 9); CREATE TABLE t (e citext); GRANT SELECT ON t TO PUBLIC`)
    expect(await decisionOn(await catalogOf(other), "SELECT 'x'::citext FROM t")).toBe('refuse guard.type-denied')
  })
})
