import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Catalog } from '../../src/domain/index.ts'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { execute, freshDatabase, type TestDatabase } from '../../test/support/postgres-server.ts'
import type { EmbeddedServer } from '../../src/platform/store/index.ts'

export interface LoadedDatabase {
  readonly name: string
  readonly database: TestDatabase
  readonly catalog: Catalog
}

export const dataFolder = join(import.meta.dirname, '../../../shared/data/nlsql')

export function isDataPresent(): boolean {
  return existsSync(dataFolder)
}

/** Loads every `.sql` dump of a folder into a database of its own and reads its catalog through the engine, as its reader. */
export async function loadDatabases(server: EmbeddedServer, folder: string): Promise<ReadonlyMap<string, LoadedDatabase>> {
  const loaded = new Map<string, LoadedDatabase>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.sql'))) {
    const database = await freshDatabase(server)
    await execute(database, withoutPsqlCommands(readFileSync(join(folder, file), 'utf8')))
    await execute(
      database,
      `GRANT USAGE ON SCHEMA public TO ${database.reader.user}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${database.reader.user}`,
    )
    const name = basename(file, '.sql')
    loaded.set(name, { name, database, catalog: await readCatalog(database) })
  }
  return loaded
}

/** pg_dump writes a line or two for psql alone. */
function withoutPsqlCommands(dump: string): string {
  return dump.replaceAll(/^\\.*$/gm, '')
}

export async function readCatalog(database: TestDatabase): Promise<Catalog> {
  const pool = openPool(database)
  try {
    return await pool.readCatalog({ disclosure: 'statistics' })
  } finally {
    await pool.close()
  }
}

function openPool({ reader }: TestDatabase): EnginePool {
  const target = { engine: 'postgres' as const, ...reader }
  return createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open(target, {
    maxLeases: 1,
    maxWaiting: 1,
    connectTimeoutMs: 5_000,
  })
}
