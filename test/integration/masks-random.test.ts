import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createMysqlEngine, createPostgresEngine, createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { diceOf } from '../support/dice.ts'
import { MaskedWorlds, maskLines, outcomeOf, succeeds } from '../support/mask-asking.ts'
import { randomPolicy } from '../support/mask-policies.ts'
import { StatementMaker, type MakerDialect } from '../support/mask-statements.ts'
import { freshMariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { cleanTables, mariadbTablesSql, tables, tablesSql, viewsSql, type WorldTable } from '../support/mask-world.ts'
import { mysqlHere, mysqlServers, type MysqlKind } from '../support/mysql-server.ts'
import { freshDatabase } from '../support/postgres-server.ts'

// More, or others: AISHELL_MASK_POLICIES=100 AISHELL_MASK_SEED=7 npm test -- masks-random
const policies = Number(process.env['AISHELL_MASK_POLICIES'] ?? 4)
const seed = Number(process.env['AISHELL_MASK_SEED'] ?? 1)
const statementsPerPolicy = 40

/** Makes a database of these tables and opens it as a reader. */
type World = (all: readonly WorldTable[]) => Promise<EnginePool>

const options = { maxLeases: 1, maxWaiting: 2, connectTimeoutMs: 10_000 }
const directory = mkdtempSync(join(tmpdir(), 'aishell-mask-random-'))
const opened: EnginePool[] = []
const guards: MaskedWorlds[] = []
afterAll(async () => {
  for (const pool of opened) await pool.close()
  for (const { guard } of guards) await guard.close()
  for (const server of servers.values()) await (await server).stop()
  rmSync(directory, { recursive: true, force: true })
})

const postgresWorld: World = async (all) => {
  const database = await freshDatabase()
  await database.query(tablesSql(all) + viewsSql)
  return createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open({ engine: 'postgres', ...database.reader }, options)
}

const sqliteWorld: World = async (all) => {
  const file = join(directory, `${opened.length}.db`)
  const database = new DatabaseSync(file)
  database.exec(tablesSql(all) + viewsSql)
  database.close()
  return createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, options)
}

const servers = new Map<string, Promise<MariadbServer>>()

const worldOn =
  (engine: MysqlKind): World =>
  async (all) => {
    const server = servers.get(engine) ?? mysqlServers[engine].start()
    servers.set(engine, server)
    const database = await freshMariadbDatabase(await server)
    await database.script(mariadbTablesSql(all))
    return createMysqlEngine(engine, { allowPrivateHosts: true, allowedHosts: [] }).open({ engine, ...database.reader }, options)
  }

async function open(world: World, all: readonly WorldTable[]): Promise<EnginePool> {
  const pool = await world(all)
  opened.push(pool)
  return pool
}

/** Statements of the corpus that hold for any policy: those that show the same in both worlds. */
function corpusOf(dialect: string): readonly string[] {
  const plain = maskLines(dialect).filter(({ expect: outcome }) => outcome === 'same')
  return plain.map((line) => line.sql).filter((sql) => !/\b(event|person|contractor|mv_|v_whole|moods|page|pg_column_size)/.test(sql))
}

describe.each<[MakerDialect, World]>([
  ['postgres', postgresWorld],
  ['sqlite', sqliteWorld],
  ...mysqlHere.map((kind): [MakerDialect, World] => [kind, worldOn(kind)]),
])('random policies and statements of %s', (dialect, world) => {
  test('show what the same database shows that never held what they hide', async () => {
    const secret = await open(world, tables)
    const worlds = new MaskedWorlds(secret, await secret.readCatalog({ disclosure: 'schema' }))
    guards.push(worlds)
    const tally = { same: 0, fails: 0, refused: 0 }
    const wrong: string[] = []
    for (let at = 0; at < policies; at++) {
      const dice = diceOf(seed * 1_000 + at)
      const { policy, isVisible } = randomPolicy(dice, dialect === 'sqlite')
      const clean = await open(world, cleanTables(policy, isVisible))
      const maker = new StatementMaker(dice, dialect)
      const corpus = corpusOf(dialect)
      for (let count = 0; count < statementsPerPolicy; count++) {
        const sql = dice.chance(0.25) ? dice.pick(corpus) : maker.statement()
        const seen = await worlds.ask(sql, policy)
        const outcome =
          seen.failure !== null && (await succeeds(sql, clean))
            ? `only the masked one fails: ${seen.failure}`
            : await outcomeOf(sql, seen, clean)
        if (outcome === 'same') tally.same += 1
        else if (outcome === 'fails') tally.fails += 1
        else if (outcome.startsWith('guard.')) tally.refused += 1
        else
          wrong.push(`policy ${seed * 1_000 + at}: ${sql}\n${outcome}\n${JSON.stringify(policy.masks)} ${JSON.stringify(policy.filters)}`)
      }
      await clean.close()
    }
    expect(wrong).toEqual([])
    // A world in which all is refused would prove nothing.
    expect(tally.same).toBeGreaterThan(0.8 * policies * statementsPerPolicy)
    console.info(dialect, tally)
  }, 300_000) // hundreds of questions to two databases each
})
