import { hash } from 'node:crypto'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { isUuid, isShellError, ShellError, type Scope } from '../../domain/index.ts'
import { listMigrations, runtimeRole } from './migrate.ts'
import type { Database } from './schema.ts'
import { clientConfig, type StoreAddress } from './store-address.ts'
import type { Query, Store } from './store.ts'

/** Opens the store for serving; nothing connects until the first query. Run `migrate` before. */
export function createStore(options: { readonly address: StoreAddress; readonly poolMax: number }): Store {
  const pool = new Pool({ ...clientConfig(options.address), max: options.poolMax })
  pool.on('error', () => undefined) // an idle connection died; the next query opens another and says so if it cannot
  // One on loan that dies while nothing is asked of it would end the process; its next query fails, and that is enough.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const database = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  return {
    within: (scope, work) => transaction(database, scope, work),
    withoutTenant: (work) => transaction(database, null, work),
    call: prepared(pool),
    check: () => check(database),
    close: () => database.destroy(),
  }
}

/**
 * Each session keeps the statement parsed, until a pooler turns out to stand between, which lends a session out statement by
 * statement: then what one has prepared is not there for the next (26000), or is there already (42P05). Nothing has run then.
 */
function prepared(pool: Pool): Store['call'] {
  let isPooled = false
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const known = names.get(text) ?? `aishell_${hash('sha256', text).slice(0, 16)}` // another version's is another one
    names.set(text, known)
    return known
  }
  const run = async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row> => {
    const isKept = !isPooled
    try {
      const { rows } = await pool.query<Row>({ text, values: [...values], ...(isKept ? { name: nameOf(text) } : {}) })
      return rows[0] as Row // a function without SETOF gives one
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (!isKept || (code !== '26000' && code !== '42P05')) throw translate(error)
    }
    isPooled = true
    return await run(text, values)
  }
  return run
}

/** One round trip opens the transaction, enters the runtime role and names the tenant; all three end with it. */
async function transaction<Result>(
  database: Kysely<Database>,
  scope: Scope | null,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const tenantId = scope?.tenantId ?? ''
  if (scope !== null && !isUuid(tenantId)) throw new ShellError({ code: 'store.bad-scope', kind: 'invalid', message: 'That is no tenant.' })
  try {
    return await database.connection().execute(async (connection) => {
      try {
        // Within: where the role is refused the transaction has begun all the same, and the pool must not get it back so.
        await connection
          .executeQuery(
            CompiledQuery.raw(
              `BEGIN; SET LOCAL ROLE ${runtimeRole}; SET LOCAL search_path = public; SET LOCAL app.tenant_id = '${tenantId}'`,
            ),
          )
          .catch(roleRefused)
        const result = await work(connection)
        // COMMIT of a failed transaction says nothing and keeps nothing; SELECT complains.
        await connection.executeQuery(CompiledQuery.raw('SELECT 1; COMMIT'))
        return result
      } catch (error) {
        await connection.executeQuery(CompiledQuery.raw('ROLLBACK')).catch(() => undefined) // the connection may be what failed
        throw error
      }
    })
  } catch (error) {
    throw translate(error)
  }
}

/** Of all that a transaction begins with, the server can object to the role only: it is not there, or DB_USER may not enter it. */
function roleRefused(error: unknown): never {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string' || !/^(22|42)/.test(code)) throw error
  throw new ShellError({
    code: 'store.role-refused',
    kind: 'failed',
    message: `The store lets this server not enter the role ${runtimeRole}, without which it touches no tenant’s rows.`,
    hint: `The operator runs \`aishell doctor\`, which names the repair: as an administrator of the store, GRANT ${runtimeRole} TO <DB_USER>;`,
    cause: error,
  })
}

/** Names what an operator can act on; constraint violations stay as they are for the room that knows their meaning. */
function translate(error: unknown): unknown {
  if (isShellError(error) || !isServersFault(error)) return error
  return new ShellError({
    code: 'store.unreachable',
    kind: 'failed',
    message: 'The store does not answer.',
    hint: 'Try again in a moment; if it stays so, the operator should look at the PostgreSQL behind DB_HOST.',
    cause: error,
  })
}

/** Lost connections, shut-downs, exhausted servers; not a room's own mistake, nor what a constraint says. */
function isServersFault(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return !/^(22|23|25|42|RC)/.test(code)
  return typeof message === 'string' && /connection|timeout/i.test(message) // pg has no codes for these
}

async function check(database: Kysely<Database>): Promise<void> {
  const known = listMigrations()
  const applied = await transaction(database, null, async (query) => {
    const { rows } = await sql<{ name: string }>`SELECT name FROM schema_migration`.execute(query)
    return new Set(rows.map((row) => row.name))
  })
  const missing = known.filter((migration) => !applied.has(migration.name))
  if (missing.length === 0) return
  throw new ShellError({
    code: 'store.behind',
    kind: 'failed',
    message: `The store lacks ${missing.length} migration(s), first ${missing[0]?.name ?? ''}.`,
    hint: 'Run `aishell migrate`, or start a server with migrations at start.',
  })
}
