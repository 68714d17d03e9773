import { constants, DatabaseSync } from 'node:sqlite'

/** The longest text or blob SQLite may make; also bounds what one row can hold. */
const longestValueBytes = 64 * 1024 * 1024

/** What may be read of the schema; none of these changes anything when it is given an argument. */
const readingPragmas = new Set([
  'table_info',
  'table_xinfo',
  'table_list',
  'index_list',
  'index_info',
  'index_xinfo',
  'foreign_key_list',
  'collation_list',
  'function_list',
  'database_list',
  'compile_options',
])

/** They load code, or hand out and take raw pointers. */
const deniedFunctions = new Set(['load_extension', 'fts3_tokenizer'])

/** Opens a file so that nothing but reading is possible: each layer stands alone, should another one leak. */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, {
    readOnly: true,
    allowExtension: false,
    enableDoubleQuotedStringLiterals: true,
    limits: {
      attach: 0,
      length: longestValueBytes,
      sqlLength: 4 * 1024 * 1024,
      exprDepth: 500,
      compoundSelect: 100,
      variableNumber: 1_000,
    },
  })
  database.exec('PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0; PRAGMA temp_store = 1')
  database.enableDefensive(true)
  authorize(database)
  return database
}

/** How long to wait for a writer. A pragma of our own, so the authorizer steps aside for it. */
export function setLockTimeout(database: DatabaseSync, timeoutMs: number): void {
  database.setAuthorizer(null)
  database.exec(`PRAGMA busy_timeout = ${Math.ceil(timeoutMs)}`)
  authorize(database)
}

function authorize(database: DatabaseSync): void {
  database.setAuthorizer((action, first, second) => (isReading(action, first, second) ? constants.SQLITE_OK : constants.SQLITE_DENY))
}

function isReading(action: number, first: string | null, second: string | null): boolean {
  switch (action) {
    case constants.SQLITE_SELECT:
    case constants.SQLITE_READ:
    case constants.SQLITE_RECURSIVE:
      return true
    case constants.SQLITE_FUNCTION:
      return !deniedFunctions.has((second ?? first ?? '').toLowerCase())
    case constants.SQLITE_PRAGMA:
      return readingPragmas.has((first ?? '').toLowerCase())
    default:
      return false
  }
}

/** Rows of one of our own fixed texts. */
export function rowsOf<Row extends object>(database: DatabaseSync, sql: string, ...values: readonly string[]): Row[] {
  return database.prepare(sql).all(...values) as unknown as Row[] // the columns are those of our own fixed text
}
