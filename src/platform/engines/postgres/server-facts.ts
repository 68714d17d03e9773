import type { ServerFacts } from './prologue.ts'
import type { PostgresSession } from './session.ts'

interface FactsRow {
  readonly searchPath: readonly string[]
  readonly version: number
  readonly isSuperuser: boolean
  readonly processId: number
}

const query = `
  SELECT pg_catalog.current_schemas(false)::text[] AS "searchPath", pg_catalog.current_setting('server_version_num')::int AS version,
    pg_catalog.pg_backend_pid() AS "processId", (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS "isSuperuser"`

/** Asked once per pool, by its first session. */
export async function readFacts(session: PostgresSession): Promise<ServerFacts> {
  const [row] = await session.own<FactsRow>(query)
  if (row === undefined) throw new Error('The server gave no facts')
  return {
    searchPath: row.searchPath,
    canLimitTemp: row.isSuperuser || (row.version >= 150_000 && (await mayLimitTemp(session))),
    isDirect: row.processId === session.processId, // a pooler makes up the key it gives
  }
}

async function mayLimitTemp(session: PostgresSession): Promise<boolean> {
  const [row] = await session.own<{ readonly may: boolean }>(`SELECT pg_catalog.has_parameter_privilege('temp_file_limit', 'SET') AS may`)
  return row?.may ?? false
}
