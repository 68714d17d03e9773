import { constants, DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

/** A table as the witness needs it: names only. */
export interface WitnessTable {
  readonly name: string
  readonly columns: readonly string[]
}

export interface WitnessRequest {
  readonly id: number
  readonly catalogKey: string
  /** Sent the first time a catalog is used; null afterwards. */
  readonly tables: readonly WitnessTable[] | null
  readonly sql: string
}

/** What SQLite's authorizer was asked while the statement was compiled. */
export interface WitnessReply {
  readonly id: number
  readonly actions: readonly (readonly [code: number, first: string | null, second: string | null, database: string | null])[]
  readonly error: string | null
}

const keptCatalogs = 8
const databases = new Map<string, DatabaseSync>()

parentPort?.on('message', (request: WitnessRequest) => {
  parentPort?.postMessage(testify(request))
})

function testify({ id, catalogKey, tables, sql }: WitnessRequest): WitnessReply {
  const actions: [number, string | null, string | null, string | null][] = []
  try {
    const database = openDatabase(catalogKey, tables)
    database.setAuthorizer((code, first, second, name) => {
      actions.push([code, first, second, name])
      // Some pragmas act while they are compiled; nothing here may act.
      return code === constants.SQLITE_PRAGMA || code === constants.SQLITE_ATTACH ? constants.SQLITE_DENY : constants.SQLITE_OK
    })
    database.prepare(sql)
    return { id, actions, error: null }
  } catch (error) {
    return { id, actions, error: error instanceof Error ? error.message : 'unknown error' }
  }
}

function openDatabase(key: string, tables: readonly WitnessTable[] | null): DatabaseSync {
  const known = databases.get(key)
  if (known !== undefined) return known
  const database = new DatabaseSync(':memory:', { allowExtension: false })
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  for (const { name, columns } of tables ?? []) database.exec(`CREATE TABLE ${quote(name)} (${columns.map(quote).join(', ')})`)
  databases.set(key, database)
  const [oldest] = databases.keys()
  if (databases.size > keptCatalogs && oldest !== undefined) {
    databases.get(oldest)?.close()
    databases.delete(oldest)
  }
  return database
}
