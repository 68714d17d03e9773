import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectionInput } from '../../src/contract/index.ts'
import type { Dialect } from '../../src/domain/index.ts'
import { checkStatements } from '../../src/guard-check.ts'
import { freshMariadbDatabase } from '../support/mariadb-server.ts'
import { mysqlHere, mysqlServers, type MysqlKind } from '../support/mysql-server.ts'
import { freshDatabase, freshStore } from '../support/postgres-server.ts'
import { startServing, type ServingProcess } from '../support/serving-process.ts'
import { runPiped } from '../support/terminal-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-dump-'))
const closing: (() => Promise<void>)[] = []
let server: ServingProcess

beforeAll(async () => {
  server = await startServing(await freshStore(), { env: { CONNECTION_SQLITE_DIRS: folder } })
})
afterAll(async () => {
  for (const close of closing) await close()
  await server.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

const schema = [
  'CREATE TABLE customer (id integer PRIMARY KEY, name varchar(40), iban varchar(40))',
  'CREATE TABLE sale (id integer PRIMARY KEY, customer_id integer, total integer)',
  'CREATE VIEW rich AS SELECT c.id, c.name FROM customer c JOIN sale s ON s.customer_id = c.id WHERE s.total > 100',
]

/** Each engine with the same tables, and something of its own that a verdict hangs on. */
const engines: Readonly<Record<Dialect, () => Promise<Omit<ConnectionInput, 'name' | 'description'>>>> = {
  postgres: async () => {
    const database = await freshDatabase()
    const own = `CREATE FUNCTION lower(integer) RETURNS text LANGUAGE sql AS $$ SELECT 'own' $$; CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE diary (m mood)`
    await database.query(`${schema.join(';')}; ${own}`)
    const { host, port, user, password, database: base } = database.reader
    return { engine: 'postgres', target: { host, port, database: base, user, password: password.reveal(), sslmode: 'disable' } }
  },
  mariadb: () => ofMysql('mariadb'),
  mysql: () => ofMysql('mysql'),
  sqlite: async () => {
    const file = join(folder, 'shop.sqlite')
    const database = new DatabaseSync(file)
    database.exec(`${schema.join(';')}; CREATE VIRTUAL TABLE page USING fts5 (body)`)
    database.close()
    return { engine: 'sqlite', target: { file } }
  },
}

async function ofMysql(engine: MysqlKind) {
  const started = await mysqlServers[engine].start()
  closing.push(() => started.stop())
  const database = await freshMariadbDatabase(started)
  await database.script(`${schema.join(';')}; CREATE FUNCTION own_upper (a text) RETURNS text DETERMINISTIC RETURN upper(a)`)
  const { host, port, user, password, database: base } = database.reader
  return { engine, target: { host, port, database: base, user, password: password.reveal(), sslmode: 'disable' as const } }
}

const statements = [
  'SELECT * FROM customer',
  'SELECT name, iban FROM customer WHERE id = 1',
  'SELECT name FROM costumer',
  'SELECT nam FROM customer',
  'SELECT name FROM rich',
  'SELECT c.name FROM customer c JOIN sale s ON s.customer_id = c.id',
  'SELECT lower(name) FROM customer',
  'SELECT own_upper(name) FROM customer',
  'SELECT m::mood FROM diary',
  "SELECT body FROM page WHERE page MATCH 'a'",
  'WITH customer AS (SELECT 1 AS x) SELECT x FROM customer',
  'SELECT count(*) FROM information_schema.tables',
  'SELECT name FROM sqlite_schema',
  'SELECT name FROM customer FOR UPDATE',
  'INSERT INTO customer (id) VALUES (9)',
  'DROP TABLE customer',
  'SELECT 1; SELECT 2',
  'SELECT',
]

interface Judged {
  readonly verdict: string
  readonly class: string
  readonly codes: readonly string[]
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly functions: readonly string[]
}

describe('a dumped catalog', () => {
  test.each<Dialect>(['postgres', 'sqlite', ...mysqlHere])('of %s gives the verdicts of the connection it came from', async (engine) => {
    const input = { ...(await engines[engine]()), name: engine, description: '' } as ConnectionInput // the parts fit one another
    await server.admin.createConnection(input)
    const file = join(folder, `${engine}.json`)
    const dumped = await runPiped({ baseUrl: server.url, token: server.adminToken }, ['catalog', 'dump', engine, '-o', file])
    expect(dumped).toMatchObject({ code: 0, out: '' })
    const live: Judged[] = []
    for (const sql of statements) {
      const { verdict } = await server.admin.draft({ connection: engine, sql })
      const { decision, class: kind, reasons, tables, columns, functions } = verdict ?? { reasons: [] }
      const codes = [...new Set(reasons.map((reason) => reason.code))]
      live.push({ verdict: decision, class: kind, codes, tables, columns, functions } as Judged) // a draft of SQL by hand has a verdict
    }
    const offline = await judgedBy(file, engine)
    expect(offline).toEqual(live)
    expect(new Set(live.map((one) => one.verdict))).toEqual(new Set(['allow', 'refuse']))
  })
})

async function judgedBy(catalog: string, dialect: Dialect): Promise<Judged[]> {
  let written = ''
  const input = Readable.from(statements.map((sql) => `${JSON.stringify({ id: sql, sql, params: [] })}\n`))
  const write = async (text: string): Promise<void> => void (written += text)
  await checkStatements({ dialect, catalog, policy: null, role: 'admin', failOn: 'never' }, { input, write })
  const lines = written.trim().split('\n')
  return lines.map((line) => {
    const { id: _id, ms: _ms, ...judged } = JSON.parse(line) as Judged & { readonly id: string; readonly ms: number } // the command's own format
    return judged
  })
}
