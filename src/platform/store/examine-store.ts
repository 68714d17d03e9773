import { Client } from 'pg'
import { isShellError } from '../../domain/index.ts'
import type { Check } from '../../contract/index.ts'
import { pendingMigrations, runtimeRole } from './migrate.ts'
import { clientConfig, type StoreAddress } from './store-address.ts'

/** Beyond it tokens end too early or too late, and sign-in with a provider fails. */
const worstSkewMs = 5_000

/** Looks at a store without changing it: whether it can be used, and whether its walls between tenants stand. */
export async function examineStore(address: StoreAddress, now: () => number = Date.now): Promise<readonly Check[]> {
  const client = new Client(clientConfig(address))
  try {
    await client.connect()
  } catch (error) {
    return [unreachable(address, error)]
  }
  try {
    const migrations = await examineMigrations(address)
    const checks: Check[] = [{ name: 'store', state: 'ok', detail: `${address.host}:${address.port} answers` }, migrations]
    checks.push(await examineClock(client, now), ...(await examineRole(client)))
    return migrations.state === 'ok' ? [...checks, ...(await examineWalls(client))] : checks
  } finally {
    await client.end()
  }
}

function unreachable({ host, port, database, user }: StoreAddress, error: unknown): Check {
  const { code = '', message } = error as { readonly code?: string; readonly message?: string }
  const [detail, hint] = causeOf(code, message ?? '')
  return { name: 'store', state: 'failed', detail: `${user} at ${host}:${port}, database ${database}: ${detail}`, hint }
}

function causeOf(code: string, message: string): readonly [detail: string, hint: string] {
  if (code === '28P01' || /password/i.test(message)) return ['the password is refused', 'Set DB_PASSWORD to the password of DB_USER.']
  if (code === '28000') return ['the user may not sign in', 'Check DB_USER, and pg_hba.conf of the server.']
  if (code === '3D000') return ['there is no such database', 'Create it, or set DB_NAME to the one that is meant.']
  if (code === '53300') return ['it has no connection left', 'Raise max_connections there, or lower DB_POOL_MAX.']
  if (/SSL|TLS|certificate/i.test(message))
    return [
      'TLS does not come about',
      'Set DB_SSLMODE to what the server speaks: `disable`, `require`, or `verify-full` with a certificate that is trusted.',
    ]
  return ['it does not answer', 'Check DB_HOST and DB_PORT, that the server is up, and that a firewall lets this machine through.']
}

async function examineMigrations(address: StoreAddress): Promise<Check> {
  const name = 'store: migrations'
  try {
    const pending = await pendingMigrations(address)
    if (pending.length === 0) return { name, state: 'ok', detail: 'all are in' }
    const detail = `${pending.length} missing, first ${pending[0]}`
    return { name, state: 'failed', detail, hint: 'Run `aishell migrate` with these settings, or start a server with MIGRATIONS=startup.' }
  } catch (error) {
    return {
      name,
      state: 'failed',
      detail: (error as Error).message,
      ...(isShellError(error) && error.hint !== undefined ? { hint: error.hint } : {}),
    }
  }
}

async function examineClock(client: Client, now: () => number): Promise<Check> {
  const beforeMs = now()
  const { rows } = await client.query<{ ms: string }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms')
  const skewMs = Math.abs(Number(rows[0]?.ms) - (beforeMs + now()) / 2)
  const detail = `differs from the store’s by ${(skewMs / 1000).toFixed(1)} s`
  if (skewMs <= worstSkewMs) return { name: 'clock', state: 'ok', detail }
  return { name: 'clock', state: 'failed', detail, hint: 'Let NTP set the clock of this machine, and of the store’s.' }
}

async function examineRole(client: Client): Promise<readonly Check[]> {
  const name = 'store: runtime role'
  const failed = (detail: string, hint: string): Check => ({ name, state: 'failed', detail, hint })
  const { rows } = await client.query<{ isSuperuser: boolean; isBypassing: boolean; mayEnter: boolean; owned: string | null }>(
    `SELECT rolsuper AS "isSuperuser", rolbypassrls AS "isBypassing", pg_has_role(current_user, oid, 'MEMBER') AS "mayEnter",
       (SELECT string_agg(relname, ', ') FROM pg_class WHERE relowner = r.oid AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')) AS owned
     FROM pg_roles r WHERE rolname = $1`,
    [runtimeRole],
  )
  const [role] = rows
  if (role === undefined || !role.mayEnter) {
    const detail = role === undefined ? `${runtimeRole} is not there` : `DB_USER may not enter ${runtimeRole}`
    return [failed(detail, `As an administrator: CREATE ROLE ${runtimeRole} NOLOGIN; GRANT ${runtimeRole} TO <DB_USER>;`)]
  }
  const checks: Check[] = []
  if (role.isSuperuser) checks.push(failed(`${runtimeRole} is a superuser`, `As an administrator: ALTER ROLE ${runtimeRole} NOSUPERUSER;`))
  if (role.isBypassing)
    checks.push(failed(`${runtimeRole} may bypass row-level security`, `As an administrator: ALTER ROLE ${runtimeRole} NOBYPASSRLS;`))
  if (role.owned !== null)
    checks.push(failed(`${runtimeRole} owns ${role.owned}`, `As an administrator: REASSIGN OWNED BY ${runtimeRole} TO <DB_USER>;`))
  return checks.length > 0 ? checks : [{ name, state: 'ok', detail: `${runtimeRole} owns nothing and bypasses nothing` }]
}

interface Wall {
  readonly table: string
  readonly isOn: boolean
  readonly isForced: boolean
  /** Verbs without a policy that keeps to the tenant. */
  readonly missing: readonly string[] | null
  /** Policies that let everybody, or the serving role, past the tenant. */
  readonly open: readonly string[] | null
}

async function examineWalls(client: Client): Promise<readonly Check[]> {
  const { rows } = await client.query<Wall>(wallsQuery, [runtimeRole])
  const broken = rows.flatMap(faultsOf)
  return broken.length > 0
    ? broken
    : [{ name: 'store: row-level security', state: 'ok', detail: `forced on ${rows.length} tables, with all policies` }]
}

function faultsOf({ table, isOn, isForced, missing, open }: Wall): readonly Check[] {
  const name = 'store: row-level security'
  const failed = (detail: string, hint: string): Check => ({ name, state: 'failed', detail, hint })
  const again = 'Find out who changed it; a store restored from a backup, or filled by `aishell migrate`, has it.'
  return [
    ...(isOn ? [] : [failed(`it is off for ${table}`, `As its owner: ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY; ${again}`)]),
    ...(isForced ? [] : [failed(`it is not forced on ${table}`, `As its owner: ALTER TABLE ${table} FORCE ROW LEVEL SECURITY; ${again}`)]),
    ...(missing === null
      ? []
      : [failed(`${table} has no policy for ${missing.join(', ')}`, `Make it as src/platform/store/schema.sql has it. ${again}`)]),
    ...(open === null
      ? []
      : [failed(`${open.join(', ')} of ${table} lets past the tenant`, `As its owner: DROP POLICY ${open[0]} ON ${table}; ${again}`)]),
  ]
}

const wallsQuery = `
  WITH tables AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' AND NOT a.attisdropped
  ), policies AS (
    SELECT polrelid, polname, polcmd, coalesce(pg_get_expr(polqual, polrelid), '') AS shown, coalesce(pg_get_expr(polwithcheck, polrelid), '') AS kept
    FROM pg_policy WHERE polpermissive AND (0 = ANY (polroles) OR (SELECT oid FROM pg_roles WHERE rolname = $1) = ANY (polroles))
  ), sound AS (SELECT * FROM policies WHERE (shown = '' OR shown LIKE '%tenant_id = current_tenant()%') AND (kept = '' OR kept LIKE '%tenant_id = current_tenant()%')
    AND shown NOT LIKE '% OR %' AND kept NOT LIKE '% OR %')
  SELECT t.relname AS "table", t.relrowsecurity AS "isOn", t.relforcerowsecurity AS "isForced",
    (SELECT array_agg(verb) FROM (VALUES ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) v (cmd, verb)
      WHERE NOT EXISTS (SELECT 1 FROM sound s WHERE s.polrelid = t.oid AND s.polcmd IN (v.cmd::"char", '*'))) AS missing,
    (SELECT array_agg(p.polname::text) FROM policies p WHERE p.polrelid = t.oid AND NOT EXISTS (SELECT 1 FROM sound s WHERE s.polrelid = p.polrelid AND s.polname = p.polname)) AS open
  FROM tables t ORDER BY 1`
