import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, freshDatabase, type TestDatabase } from './postgres-server.ts'
import type { EmbeddedServer } from '../../src/platform/store/index.ts'

const folder = join(import.meta.dirname, '../../demo')

/** Harbor Goods in a database of its own, as `npm start` loads it. */
export async function demoDatabase(server?: Pick<EmbeddedServer, 'host' | 'port' | 'user' | 'password'>): Promise<TestDatabase> {
  const database = await (server === undefined ? freshDatabase() : freshDatabase(server))
  for (const file of ['harbor-goods.sql', 'shipping.sql', 'recent.sql']) await execute(database, readFileSync(join(folder, file), 'utf8'))
  await execute(database, 'ANALYZE')
  return database
}

export interface Tour {
  readonly answerable: readonly { readonly question: string; readonly gold: string }[]
  readonly unanswerable: readonly string[]
}

export const tour = JSON.parse(readFileSync(join(folder, 'tour.json'), 'utf8')) as Tour // our own file
