import { constants, DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

/** A table as the witness needs it: names only; a view with its text. */
export interface WitnessTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly viewText: string | null
}

export interface WitnessRequest {
  readonly id: number
  readonly catalogKey: string
  /** Sent when the thread says it has none of that key. */
  readonly tables: readonly WitnessTable[] | null
  readonly sql: string
}

/** One question SQLite put to its authorizer; `through` is the view it was asked for. */
export type WitnessAction = readonly [
  code: number,
  first: string | null,
  second: string | null,
  database: string | null,
  through: string | null,
]

/** What SQLite's authorizer was asked while the statement was compiled. */
export interface WitnessReply {
  readonly id: number
  readonly actions: readonly WitnessAction[]
  readonly error: string | null
  readonly needsCatalog: boolean
}

const keptCatalogs = 8
const databases = new Map<string, DatabaseSync>()

parentPort?.on('message', (request: WitnessRequest) => {
  parentPort?.postMessage(testify(request))
})

function testify({ id, catalogKey, tables, sql }: WitnessRequest): WitnessReply {
  const actions: WitnessAction[] = []
  try {
    const database = databases.get(catalogKey) ?? (tables === null ? null : build(catalogKey, tables))
    if (database === null) return { id, actions, error: null, needsCatalog: true }
    database.setAuthorizer((...action) => {
      actions.push(action)
      // Some pragmas act while they are compiled; nothing here may act.
      return action[0] === constants.SQLITE_PRAGMA || action[0] === constants.SQLITE_ATTACH ? constants.SQLITE_DENY : constants.SQLITE_OK
    })
    database.prepare(sql)
    return { id, actions, error: null, needsCatalog: false }
  } catch (error) {
    return { id, actions, error: error instanceof Error ? error.message : 'unknown error', needsCatalog: false }
  }
}

function build(key: string, tables: readonly WitnessTable[]): DatabaseSync {
  const database = new DatabaseSync(':memory:', { allowExtension: false, enableDoubleQuotedStringLiterals: true })
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  database.exec('BEGIN')
  for (const { name, columns, viewText } of tables) {
    if (viewText === null) database.exec(`CREATE TABLE ${quote(name)} (${columns.map(quote).join(', ')})`)
    else makeView(database, viewText, quote(name))
  }
  database.exec('COMMIT')
  databases.set(key, database)
  const [oldest] = databases.keys()
  if (databases.size > keptCatalogs && oldest !== undefined) {
    databases.get(oldest)?.close()
    databases.delete(oldest)
  }
  return database
}

/** From the text of a view, whole or from its SELECT on. One SQLite cannot read is left out: nothing can be said of it. */
function makeView(database: DatabaseSync, text: string, quotedName: string): void {
  try {
    // `prepare` stops behind the first statement, whatever else the text holds.
    database.prepare(/^\s*CREATE\b/i.test(text) ? text : `CREATE VIEW ${quotedName} AS ${text}`).run()
  } catch {
    return
  }
}
