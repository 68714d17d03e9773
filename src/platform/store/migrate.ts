import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { Client } from 'pg'
import { isShellError, ShellError } from '../../domain/index.ts'
import { clientConfig, type StoreAddress } from './store-address.ts'

export interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, hex: an edited migration is noticed. */
  readonly digest: string
}

/** Any number, the same in every version: two servers that start together migrate one after the other. */
const lockKey = 4_711_072_401

export const runtimeRole = 'aishell_runtime'

export function listMigrations(): readonly Migration[] {
  const folder = fileURLToPath(new URL('migrations', import.meta.url))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .toSorted()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8')
      return { name: file.replace(/\.sql$/, ''), sql, digest: createHash('sha256').update(sql).digest('hex') }
    })
}

/** Brings the store's schema up to this version; gives the names of what was applied. Safe to run from many servers at once. */
export async function migrate(address: StoreAddress): Promise<readonly string[]> {
  const client = new Client(clientConfig(address))
  await connect(client, address)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    await client.query('SET search_path = public')
    await checkServer(client)
    await ensureRuntimeRole(client)
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    )
    await client.query(`GRANT SELECT ON schema_migration TO ${runtimeRole}`)
    return await applyPending(client)
  } finally {
    await client.end()
  }
}

async function connect(client: Client, address: StoreAddress): Promise<void> {
  try {
    await client.connect()
  } catch (cause) {
    throw new ShellError({
      code: 'store.unreachable',
      kind: 'failed',
      message: `The store (PostgreSQL at ${address.host}:${address.port}, database ${address.database}) cannot be reached: ${(cause as Error).message}`,
      hint: 'Check DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD and DB_SSLMODE, and that the server is up.',
      cause,
    })
  }
}

async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>("SELECT current_setting('server_version_num')::int AS version")
  if ((rows[0]?.version ?? 0) >= 150_000) return
  throw new ShellError({
    code: 'store.server-too-old',
    kind: 'failed',
    message: 'The store needs PostgreSQL 15 or newer.',
    hint: 'Point DB_HOST at a newer server.',
  })
}

/** The role questions are served with. Owns nothing; entered with SET LOCAL ROLE, so any pooler can stand between. */
async function ensureRuntimeRole(client: Client): Promise<void> {
  if (!(await mayEnterRole(client))) {
    try {
      await makeRole(client)
      await client.query(`GRANT ${runtimeRole} TO CURRENT_USER`)
    } catch (cause) {
      throw roleMissing(cause)
    }
    if (!(await mayEnterRole(client))) throw roleMissing(null)
  }
  await checkRuntimeRole(client)
}

/** Tried and not asked: what membership allows differs between PostgreSQL versions. */
async function mayEnterRole(client: Client): Promise<boolean> {
  try {
    await client.query(`BEGIN; SET LOCAL ROLE ${runtimeRole}; ROLLBACK`)
    return true
  } catch {
    await client.query('ROLLBACK')
    return false
  }
}

async function makeRole(client: Client): Promise<void> {
  const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [runtimeRole])
  if (known.rowCount !== 0) return
  try {
    await client.query(`CREATE ROLE ${runtimeRole} NOLOGIN NOSUPERUSER NOBYPASSRLS`)
  } catch (error) {
    // Roles are the cluster's: another database's migration may have made it just now.
    if (!['42710', '23505'].includes((error as { code?: string }).code ?? '')) throw error
  }
}

function roleMissing(cause: unknown): ShellError {
  return new ShellError({
    code: 'store.role-missing',
    kind: 'failed',
    message: `The store's user may not make or enter the role ${runtimeRole}.`,
    hint: `Let an administrator run: CREATE ROLE ${runtimeRole} NOLOGIN; GRANT ${runtimeRole} TO <DB_USER>;`,
    cause,
  })
}

async function checkRuntimeRole(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolbypassrls)', [runtimeRole])
  if (rowCount === 0) return
  throw new ShellError({
    code: 'store.role-too-strong',
    kind: 'failed',
    message: `The role ${runtimeRole} is a superuser or may bypass row-level security; tenants would not be apart.`,
    hint: `ALTER ROLE ${runtimeRole} NOSUPERUSER NOBYPASSRLS;`,
  })
}

async function applyPending(client: Client): Promise<readonly string[]> {
  const known = listMigrations()
  const { rows } = await client.query<{ name: string; digest: string }>('SELECT name, digest FROM schema_migration ORDER BY name')
  checkApplied(known, rows)
  const applied = new Set(rows.map((row) => row.name))
  const pending = known.filter((migration) => !applied.has(migration.name))
  for (const migration of pending) {
    await client.query('BEGIN')
    try {
      await client.query(migration.sql.replaceAll(':runtime', runtimeRole))
      await client.query('INSERT INTO schema_migration (name, digest) VALUES ($1, $2)', [migration.name, migration.digest])
      await client.query('COMMIT')
    } catch (cause) {
      await client.query('ROLLBACK')
      throw new ShellError({
        code: 'store.migration-failed',
        kind: 'failed',
        message: `Migration ${migration.name} failed and was rolled back: ${(cause as Error).message}`,
        hint: 'The store is as it was before. The log has the cause; the earlier AI-Shell version still runs on it.',
        cause,
      })
    }
  }
  return pending.map((migration) => migration.name)
}

function checkApplied(known: readonly Migration[], applied: readonly { name: string; digest: string }[]): void {
  for (const { name, digest } of applied) {
    const migration = known.find((candidate) => candidate.name === name)
    if (migration === undefined) {
      throw new ShellError({
        code: 'store.newer',
        kind: 'conflict',
        message: `The store was migrated by a newer AI-Shell (it has ${name}, which this version does not know).`,
        hint: 'Run the newer version, or restore the backup that was made before the upgrade.',
      })
    }
    if (migration.digest === digest) continue
    throw new ShellError({
      code: 'store.migration-edited',
      kind: 'conflict',
      message: `Migration ${name} in this build is not the one the store was migrated with.`,
      hint: 'Install an unmodified build; migrations are never edited.',
    })
  }
}

/** Names of the migrations this version needs and the store lacks, oldest first. Throws `store.*`. */
export async function pendingMigrations(address: StoreAddress): Promise<readonly string[]> {
  const client = new Client(clientConfig(address))
  await connect(client, address)
  try {
    await checkServer(client)
    const known = listMigrations()
    const { rows } = await client.query<{ isThere: boolean }>('SELECT to_regclass(\'schema_migration\') IS NOT NULL AS "isThere"')
    if (rows[0]?.isThere !== true) return known.map((migration) => migration.name)
    const { rows: applied } = await client.query<{ name: string; digest: string }>('SELECT name, digest FROM schema_migration')
    checkApplied(known, applied)
    return known.map((migration) => migration.name).filter((name) => !applied.some((row) => row.name === name))
  } finally {
    await client.end()
  }
}

/** No name yet, nobody on the port, or a server that is starting or stopping: worth a wait, unlike a wrong password. */
export function isStarting(error: unknown): boolean {
  if (!isShellError(error) || error.code !== 'store.unreachable') return false
  const { code, message } = error.cause as { readonly code?: string; readonly message?: string }
  return /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|57P0|53300)/.test(code ?? '') || /timeout|terminated/i.test(message ?? '')
}
