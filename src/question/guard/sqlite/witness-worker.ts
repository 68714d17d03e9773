import type { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import { messageOf } from '../thread/message-of.ts'
import { compileByGuessing } from './guess-tables.ts'
import { compile, compileUnder, openScratch } from './scratch-database.ts'
import type { WitnessReply, WitnessRequest, WitnessTable } from './witness-messages.ts'

const keptCatalogs = 8
const databases = new Map<string, DatabaseSync>()

parentPort?.on('message', (request: WitnessRequest) => {
  parentPort?.postMessage(testify(request))
})

parentPort?.postMessage('ready')

function testify({ id, catalogKey, tables, sql, overlay }: WitnessRequest): WitnessReply {
  try {
    if (catalogKey === null) return { id, needsCatalog: false, ...compileByGuessing(sql) }
    const database = databases.get(catalogKey) ?? (tables === null ? null : build(catalogKey, tables))
    if (database === null) return { id, needsCatalog: true, actions: [], error: null, guessed: null }
    return { id, needsCatalog: false, ...(overlay === null ? compile(database, sql) : compileUnder(database, sql, overlay)), guessed: null }
  } catch (error) {
    return { id, needsCatalog: false, actions: [], error: messageOf(error), guessed: null }
  }
}

function build(key: string, tables: readonly WitnessTable[]): DatabaseSync {
  const database = openScratch(tables)
  databases.set(key, database)
  for (const [oldest, unused] of databases) {
    if (databases.size <= keptCatalogs) break
    unused.close()
    databases.delete(oldest)
  }
  return database
}
