import { Client } from 'pg'
import type { Catalog } from '../../../src/domain/index.ts'
import type { EmbeddedServer } from '../../../src/platform/store/index.ts'
import { freshDatabase, startScratchServer } from '../../../test/support/postgres-server.ts'
import { readCatalog } from '../../accuracy/load-databases.ts'
import { postgresSchema } from './postgres-schema.ts'
import type { World } from './world.ts'

/**
 * A database in which everything that can do harm is within reach: statements run as its superuser, in a transaction that may
 * write. A statement that changes anything takes a transaction id, moves the sequence, a setting or a lock; then all is rolled back.
 */
export async function openPostgresWorld(): Promise<World> {
  const server: EmbeddedServer = await startScratchServer()
  const database = await freshDatabase(server)
  await database.query(postgresSchema)
  await database.query(
    `GRANT USAGE ON SCHEMA other TO ${database.reader.user}; GRANT SELECT ON ALL TABLES IN SCHEMA other TO ${database.reader.user}`,
  )
  const catalog: Catalog = await readCatalog(database)
  const { rows } = await database.query(`SELECT DISTINCT proname::text AS name FROM pg_proc ORDER BY 1`)
  let client = await connect()

  async function connect(): Promise<Client> {
    const made = new Client({
      host: database.host,
      port: database.port,
      database: database.database,
      user: database.user,
      password: database.password.reveal(),
    })
    made.on('error', () => undefined) // seen by the next statement
    await made.connect()
    await made.query(`SET statement_timeout = '300ms'; SET lock_timeout = '100ms'; SET temp_file_limit = '50MB'; SET work_mem = '8MB'`)
    return made
  }
  const witness = `
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS "hasWritten", (SELECT last_value FROM counter) AS counter,
      (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR mode ~ 'Exclusive' AND locktype = 'relation')) AS locks,
      (SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings WHERE name IN
        ('statement_timeout', 'lock_timeout', 'search_path', 'role', 'session_authorization', 'transaction_read_only', 'row_security', 'work_mem')) AS settings,
      (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') + (SELECT count(*) FROM pg_cursors WHERE name <> '') AS named,
      (SELECT count(*) FROM pg_listening_channels()) AS channels, current_user AS "user", (SELECT count(*) FROM pg_ls_dir('.')) AS files`
  const before = await look()

  async function look(): Promise<string> {
    await client.query('BEGIN')
    const { rows: seen } = await client.query(witness)
    await client.query('ROLLBACK')
    return JSON.stringify(seen[0])
  }
  async function runOnce(sql: string): Promise<{ error: string | null; change: string | null; isUnseen: boolean }> {
    try {
      await client.query('BEGIN; SAVEPOINT before')
      let error: string | null = null
      try {
        await client.query({ text: sql, queryMode: 'extended', rowMode: 'array' } as { text: string }) // options pg has and its types lack
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause)
        await client.query('ROLLBACK TO before')
      }
      const { rows: seen } = await client.query(witness)
      await client.query('ROLLBACK')
      const after = JSON.stringify(seen[0])
      return { error, change: after === before ? null : `${before} → ${after}`, isUnseen: false }
    } catch (cause) {
      await client.end().catch(() => undefined)
      client = await connect()
      return { error: null, change: `the session was lost: ${String(cause)}`, isUnseen: (cause as { code?: unknown }).code === '57014' }
    }
  }
  return {
    catalog,
    functions: rows.map((row: { name: string }) => row.name),
    // On a machine that is very busy the look itself may run out of time: then the statement is run and looked at again.
    run: async (sql) => {
      let seen = await runOnce(sql)
      for (let again = 0; again < 3 && seen.isUnseen; again++) seen = await runOnce(sql)
      return seen
    },
    close: async () => {
      await client.end()
      await server.stop()
    },
  }
}
