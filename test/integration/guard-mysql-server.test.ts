import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPolicy, type Catalog, type StatementClass } from '../../src/domain/index.ts'
import { createMysqlEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { approve, failureOf, read } from '../support/engine-statements.ts'
import { describeMysql } from '../support/describe-mysql.ts'
import { freshMariadbDatabase, type MariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import type { MysqlKind } from '../support/mysql-server.ts'

interface Line {
  readonly id: string
  readonly sql: string
  readonly class: StatementClass
  readonly decision: 'allow' | 'refuse'
  readonly policy?: object
  /** Why the server does not run it though the guard lets it through: what it cannot read it cannot read apart from us. */
  readonly fails?: string
}

const root = join(import.meta.dirname, '../..')
const linesOf = (dialect: MysqlKind): readonly Line[] => {
  const corpus = join(root, 'test/corpus/guard', dialect)
  return readdirSync(corpus)
    .flatMap((file) => readFileSync(join(corpus, file), 'utf8').trim().split('\n'))
    .map((text) => JSON.parse(text) as Line) // our own files
    .filter((line) => line.policy === undefined)
}
const guard = createGuard()
afterAll(() => guard.close())

const ways = {
  mariadb: { accounts: 'mysql.global_priv', readOnly: '@@tx_read_only', locks: null },
  mysql: {
    accounts: 'mysql.user',
    readOnly: '@@transaction_read_only',
    locks: /\bFOR SHARE\b/, // until we roll back
  },
} as const

describeMysql('the corpus beside a real server,', (dialect, start) => {
  const { accounts, readOnly, locks } = ways[dialect]
  const lines = linesOf(dialect)
  let server: MariadbServer
  let database: MariadbDatabase
  let pool: EnginePool
  let catalog: Catalog

  beforeAll(async () => {
    server = await start()
    database = await freshMariadbDatabase(server, 'harbor')
    await database.script(readFileSync(join(root, 'demo/harbor-goods.sql'), 'utf8'))
    await database.query(`CREATE VIEW big_customer AS SELECT customer_id, name, country_id FROM customer WHERE segment = 'enterprise'`)
    const engine = createMysqlEngine(dialect, { allowPrivateHosts: true, allowedHosts: [] })
    pool = engine.open({ engine: dialect, ...database.reader }, { maxLeases: 1, maxWaiting: 1, connectTimeoutMs: 10_000 })
    catalog = await pool.readCatalog({ disclosure: 'schema' })
  })
  afterAll(async () => {
    await pool.close()
    await server.stop()
  })

  const judge = async (sql: string) =>
    await guard.guard(
      { sql, params: [] },
      { catalog, dialect, policy: openPolicy, roles: ['reader'], connectionId: 'c', limits: openPolicy.defaults },
    )

  /** The text the server itself keeps of a statement as a view, and the tables in it, which it writes out in full. */
  const asView = async (sql: string): Promise<{ readonly text: string; readonly tables: readonly string[] } | null> => {
    const made = await database.query(`CREATE OR REPLACE VIEW witness AS ${sql.replace(/;\s*$/, '')}`).catch(() => null)
    if (made === null) return null
    const [row] = await database.query(`SELECT VIEW_DEFINITION AS text FROM information_schema.VIEWS WHERE TABLE_NAME = 'witness'`)
    const text = String(row?.['text'])
    const names = Array.from(text.matchAll(/`harbor`\.`([^`]+)`(?!\.)/g), ([, name]) => `harbor.${name}`)
    return { text, tables: [...new Set(names)].toSorted() }
  }

  test('what is let through runs, reads the tables the server finds in it, and can be read as the server writes it', async () => {
    const allowed = lines.filter((line) => line.decision === 'allow')
    const wrong: object[] = []
    let compared = 0
    for (const { id, sql, fails } of allowed) {
      const { verdict, approved } = await judge(sql)
      const failure =
        approved === null
          ? verdict.reasons
          : await read(pool, approved).then(
              () => null,
              (error: unknown) => String(error),
            )
      if ((failure !== null) !== (fails !== undefined)) wrong.push({ id, sql, failure })
      const view = await asView(sql)
      if (view === null) continue // two columns of one name, or nothing a view can hold
      compared += 1
      if (JSON.stringify(view.tables) !== JSON.stringify(verdict.tables)) wrong.push({ id, tables: view.tables, told: verdict.tables })
      const { verdict: again } = await judge(view.text)
      if (again.decision !== 'allow') wrong.push({ id, text: view.text, reasons: again.reasons })
    }
    expect(wrong).toEqual([])
    expect(compared).toBeGreaterThan(180)
  }, 300_000) // hundreds of statements, each judged, run and kept as a view

  test('what is refused changes nothing either when the guard is off', async () => {
    const state = async (): Promise<string> => {
      const tables = await database.query(
        `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'harbor' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1`,
      )
      const sums = await database.query(`CHECKSUM TABLE ${tables.map(({ name }) => String(name)).join(', ')}`)
      const objects = await database.query(
        `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'harbor' AND TABLE_NAME <> 'witness' UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'harbor'
           UNION ALL SELECT TRIGGER_NAME FROM information_schema.TRIGGERS UNION ALL SELECT EVENT_NAME FROM information_schema.EVENTS UNION ALL SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
           UNION ALL SELECT CONCAT(User, Host) FROM ${accounts} ORDER BY 1`,
      )
      return JSON.stringify([sums, objects])
    }
    const before = await state()
    const ran: string[] = []
    for (const { sql, class: kind } of lines.filter((line) => line.decision === 'refuse' && line.class !== 'read')) {
      const failure = await failureOf(read(pool, approve(sql, [], { statementTimeoutMs: 2_000 })))
      if (failure.code === 'none') ran.push(`${kind}: ${sql}`)
    }
    expect(await state()).toBe(before)
    // What still runs (SECURITY.md lists it) reads, or steers a session that is set anew before its next statement.
    expect(ran.filter((line) => /^(write|ddl):/.test(line) && locks?.test(line) !== true)).toEqual([])
    expect(await read(pool, approve(`SELECT "it\\"s", @@character_set_client, ${readOnly}`)).then(({ rows }) => rows)).toEqual([
      ['it"s', 'utf8mb4', '1'],
    ])
  })
})
