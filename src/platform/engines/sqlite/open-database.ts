import { constants, DatabaseSync } from 'node:sqlite'
import { passesOverlay } from './overlays.ts'

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
  'data_version', // FTS5 asks for it before it reads
])

/** They load code, or hand out and take raw pointers. */
const deniedFunctions = new Set(['load_extension', 'fts3_tokenizer'])

export type FileAccess = 'read' | 'write'

/** Opens a file so that nothing but reading, or changing rows, is possible: each layer stands alone, should another one leak. */
export function openDatabase(file: string, access: FileAccess = 'read'): DatabaseSync {
  const database = new DatabaseSync(file, {
    readOnly: access === 'read',
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
  if (access === 'read') database.exec('PRAGMA query_only = 1')
  else database.exec('PRAGMA synchronous = FULL') // what was told to be written survives a loss of power
  database.exec('PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0; PRAGMA temp_store = 1')
  database.enableDefensive(true)
  authorize(database, access)
  return database
}

/** How long to wait for a writer. A pragma of our own, so the authorizer steps aside for it. */
export function setLockTimeout(database: DatabaseSync, timeoutMs: number, access: FileAccess = 'read'): void {
  ourOwn(database, access, () => database.exec(`PRAGMA busy_timeout = ${Math.ceil(timeoutMs)}`))
}

/** Does something that the authorizer would not let a statement do: our own fixed texts only. */
export function ourOwn<Result>(database: DatabaseSync, access: FileAccess, work: () => Result): Result {
  database.setAuthorizer(null)
  try {
    return work()
  } finally {
    authorize(database, access)
  }
}

function authorize(database: DatabaseSync, access: FileAccess): void {
  database.setAuthorizer((action, first, second, schema, through) => {
    const isKnown = isReading(action, first, second) || (access === 'write' && isRowChange(action, first))
    return isKnown && passesOverlay(database, [action, first, second, schema, through]) ? constants.SQLITE_OK : constants.SQLITE_DENY
  })
}

/** Rows of tables, also those a trigger changes; never SQLite's own tables, which hold the schema. */
function isRowChange(action: number, table: string | null): boolean {
  const isChange = action === constants.SQLITE_INSERT || action === constants.SQLITE_UPDATE || action === constants.SQLITE_DELETE
  return isChange && !/^sqlite_/i.test(table ?? 'sqlite_')
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
