import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMysqlEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { describeMysql } from '../support/describe-mysql.ts'
import { freshMariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { leakOf, MaskedWorlds, maskLines, outcomeOf } from '../support/mask-asking.ts'
import { cleanTables, mariadbTablesSql, policy, policyWith, tables } from '../support/mask-world.ts'

describeMysql('masks', (dialect, start) => {
  let server: MariadbServer
  let secret: EnginePool
  let clean: EnginePool
  let worlds: MaskedWorlds
  let database: string

  beforeAll(async () => {
    server = await start()
    secret = await world(mariadbTablesSql(tables))
    clean = await world(mariadbTablesSql(cleanTables(policy, (row) => row['region'] === 'EU')))
    const catalog = await secret.readCatalog({ disclosure: 'statistics' })
    database = catalog.searchPath[0] ?? ''
    worlds = new MaskedWorlds(secret, catalog)
  })
  afterAll(async () => {
    await secret.close()
    await clean.close()
    await worlds.guard.close()
    await server.stop()
  })

  async function world(sql: string): Promise<EnginePool> {
    const made = await freshMariadbDatabase(server)
    await made.script(sql)
    const engine = createMysqlEngine(dialect, { allowPrivateHosts: true, allowedHosts: [] })
    return engine.open({ engine: dialect, ...made.reader }, { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 })
  }

  describe('ways to get at a masked value or a filtered row', () => {
    test.each(maskLines(dialect).map((line) => [line.id, line] as const))('%s', async (_id, line) => {
      const seen = await worlds.ask(line.sql, policy)
      expect(leakOf(line.sql, seen)).toBeNull()
      expect(await outcomeOf(line.sql, seen, clean)).toBe(line.expect)
    })

    test('names with the database in front are followed too', async () => {
      for (const list of ['email', `${database}.customer.email`, `${database}.customer.*`, `\`${database}\`.\`customer\`.email`]) {
        const seen = await worlds.ask(`SELECT ${list} FROM ${database}.customer WHERE ${database}.customer.id > 0`, policy)
        expect({ list, leak: leakOf('', seen), failure: seen.failure, rows: seen.rows?.length }).toEqual({
          list,
          leak: null,
          failure: null,
          rows: 10,
        })
      }
    })

    test('spellings that are written over for the parser run as they are', async () => {
      const own = {
        mariadb: "GROUP_CONCAT(email ORDER BY id DESC SEPARATOR ' ' LIMIT 2) AS e FROM customer WHERE %s GROUP BY region DESC",
        mysql: "GROUP_CONCAT(email ORDER BY id DESC SEPARATOR ' ') AS e FROM customer WHERE %s GROUP BY region WITH ROLLUP",
      }[dialect]
      const sql = `SELECT region, ${own.replace('%s', "born > {d '1900-01-01'} AND born < DATE'2100-01-01' AND id MOD 2 = 1")}`
      const seen = await worlds.ask(sql, policy)
      expect([leakOf(sql, seen), seen.failure]).toEqual([null, null])
      expect(await outcomeOf(sql, seen, clean)).toBe('same')
    })

    test('a name with the database in front that stands for two things is refused', async () => {
      const inner = `SELECT 1 FROM plain AS customer WHERE ${database}.customer.id = customer.id`
      const seen = await worlds.ask(`SELECT ${database}.customer.email FROM ${database}.customer WHERE EXISTS (${inner})`, policy)
      expect(seen.verdict.reasons[0]?.code).toBe('guard.mask-unspliced')
    })

    test('bound values stay in their places around what is put between them', async () => {
      const sql =
        'SELECT ? AS a, c.email, ? AS b FROM customer c JOIN sales_order o ON o.customer_id = c.id AND o.id = ? WHERE c.id = ? AND ? = 5'
      const seen = await worlds.ask(sql, policy, ['first', 'second', '1', '2', '5'])
      expect(seen.failure).toBeNull()
      expect(seen.rows?.map((row) => (JSON.parse(row) as string[]).filter((_, at) => at !== 1))).toEqual([['first', 'second']])
    })
  })

  describe('a filter', () => {
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
      ['a truth alone', 'vip', 7],
      ['a number and a date', "id BETWEEN 1 AND 5 AND born >= '1962-01-01'", 3],
      ['NULL', 'email IS NULL OR team IS NOT NULL', 11],
      ['a word where there are numbers', 'id = actor.name', 0],
      ['its opposite', 'id <> actor.name', 0],
      ['a number where there are words', 'team = 0', 0],
      ['a number in words where there are numbers', "id = '2'", 1],
      ['nothing', 'false', 0],
    ])('takes %s', async (_what, where, rows) => {
      expect(await count(where)).toEqual([`["${rows}"]`])
    })
  })
})
