import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import { createMysqlEngine } from '../../../src/platform/engines/index.ts'
import { freshMariadbDatabase, testRoot } from '../../../test/support/mariadb-server.ts'
import { mysqlServers, type MysqlKind } from '../../../test/support/mysql-server.ts'
import { flavours } from './mysql-flavours.ts'
import type { World } from './world.ts'

const schema = `
  CREATE TABLE item (id int PRIMARY KEY, name varchar(40) NOT NULL, price decimal(10,2), made date, doc longtext);
  CREATE TABLE sale (id int PRIMARY KEY, item_id int, sold_at datetime, big bigint, FOREIGN KEY (item_id) REFERENCES item (id));
  CREATE TABLE \`Odd Name\` (\`Weird \`\`Column\` int, \`select\` varchar(10));
  CREATE TABLE trail (at varchar(10));
  CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 10;
  CREATE VIEW nested AS SELECT c.id, s.big FROM cheap c JOIN sale s ON s.item_id = c.id;
  CREATE FUNCTION evil (a int) RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO trail VALUES ('x'); RETURN 1; END;
  CREATE PROCEDURE harm () INSERT INTO trail VALUES ('y');
  CREATE TRIGGER on_sale AFTER INSERT ON sale FOR EACH ROW INSERT INTO trail VALUES ('z');
  INSERT INTO item VALUES (1, 'a', 1.5, '2026-01-01', '{"a":1}'), (2, 'b', 20, NULL, NULL);
  INSERT INTO sale VALUES (1, 1, '2026-01-01', 9007199254740993)`

/** Everything that a statement can leave behind it, on either server: rows, objects, locks, settings; each adds its own. */
const witness = `
  coalesce((SELECT sum(trx_rows_modified) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = CONNECTION_ID()), 0) AS \`modified\`,
  (SELECT count(*) FROM trail) AS \`trail\`, (SELECT count(*) FROM item) AS \`items\`,
  (SELECT group_concat(table_name ORDER BY table_name) FROM information_schema.TABLES WHERE table_schema = DATABASE()) AS \`tables\`,
  (SELECT count(*) FROM information_schema.ROUTINES) AS \`routines\`, (SELECT count(*) FROM information_schema.TRIGGERS) AS \`triggers\`,
  (SELECT count(*) FROM information_schema.SCHEMATA) AS \`schemas\`, RELEASE_ALL_LOCKS() AS \`locks\`, DATABASE() AS \`base\`, @a AS \`variable\``

/** A server in which everything that can do harm is within reach: statements run as its root, in a transaction that may write. */
export async function openMysqlWorld(dialect: MysqlKind): Promise<World> {
  const flavour = flavours[dialect]
  const server = await mysqlServers[dialect].start()
  const database = await freshMariadbDatabase(server)
  await database.script(schema + flavour.schema)
  const engine = createMysqlEngine(dialect, { allowPrivateHosts: true, allowedHosts: [] })
  const pool = engine.open({ engine: dialect, ...database.reader }, { maxLeases: 1, maxWaiting: 1, connectTimeoutMs: 10_000 })
  const catalog = await pool.readCatalog({ disclosure: 'schema' })
  await pool.close()
  const functions = await database.query(flavour.functions)
  let client = await connect()
  const before = await look()

  async function connect(): Promise<Connection> {
    const made = await createConnection({
      host: server.host,
      port: server.port,
      user: testRoot.user,
      password: testRoot.password.reveal(),
      database: database.database,
    })
    made.on('error', () => undefined) // seen by the next statement
    await made.query(`SET innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, ${flavour.settings}`)
    return made
  }

  async function look(): Promise<string> {
    const [limit] = await client.query(flavour.limit)
    const [rows] = await client.query(flavour.look(`${witness}, ${flavour.witness}`))
    const files = ['.', 'data'].map((folder) => readdirSync(join(server.folder, folder)).filter((name) => !flavour.comesAndGoes.test(name)))
    return JSON.stringify([limit, rows, files])
  }

  return {
    catalog,
    functions: [...new Set([...functions.map((row) => String(row['name'])), ...harmful, ...flavour.harmful])],
    run: async (sql) => {
      try {
        await client.query('START TRANSACTION')
        const error = await client.query(sql).then(
          () => null,
          (cause: unknown) => String(cause),
        )
        const after = await look()
        await client.query('ROLLBACK')
        return { error, change: after === before ? null : `${before} → ${after}` }
      } catch (cause) {
        client.destroy()
        const again = await connect().catch(() => null)
        if (again === null) {
          await server.stop()
          return { error: null, change: `the server went away: ${String(cause)}`, isGone: true }
        }
        client = again
        return { error: null, change: `the session was lost: ${String(cause)}` }
      }
    },
    close: async () => {
      await client.end()
      await server.stop()
    },
  }
}

const harmful = ['evil', 'LOAD_FILE', 'SLEEP', 'GET_LOCK', 'LAST_INSERT_ID', 'BENCHMARK']
