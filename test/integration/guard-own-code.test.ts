import { beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import { openPolicy, type Catalog } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

const schema = `
  CREATE TABLE trail (x int);
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TYPE spot AS (x int, y int);
  CREATE TYPE corner AS (x int, y int);
  CREATE TABLE place (id int, at spot, m mood);
  INSERT INTO place VALUES (1, ROW(1, 2), 'sad');
  CREATE TABLE edge (b corner, e text);
  INSERT INTO edge VALUES (ROW(3, 4), 'e');`

const cast = (from: string, to: string, value: string, context = ''): string =>
  `CREATE FUNCTION f(${from}) RETURNS ${to} LANGUAGE sql AS $$ INSERT INTO trail VALUES (1); SELECT ${value}::${to} $$;
   CREATE CAST (${from} AS ${to}) WITH FUNCTION f(${from}) ${context};`

const checked = `
  CREATE FUNCTION noted(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO trail VALUES (1); RETURN true; END $$;
  CREATE DOMAIN sized AS int CHECK (noted(VALUE)); CREATE TYPE pair AS (a int, b sized);
  CREATE TABLE box (id int, p pair, size sized); INSERT INTO box VALUES (1, ROW(1, 2), 3); TRUNCATE trail;`

interface Case {
  readonly ddl: string
  /** Each runs code of the database that writes, and names none of it. */
  readonly refused: readonly string[]
  readonly allowed: readonly string[]
  /** What an admin marks to open them. */
  readonly mark: string
}

const cases: Readonly<Record<string, Case>> = {
  'a cast to text': {
    ddl: cast('spot', 'text', "'x'"),
    refused: [
      "SELECT at || '' FROM place",
      "SELECT '' || at FROM place",
      'SELECT quote_literal(at) FROM place',
      'SELECT quote_nullable(at) FROM place',
      "SELECT textanycat('', at) FROM place",
      'SELECT (at).quote_literal FROM place',
      'SELECT at::text FROM place',
    ],
    allowed: ['SELECT * FROM place', 'SELECT id::numeric FROM place', 'SELECT to_json(at) FROM place', "SELECT e || 'x' FROM edge"],
    mark: 'public.spot',
  },
  'a cast to json': {
    ddl: cast('mood', 'json', "'1'"),
    refused: [
      'SELECT to_json(m) FROM place',
      'SELECT to_jsonb(m) FROM place',
      'SELECT row_to_json(p) FROM place p',
      'SELECT (p).to_json FROM place p',
      'SELECT u.to_json FROM place p, unnest(ARRAY[p.m]) u',
      'SELECT json_agg(m) FROM place',
      "SELECT json_object('a' VALUE m) FROM place",
      'SELECT json_array(m) FROM place',
      'SELECT json_objectagg(id VALUE m) FROM place',
      'SELECT json_build_array(m) FROM place',
    ],
    allowed: ['SELECT * FROM place', "SELECT m::text || 'x' FROM place", 'SELECT to_json(e) FROM edge'],
    mark: 'public.mood',
  },
  'a cast nobody has to ask for': {
    ddl: cast('mood', 'int', '1', 'AS IMPLICIT'),
    refused: [
      'SELECT m + 1 FROM place',
      'SELECT sum(m) FROM place',
      "SELECT repeat('a', m) FROM place",
      'SELECT (ARRAY[1, 2])[m] FROM place',
      'SELECT s.m + 1 FROM (SELECT * FROM place) s',
    ],
    allowed: ['SELECT id + 1 FROM place', 'SELECT count(*) FROM place', 'SELECT e FROM edge'],
    mark: 'public.mood',
  },
  'a cast to another type of the database': {
    ddl: cast('spot', 'corner', 'ROW(1, 2)', 'AS IMPLICIT'),
    refused: ['SELECT at FROM place UNION ALL SELECT b FROM edge'],
    allowed: ['SELECT id FROM place UNION ALL SELECT length(e) FROM edge'],
    mark: 'pg_catalog.any',
  },
  'a cast between types of the server': {
    ddl: cast('bigint', 'boolean', 'true', 'AS IMPLICIT'),
    refused: ['SELECT id::bigint::boolean FROM place', 'SELECT id FROM place WHERE id::bigint', 'SELECT 5000000000 AND true'],
    allowed: [],
    mark: 'pg_catalog.any, pg_catalog.bool',
  },
  'the check of a domain': {
    ddl: checked,
    refused: [
      `SELECT jsonb_populate_record(p, '{"b": 9}') FROM box`,
      `SELECT json_populate_record(b, '{"size": 9}') FROM box b`,
      `SELECT jsonb_populate_recordset(p, '[{"b": 9}]') FROM box`,
    ],
    allowed: ['SELECT * FROM box', 'SELECT to_jsonb(b) FROM box b', 'SELECT size + 1 FROM box'],
    mark: 'public.pair, public.sized',
  },
}

describe.each(Object.entries(cases))('code that %s runs', (name, { ddl, refused, allowed, mark }) => {
  const guard = createGuard()
  let database: TestDatabase
  let catalog: Catalog

  beforeAll(async () => {
    database = await freshDatabase()
    await database.query(schema + ddl)
    catalog = await readCatalog(database)
  })

  async function decisionOn(sql: string, safeFunctions: readonly string[] = []): Promise<string> {
    const policy = { ...openPolicy, safeFunctions, version: `${name} ${safeFunctions.join()}` }
    const context = { catalog, dialect: 'postgres' as const, policy, roles: ['reader'], connectionId: name, limits: policy.defaults }
    return (await guard.guard({ sql, params: [] }, context)).verdict.decision
  }

  async function changes(sql: string): Promise<boolean> {
    const count = async (): Promise<unknown> => (await database.query('SELECT count(*) FROM trail')).rows[0]
    const before = JSON.stringify(await count())
    await database.query(sql)
    return JSON.stringify(await count()) !== before
  }

  test.each(refused)('is not run by: %s', async (sql) => {
    expect({ decision: await decisionOn(sql), changes: await changes(sql) }).toEqual({ decision: 'refuse', changes: true })
    expect(await decisionOn(sql, mark.split(', '))).toBe('allow')
  })

  test('and what does not run it is let through', async () => {
    for (const sql of allowed)
      expect({ sql, decision: await decisionOn(sql), changes: await changes(sql) }).toEqual({ sql, decision: 'allow', changes: false })
  })
})

test('a column of a table that is not there has no type of its own', async () => {
  const types = ['public.spot', 'pg_catalog.any']
  const catalog = catalogFrom('postgres', [{ name: 'place', columns: ['id:integer', 'at:spot'] }], { types })
  const context = { catalog, dialect: 'postgres' as const, policy: openPolicy, roles: ['reader'], connectionId: 'missing' }
  const codesOf = async (sql: string): Promise<string[]> => {
    const { verdict } = await createGuard().guard({ sql, params: [] }, { ...context, limits: openPolicy.defaults })
    return verdict.reasons.map((reason) => reason.code)
  }
  expect(await codesOf('SELECT p.id, m.at FROM place p, missing m')).toEqual(['guard.table-not-available'])
  expect(await codesOf('SELECT p.at, m.at FROM place p, missing m')).toEqual(['guard.type-denied', 'guard.table-not-available'])
})
