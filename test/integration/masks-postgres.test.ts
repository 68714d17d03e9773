import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Policy } from '../../src/domain/index.ts'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { leakOf, MaskedWorlds, maskLines, outcomeOf } from '../support/mask-asking.ts'
import { cleanTables, policy, policyWith, rule, tables, tablesSql, viewsSql } from '../support/mask-world.ts'
import { freshDatabase } from '../support/postgres-server.ts'

let secret: EnginePool
let clean: EnginePool
let worlds: MaskedWorlds

/** Tables in parts, and what only PostgreSQL has. */
const families = (isClean: boolean): string => `
  CREATE TABLE event (id integer, region text, payload text) PARTITION BY LIST (region);
  CREATE TABLE event_eu PARTITION OF event FOR VALUES IN ('EU');
  CREATE TABLE event_us PARTITION OF event FOR VALUES IN ('US');
  CREATE TABLE person (id integer, nick text);
  CREATE TABLE contractor (fee integer) INHERITS (person);
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE moods (m mood); INSERT INTO moods VALUES ('ok');
  INSERT INTO event VALUES ${isClean ? "(1, 'EU', NULL)" : "(1, 'EU', 'secret-event'), (77772, 'US', 'hidden-event')"};
  INSERT INTO person VALUES (1, ${isClean ? 'NULL' : "'secret-nick'"});
  INSERT INTO contractor VALUES (2, ${isClean ? 'NULL' : "'secret-nick-2'"}, ${isClean ? 'NULL' : '77771'});
  CREATE VIEW v_whole AS SELECT c AS whole FROM customer c;
  CREATE MATERIALIZED VIEW mv_customer AS SELECT id, email FROM customer;
  CREATE MATERIALIZED VIEW mv_contact_city AS SELECT id, city FROM contact;`

const everything: Policy = policyWith({
  masks: [
    ...policy.masks,
    rule(['event'], ['payload'], { kind: 'null' }),
    rule(['person'], ['nick'], { kind: 'null' }),
    rule(['contractor'], ['fee'], { kind: 'null' }),
  ],
  filters: [...policy.filters, { roles: [], tables: ['event'], where: 'region = actor.region' }],
})

beforeAll(async () => {
  secret = await world(tablesSql(tables) + viewsSql + families(false))
  clean = await world(tablesSql(cleanTables(policy, (row) => row['region'] === 'EU')) + viewsSql + families(true))
  worlds = new MaskedWorlds(secret, await secret.readCatalog({ disclosure: 'statistics' }))
})
afterAll(async () => {
  await secret.close()
  await clean.close()
  await worlds.guard.close()
})

async function world(sql: string): Promise<EnginePool> {
  const database = await freshDatabase()
  await database.query(sql)
  await database.query('ANALYZE')
  const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
  return engine.open({ engine: 'postgres', ...database.reader }, { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 })
}

describe('ways to get at a masked value or a filtered row of PostgreSQL', () => {
  test.each(maskLines('postgres').map((line) => [line.id, line] as const))('%s', async (_id, line) => {
    const seen = await worlds.ask(line.sql, everything)
    expect(leakOf(line.sql, seen)).toBeNull()
    expect(await outcomeOf(line.sql, seen, clean)).toBe(line.expect)
  })
})

describe('a filter', () => {
  const costly = policyWith({
    filters: [
      { roles: [], tables: ['customer'], where: "region = actor.region OR region = 'a' OR region = 'b' OR region = 'c' OR region = 'd'" },
    ],
  })

  test.each([
    ['a division', 'SELECT id FROM customer WHERE 1 / (id - 77773) < 1'],
    ['a cast', 'SELECT id FROM customer WHERE id::int2 > 0'],
    ['a cast of a text', "SELECT id FROM customer WHERE replace(name, 'name ', '')::int > 0"],
    ['a join', 'SELECT p.id FROM plain p JOIN customer c ON c.id::int2 = p.id'],
  ])('is a fence: %s that fails on a hidden row never meets it', async (_what, sql) => {
    expect((await worlds.ask(sql, costly)).failure).toBeNull()
  })

  const count = async (where: string): Promise<readonly string[] | null> =>
    (await worlds.ask('SELECT count(*) FROM customer', policyWith({ filters: [{ roles: [], tables: ['customer'], where }] }))).rows

  test.each([
    ['a list of the actor', 'team IN actor.teams', 7],
    ['the same in brackets', "team IN ('green', actor.teams)", 11],
    ['its opposite, without those of whom nothing is known', 'team NOT IN actor.teams', 4],
    ['an attribute nobody has', 'region = actor.planet', 0],
    ['its opposite', 'NOT region = actor.planet', 0],
    ['a list nobody has', 'team IN actor.planets', 0],
    ['its opposite', 'NOT (team IN actor.planets)', 0],
    ['a list as one value', 'team = actor.teams', 0],
    ['an inherited name', 'region = actor.constructor', 0],
    ['a truth alone', 'vip', 7],
    ['a number and a date', "id BETWEEN 1 AND 5 AND born >= '1962-01-01'", 3],
    ['a pattern', "name LIKE 'name 1%'", 5],
    ['NULL', 'email IS NULL OR team IS NOT NULL', 11],
    ['quoted, in other case', `"region" = 'EU' AND REGION <> 'US'`, 10],
    ['an actor among the values', "actor.region IN ('EU', 'US')", 14],
    ['the actor’s own list', 'actor.name IN actor.roles', 0],
    ['nothing', 'false', 0],
  ])('takes %s', async (_what, where, rows) => {
    expect(await count(where)).toEqual([`["${rows}"]`])
  })
})
