import { namedTables } from '../judge-user.ts'

export interface Powers {
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
  /** Quoted already, with their schemas; one more than a script names. */
  readonly tables: readonly string[]
  /** Of columns that take their default from one. Quoted already. */
  readonly sequences: readonly string[]
  readonly servers: readonly string[]
  readonly files: readonly string[]
}

export const powersQuery = `
  SELECT current_setting('server_version') AS version, current_user::text AS user, current_database()::text AS database,
    r.rolsuper AS superuser, r.rolbypassrls AS bypassrls, r.rolcreaterole AS createrole, r.rolcreatedb AS createdb, r.rolreplication AS replication,
    ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_roles g WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_signal_backend', 'pg_write_all_data', 'pg_maintain', 'pg_checkpoint', 'pg_create_subscription') AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')) AS roles,
    ARRAY(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND (pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE') OR pg_catalog.has_table_privilege(c.oid, 'DELETE, TRUNCATE')) ORDER BY 1 LIMIT 6) AS writable,
    (SELECT count(*)::int FROM pg_catalog.pg_class c WHERE c.relowner = r.oid) AS owned,
    ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') ORDER BY 1 LIMIT 6) AS creatable,
    pg_catalog.has_database_privilege(current_database(), 'CREATE') AS "createsInDatabase",
    ARRAY(SELECT p.oid::regprocedure::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
      WHERE e.extname IN ('dblink', 'adminpack') AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1) AS remotes,
    ARRAY(SELECT DISTINCT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1) AS schemas,
    ARRAY(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1 LIMIT ${namedTables + 1}) AS tables,
    ARRAY(SELECT pg_catalog.format('%I.%I', n.nspname, s.relname) FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.oid AND d.refclassid = d.classid AND d.deptype = 'a'
      WHERE s.relkind = 'S' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(d.refobjid, 'SELECT')
      ORDER BY 1 LIMIT ${namedTables}) AS sequences,
    ARRAY(SELECT s.srvname::text FROM pg_catalog.pg_foreign_server s WHERE pg_catalog.has_server_privilege(s.oid, 'USAGE') ORDER BY 1 LIMIT 6) AS servers,
    ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
        AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import', 'lo_export', 'pg_reload_conf', 'pg_rotate_logfile', 'pg_switch_wal')
        AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1) AS files
  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`
