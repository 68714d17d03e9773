import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { areRowsAlike } from '../../bench/accuracy/compare-rows.ts'
import { openPolicy, type Catalog } from '../../src/domain/index.ts'
import { createMysqlEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { demoDatabase, tour } from '../support/demo-database.ts'
import { read } from '../support/engine-statements.ts'
import { freshMariadbDatabase, type MariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { describeMysql } from '../support/describe-mysql.ts'
import type { TestDatabase } from '../support/postgres-server.ts'

const today = new Date().toISOString().slice(0, 10)
const guard = createGuard()
afterAll(() => guard.close())

/** What of the demo is written for PostgreSQL, as MySQL and MariaDB have it; its rows are copied. */
const shipping = `
  CREATE TABLE carrier (carrier_id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, mode VARCHAR(10) NOT NULL COMMENT 'road, rail, sea or air') COMMENT 'Companies that carry the shipments';
  CREATE TABLE shipment (shipment_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, carrier_id INTEGER NOT NULL, shipped_on DATE NOT NULL COMMENT 'Day the order was shipped',
    freight_cost NUMERIC(10,2) NOT NULL, is_replacement BOOLEAN NOT NULL, FOREIGN KEY (order_id) REFERENCES sales_order (order_id), FOREIGN KEY (carrier_id) REFERENCES carrier (carrier_id))
    COMMENT 'What was shipped: one row for each shipped order, one more for a replacement';
  ALTER TABLE sales_order COMMENT 'Orders of customers';
  ALTER TABLE product MODIFY unit_cost NUMERIC(10,2) NOT NULL COMMENT 'What we pay for one', MODIFY unit_price NUMERIC(10,2) NOT NULL COMMENT 'What a customer pays for one, before discount';
  ALTER TABLE employee MODIFY salary NUMERIC(10,2) NOT NULL COMMENT 'Yearly salary'`

describeMysql('the tour of Harbor Goods', (kind, start) => {
  let postgres: TestDatabase
  let server: MariadbServer
  let database: MariadbDatabase
  let pool: EnginePool
  let view: Catalog

  beforeAll(async () => {
    postgres = await demoDatabase()
    server = await start()
    database = await freshMariadbDatabase(server)
    await database.script(readFileSync(join(import.meta.dirname, '../../demo/harbor-goods.sql'), 'utf8'))
    await database.script(shipping)
    for (const table of ['carrier', 'shipment']) await copy(table)
    pool = createMysqlEngine(kind, { allowPrivateHosts: true, allowedHosts: [] }).open(
      { engine: kind, ...database.reader },
      { maxLeases: 2, maxWaiting: 2, connectTimeoutMs: 10_000 },
    )
    view = await pool.readCatalog({ disclosure: 'statistics' })
  })
  afterAll(async () => {
    await pool.close()
    await server.stop()
  })

  const copy = async (table: string): Promise<void> => {
    const rows = (await postgres.query(`SELECT to_jsonb(t) AS row FROM ${table} t`)).rows as { readonly row: Record<string, unknown> }[] // one column
    const [first] = rows
    if (first === undefined) return
    const names = Object.keys(first.row)
    const quoted = (value: unknown): string => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value))
    await database.query(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES ${rows.map(({ row }) => `(${names.map((name) => quoted(row[name])).join(', ')})`).join(', ')}`,
    )
  }

  test.each(tour.answerable)('right: $question', async ({ question, gold }) => {
    const draft = draftBuiltin(question, { view, today })
    if (draft.kind !== 'drafted') throw new Error(`${draft.kind}: ${draft.kind === 'abstained' ? draft.reason : draft.prompt}`)
    const context = {
      catalog: view,
      dialect: kind,
      policy: openPolicy,
      roles: ['reader'],
      connectionId: 'c',
      limits: openPolicy.defaults,
    }
    const { verdict, approved } = await guard.guard({ sql: draft.sql, params: [] }, context)
    expect({ sql: draft.sql, reasons: verdict.reasons }).toEqual({ sql: draft.sql, reasons: [] })
    if (approved === null) throw new Error('not approved')
    const wanted = (await postgres.query(gold)).rows.map((row: object) => Object.values(row).map(plain))
    const { rows } = await read(pool, approved)
    expect({
      sql: draft.sql,
      isRight: areRowsAlike(
        wanted,
        rows.map((row) => row.map(plain)),
        /order by .*(?!limit)/i.test(gold),
      ),
    }).toEqual({ sql: draft.sql, isRight: true })
  })

  test.each(tour.unanswerable)('abstains: %s', (question) => {
    expect(draftBuiltin(question, { view, today }).kind).toBe('abstained')
  })
})

/** The two servers spell one value alike once it is text: dates by their day, booleans as 0 and 1. */
function plain(value: unknown): string | null {
  if (value === null) return null
  if (value instanceof Date)
    return `${value.getFullYear()}-${String(value.getMonth() + 1).padStart(2, '0')}-${String(value.getDate()).padStart(2, '0')}`
  return typeof value === 'boolean' ? String(Number(value)) : `${value as string | number}`
}
