import type { MysqlKind } from '../../../test/support/mysql-server.ts'

/** What of the world the statements run in is the one server's and not the other's. */
export interface Flavour {
  /** Besides what both have. */
  readonly schema: string
  /** Of the session, with a short time for a statement. */
  readonly settings: string
  /** Tells the time a statement has; it is asked before `look` takes more. */
  readonly limit: string
  /** A select of this list, with time of its own: on a busy machine it takes longer than what a statement gets. */
  readonly look: (list: string) => string
  readonly witness: string
  /** A list of the server's functions. */
  readonly functions: string
  readonly harmful: readonly string[]
  /** Files the server makes and removes by itself. */
  readonly comesAndGoes: RegExp
}

export const flavours: Readonly<Record<MysqlKind, Flavour>> = {
  mariadb: {
    schema: '; CREATE SEQUENCE counter',
    settings: 'max_statement_time = 0.3',
    limit: 'SELECT @@max_statement_time',
    look: (list) => `SET STATEMENT max_statement_time = 60 FOR SELECT ${list}`,
    witness: `(SELECT next_not_cached_value FROM counter) AS \`counter\`, (SELECT count(*) FROM mysql.global_priv) AS \`accounts\`,
      concat_ws(',', @@sql_mode, @@autocommit, @@tx_isolation, @@tx_read_only, @@character_set_client, @@foreign_key_checks) AS \`settings\``,
    functions: 'SELECT FUNCTION AS name FROM information_schema.SQL_FUNCTIONS',
    harmful: ['NEXTVAL'],
    comesAndGoes: /^(ib|aria|.*\.(log|err|pid|sock))/,
  },
  mysql: {
    schema: '',
    // As the engine pins it: this build’s own default reads \`f (x)\` as a call of the server’s.
    settings: `max_execution_time = 300, group_concat_max_len = 1000000,
      sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`,
    limit: 'SELECT @@max_execution_time',
    look: (list) => `SELECT /*+ SET_VAR(max_execution_time = 60000) */ ${list}`,
    witness: `(SELECT count(*) FROM mysql.user) AS \`accounts\`,
      (SELECT sha2(group_concat(variable_name, '=', variable_value ORDER BY variable_name), 224) FROM performance_schema.session_variables
        WHERE variable_name NOT IN ('timestamp', 'statement_id', 'pseudo_thread_id', 'max_execution_time')) AS \`settings\`,
      (SELECT sha2(group_concat(variable_name, '=', variable_value ORDER BY variable_name), 224) FROM performance_schema.global_variables) AS \`globals\``,
    functions: `SELECT DISTINCT regexp_substr(name, '^[A-Za-z_0-9]+') AS name FROM mysql.help_topic WHERE name REGEXP '^[A-Za-z]' AND description LIKE concat('%', name, '(%')`,
    harmful: ['SOURCE_POS_WAIT', 'WAIT_FOR_EXECUTED_GTID_SET', 'RELEASE_ALL_LOCKS'],
    comesAndGoes: /^(ib|#ib|binlog|.*\.(log|err|pid|sock|lock))/,
  },
}
