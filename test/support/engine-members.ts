import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createMysqlEngine, createPostgresEngine, createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { freshMariadbDatabase } from './mariadb-server.ts'
import { mysqlHere, mysqlServers, type MysqlKind } from './mysql-server.ts'
import { freshDatabase } from './postgres-server.ts'

/** One engine with a database of the same content, and how its dialect says what the suite asks. */
export interface EngineMember {
  readonly name: 'postgres' | 'mysql' | 'mariadb' | 'sqlite'
  readonly pool: EnginePool
  /** Numbers from 1 to n in a column `n`. */
  readonly series: (n: number) => string
  /** Never ends by itself within a test. */
  readonly endless: string
  readonly parameter: string
  /** How the server spells the types of `invoice`. */
  readonly types: readonly string[]
  readonly close: () => Promise<void>
}

export const poolOptions = { maxLeases: 3, maxWaiting: 2, connectTimeoutMs: 10_000 }

const shop = `
  CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, city text, UNIQUE (name));
  CREATE TABLE invoice (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer (id), total numeric(10,2), note text);
  INSERT INTO customer VALUES (1, 'Ada', 'Bergen'), (2, 'Bo', 'Oslo'), (3, 'Cy', NULL);
  INSERT INTO invoice VALUES (1, 1, 10.50, ''), (2, 1, 20, NULL), (3, 2, 0.5, 'naïve ✓');
  CREATE VIEW big_invoice AS SELECT id, total FROM invoice WHERE total > 5;`

/** `admin` runs a text as the database's owner. */
export async function postgresMember(): Promise<EngineMember & { readonly admin: (sql: string) => Promise<unknown> }> {
  const database = await freshDatabase()
  await database.query(shop)
  const engine = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] })
  const { host, port, user, password } = database.reader
  const writer = { user: `${user}_writer`, password }
  await database.query(`CREATE ROLE ${writer.user} LOGIN PASSWORD '${password.reveal()}'`)
  await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON customer, invoice TO ${writer.user}`)
  const pool = engine.open(
    { engine: 'postgres', host, port, database: database.database, user, password, sslmode: 'disable', writer },
    poolOptions,
  )
  return {
    name: 'postgres',
    pool,
    admin: (sql) => database.query(sql),
    series: (n) => `SELECT n FROM generate_series(1, ${n}) AS t(n)`,
    endless: `SELECT count(*) FROM generate_series(1, 100000000000) AS t(n)`,
    parameter: '$1',
    types: ['integer', 'integer', 'numeric(10,2)', 'text'],
    close: () => pool.close(),
  }
}

export function sqliteMember(): EngineMember {
  const directory = mkdtempSync(join(tmpdir(), 'aishell-sqlite-'))
  const file = join(directory, 'shop.db')
  const database = new DatabaseSync(file)
  database.exec(shop)
  database.close()
  const pool = createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, poolOptions)
  return {
    name: 'sqlite',
    pool,
    series: (n) => `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < ${n}) SELECT n FROM t`,
    endless: `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t`,
    parameter: '?1',
    types: ['integer', 'integer', 'numeric(10,2)', 'text'],
    close: async () => {
      await pool.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function mysqlMember(name: MysqlKind): Promise<EngineMember> {
  const server = await mysqlServers[name].start()
  const database = await freshMariadbDatabase(server)
  // MySQL cannot index a text without a length, and reads a column's REFERENCES without acting on it.
  const tables = shop.replaceAll(/name text NOT NULL/g, 'name varchar(80) NOT NULL').replace('REFERENCES customer (id), total', ', total')
  await database.script(`${tables} ALTER TABLE invoice ADD CONSTRAINT invoice_customer FOREIGN KEY (customer_id) REFERENCES customer (id)`)
  const engine = createMysqlEngine(name, { allowPrivateHosts: true, allowedHosts: [] })
  const writer = { user: `${database.reader.user}w`, password: database.reader.password }
  await database.query(`CREATE USER '${writer.user}'@'127.0.0.1' IDENTIFIED BY '${writer.password.reveal()}'`)
  for (const table of ['customer', 'invoice'])
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO '${writer.user}'@'127.0.0.1'`)
  const pool = engine.open({ engine: name, ...database.reader, writer }, poolOptions)
  return {
    name,
    pool,
    series: (n) => `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000)
      SELECT n FROM (SELECT (a.n - 1) * 1000 + b.n AS n FROM t AS a, t AS b WHERE a.n <= ${Math.ceil(n / 1_000)}) AS s WHERE n <= ${n}`,
    endless: `SELECT BENCHMARK(1000000000000000, SHA2('x', 256))`,
    parameter: '?',
    types: name === 'mysql' ? ['int', 'int', 'decimal(10,2)', 'text'] : ['int(11)', 'int(11)', 'decimal(10,2)', 'text'],
    close: async () => {
      await pool.close()
      await server.stop()
    },
  }
}

/** Every engine whose server is here. */
export const engineMembers: readonly (readonly [EngineMember['name'], () => Promise<EngineMember>])[] = [
  ['postgres', postgresMember],
  ['sqlite', async () => sqliteMember()],
  ...mysqlHere.map((kind) => [kind, () => mysqlMember(kind)] as const),
]
