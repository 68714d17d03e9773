import type { PrivilegeReport } from '../../../contract/index.ts'
import type { PostgresSession } from './session.ts'

interface Powers {
  readonly version: string
  readonly user: string
  readonly database: string
  readonly superuser: boolean
  readonly bypassrls: boolean
  readonly createrole: boolean
  readonly createdb: boolean
  readonly replication: boolean
  readonly roles: readonly string[]
  readonly writable: readonly string[]
  readonly owned: number
  readonly creatable: readonly string[]
  readonly createsInDatabase: boolean
  readonly remotes: readonly string[]
  /** Quoted already. */
  readonly schemas: readonly string[]
  readonly servers: readonly string[]
  readonly files: readonly string[]
}

const query = `
  SELECT current_setting('server_version') AS version, current_user::text AS user, current_database()::text AS database,
    r.rolsuper AS superuser, r.rolbypassrls AS bypassrls, r.rolcreaterole AS createrole, r.rolcreatedb AS createdb, r.rolreplication AS replication,
    ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_roles g WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_signal_backend', 'pg_write_all_data', 'pg_maintain', 'pg_checkpoint', 'pg_create_subscription') AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')) AS roles,
    ARRAY(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1 LIMIT 6) AS writable,
    (SELECT count(*)::int FROM pg_catalog.pg_class c WHERE c.relowner = r.oid) AS owned,
    ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') ORDER BY 1 LIMIT 6) AS creatable,
    pg_catalog.has_database_privilege(current_database(), 'CREATE') AS "createsInDatabase",
    ARRAY(SELECT p.oid::regprocedure::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
      WHERE e.extname IN ('dblink', 'adminpack') AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1) AS remotes,
    ARRAY(SELECT DISTINCT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1) AS schemas,
    ARRAY(SELECT s.srvname::text FROM pg_catalog.pg_foreign_server s WHERE pg_catalog.has_server_privilege(s.oid, 'USAGE') ORDER BY 1 LIMIT 6) AS servers,
    ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
        AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import', 'lo_export', 'pg_reload_conf', 'pg_rotate_logfile', 'pg_switch_wal')
        AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1) AS files
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

/** What this database user could do if every other layer failed, and a script for a user that could do less. */
export async function preflight(session: PostgresSession): Promise<PrivilegeReport> {
  const startedMs = performance.now()
  const [powers] = await session.own<Powers>(query)
  if (powers === undefined) throw new Error('pg_roles does not list the current user')
  const findings = findingsOf(powers)
  return {
    isReachable: true,
    serverVersion: powers.version,
    databaseUser: powers.user,
    level: findings.length === 0 ? 'least' : 'excess',
    findings,
    script: findings.length === 0 ? null : script(powers),
    elapsedMs: performance.now() - startedMs,
  }
}

function findingsOf(powers: Powers): PrivilegeReport['findings'] {
  const list = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ' and more' : '')
  const candidates: readonly (readonly [boolean, string, string])[] = [
    [powers.superuser, 'engines.superuser', 'It is a superuser: nothing in the database can stop it.'],
    [powers.bypassrls, 'engines.bypass-rls', 'It bypasses row-level security.'],
    [powers.createrole, 'engines.create-role', 'It may make and change users.'],
    [powers.createdb, 'engines.create-database', 'It may make databases.'],
    [powers.replication, 'engines.replication', 'It may copy the whole server by replication.'],
    [powers.roles.length > 0, 'engines.server-roles', `It has powers over the server: ${list(powers.roles)}.`],
    [powers.writable.length > 0, 'engines.writes', `It may write: ${list(powers.writable)}.`],
    [powers.owned > 0, 'engines.owns', `It owns ${powers.owned} table(s) and index(es), and may drop them.`],
    [powers.creatable.length > 0, 'engines.creates', `It may create objects in: ${list(powers.creatable)}.`],
    [powers.createsInDatabase, 'engines.creates-schemas', 'It may create schemas in the database.'],
    [
      powers.remotes.length > 0,
      'engines.remote-access',
      `It may call functions that reach other servers or files: ${list(powers.remotes)}.`,
    ],
    [powers.servers.length > 0, 'engines.foreign-servers', `It may use foreign servers: ${list(powers.servers)}.`],
    [powers.files.length > 0, 'engines.server-files', `It may call functions over the server’s own files: ${list(powers.files)}.`],
  ]
  return candidates.filter(([isFound]) => isFound).map(([, code, message]) => ({ code, message }))
}

/** Makes a user that may read what this one can see. The password is for the administrator to choose. */
function script(powers: Powers): string {
  const database = `"${powers.database.replaceAll('"', '""')}"`
  const schemas = powers.schemas.length === 0 ? ['public'] : powers.schemas
  return [
    '-- Run as an administrator, in this database. Choose a password of your own.',
    "CREATE ROLE aishell_reader LOGIN PASSWORD '<choose one>' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;",
    'ALTER ROLE aishell_reader SET default_transaction_read_only = on;',
    `GRANT CONNECT ON DATABASE ${database} TO aishell_reader;`,
    '-- Leave out the schemas that must not be asked about:',
    ...schemas.flatMap((schema) => [
      `GRANT USAGE ON SCHEMA ${schema} TO aishell_reader;`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO aishell_reader;`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO aishell_reader;`,
    ]),
    '-- What everybody may do is what this user may do. These take rights from all other users too:',
    ...powers.creatable.map((schema) => `REVOKE CREATE ON SCHEMA "${schema.replaceAll('"', '""')}" FROM PUBLIC;`),
    ...(powers.createsInDatabase ? [`REVOKE CREATE ON DATABASE ${database} FROM PUBLIC;`] : []),
    ...powers.remotes.map((signature) => `REVOKE EXECUTE ON FUNCTION ${signature} FROM PUBLIC;`),
  ].join('\n')
}
