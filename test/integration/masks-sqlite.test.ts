import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { leakOf, MaskedWorlds, maskLines, outcomeOf } from '../support/mask-asking.ts'
import { cleanTables, policy, policyWith, rule, tables, tablesSql, viewsSql } from '../support/mask-world.ts'

const directory = mkdtempSync(join(tmpdir(), 'aishell-masks-'))
let secret: EnginePool
let clean: EnginePool
let worlds: MaskedWorlds

const more = (isClean: boolean): string => `
  CREATE INDEX customer_email ON customer (email);
  CREATE VIEW v_main AS SELECT email FROM main.contact;
  CREATE VIRTUAL TABLE page USING fts5 (title, body);
  INSERT INTO page VALUES ('one', ${isClean ? 'NULL' : "'secret-body'"});
  CREATE VIRTUAL TABLE leaf USING fts4 (title, body);
  INSERT INTO leaf VALUES ('one', ${isClean ? 'NULL' : "'secret-body'"});
  CREATE VIEW v_leaf AS SELECT title FROM leaf;
  ANALYZE;`

const everything = policyWith({ ...policy, masks: [...policy.masks, rule(['page', 'leaf'], ['body'], { kind: 'null' })] })

beforeAll(async () => {
  secret = world('secret.db', tablesSql(tables) + viewsSql + more(false))
  clean = world('clean.db', tablesSql(cleanTables(policy, (row) => row['region'] === 'EU')) + viewsSql + more(true))
  worlds = new MaskedWorlds(secret, await secret.readCatalog({ disclosure: 'statistics' }))
})
afterAll(async () => {
  await secret.close()
  await clean.close()
  await worlds.guard.close()
  rmSync(directory, { recursive: true, force: true })
})

function world(name: string, sql: string): EnginePool {
  const file = join(directory, name)
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
  return createSqliteEngine({ allowedDirectories: [directory] }).open(
    { engine: 'sqlite', file },
    { maxLeases: 1, maxWaiting: 2, connectTimeoutMs: 10_000 },
  )
}

describe('ways to get at a masked value or a filtered row of SQLite', () => {
  test.each(maskLines('sqlite').map((line) => [line.id, line] as const))('%s', async (_id, line) => {
    const seen = await worlds.ask(line.sql, everything)
    expect(leakOf(line.sql, seen)).toBeNull()
    expect(await outcomeOf(line.sql, seen, clean)).toBe(line.expect)
  })
})

describe('a filter of SQLite', () => {
  const count = async (where: string): Promise<readonly string[] | null> =>
    (await worlds.ask('SELECT count(*) FROM customer', policyWith({ filters: [{ roles: [], tables: ['customer'], where }] }))).rows

  test.each([
    ['a list of the actor', 'team IN actor.teams', 7],
    ['its opposite, without those of whom nothing is known', 'team NOT IN actor.teams', 4],
    ['an attribute nobody has', 'region = actor.planet', 0],
    ['its opposite', 'NOT region = actor.planet', 0],
    ['a list nobody has', 'team IN actor.planets', 0],
    ['its opposite', 'NOT (team IN actor.planets)', 0],
    ['a number and a date', "id BETWEEN 1 AND 5 AND born >= '1962-01-01'", 3],
    ['NULL', 'email IS NULL OR team IS NOT NULL', 11],
    ['nothing', 'false', 0],
    ['no column at all', "actor.name = 'ada'", 14],
  ])('takes %s', async (_what, where, rows) => {
    expect(await count(where)).toEqual([`["${rows}"]`])
  })

  test('is gone with the statement that had it', async () => {
    expect((await worlds.ask('SELECT count(*) FROM customer', everything)).rows).toEqual(['["10"]'])
    expect((await worlds.ask('SELECT count(*) FROM customer', policyWith({}))).rows).toEqual(['["14"]'])
  })
})
