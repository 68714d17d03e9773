import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import { createMysqlEngine } from '../../../src/platform/engines/index.ts'
import { freshMariadbDatabase, startMariadb, testRoot } from '../../../test/support/mariadb-server.ts'
import type { World } from './world.ts'

const schema = `
  CREATE TABLE item (id int PRIMARY KEY, name varchar(40) NOT NULL, price decimal(10,2), made date, doc longtext);
  CREATE TABLE sale (id int PRIMARY KEY, item_id int, sold_at datetime, big bigint, FOREIGN KEY (item_id) REFERENCES item (id));
  CREATE TABLE \`Odd Name\` (\`Weird \`\`Column\` int, \`select\` varchar(10));
  CREATE TABLE trail (at varchar(10));
  CREATE SEQUENCE counter;
  CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 10;
  CREATE VIEW nested AS SELECT c.id, s.big FROM cheap c JOIN sale s ON s.item_id = c.id;
  CREATE FUNCTION evil (a int) RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO trail VALUES ('x'); RETURN 1; END;
  CREATE PROCEDURE harm () INSERT INTO trail VALUES ('y');
  CREATE TRIGGER on_sale AFTER INSERT ON sale FOR EACH ROW INSERT INTO trail VALUES ('z');
  INSERT INTO item VALUES (1, 'a', 1.5, '2026-01-01', '{"a":1}'), (2, 'b', 20, NULL, NULL);
  INSERT INTO sale VALUES (1, 1, '2026-01-01', 9007199254740993)`

/** Everything that a statement can leave behind it: rows, objects, accounts, locks, settings and files. */
const witness = `
  SELECT coalesce((SELECT sum(trx_rows_modified) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = CONNECTION_ID()), 0) AS \`modified\`,
    (SELECT count(*) FROM trail) AS \`trail\`, (SELECT count(*) FROM item) AS \`items\`, (SELECT next_not_cached_value FROM counter) AS \`counter\`,
    (SELECT group_concat(table_name ORDER BY table_name) FROM information_schema.TABLES WHERE table_schema = DATABASE()) AS \`tables\`,
    (SELECT count(*) FROM information_schema.ROUTINES) AS \`routines\`, (SELECT count(*) FROM information_schema.TRIGGERS) AS \`triggers\`,
    (SELECT count(*) FROM information_schema.SCHEMATA) AS \`schemas\`, (SELECT count(*) FROM mysql.global_priv) AS \`accounts\`,
    IS_USED_LOCK('a') AS \`locks\`, DATABASE() AS \`base\`, @a AS \`variable\`,
    concat_ws(',', @@sql_mode, @@autocommit, @@tx_isolation, @@tx_read_only, @@character_set_client, @@foreign_key_checks) AS \`settings\``

/** A MariaDB in which everything that can do harm is within reach: statements run as its root, in a transaction that may write. */
export async function openMysqlWorld(dialect: 'mysql' | 'mariadb'): Promise<World> {
  const server = await startMariadb()
  const database = await freshMariadbDatabase(server)
  await database.script(schema)
  const engine = createMysqlEngine('mariadb', { allowPrivateHosts: true, allowedHosts: [] })
  const pool = engine.open({ engine: 'mariadb', ...database.reader }, { maxLeases: 1, maxWaiting: 1, connectTimeoutMs: 10_000 })
  const catalog = await pool.readCatalog({ disclosure: 'schema' })
  await pool.close()
  const functions = await database.query('SELECT FUNCTION AS name FROM information_schema.SQL_FUNCTIONS')
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
    await made.query('SET max_statement_time = 0.3, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1')
    return made
  }

  /** With time of its own: on a busy machine it takes longer than what a statement gets. */
  async function look(): Promise<string> {
    const [limit] = await client.query('SELECT @@max_statement_time')
    const [rows] = await client.query(`SET STATEMENT max_statement_time = 60 FOR ${witness}`)
    const files = ['.', 'data'].map((folder) =>
      readdirSync(join(server.folder, folder)).filter((name) => !/^(ib|aria|.*\.(log|err|pid|sock))/.test(name)),
    )
    return JSON.stringify([limit, rows, files])
  }

  return {
    catalog: { ...catalog, dialect },
    functions: [
      ...functions.map((row) => String(row['name'])),
      'evil',
      'LOAD_FILE',
      'SLEEP',
      'GET_LOCK',
      'NEXTVAL',
      'LAST_INSERT_ID',
      'BENCHMARK',
    ],
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
        client = await connect()
        return { error: null, change: `the session was lost: ${String(cause)}` }
      }
    },
    close: async () => {
      await client.end()
      await server.stop()
    },
  }
}
