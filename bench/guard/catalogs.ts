import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Catalog } from '../../src/domain/index.ts'
import { catalogFrom } from '../../test/support/catalog-from.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { loadDatabases } from '../accuracy/load-databases.ts'

/** Data beside the checkout: read from there, never kept here. */
export const data = join(import.meta.dirname, '../../../shared/data')

interface SchemaFile {
  readonly [db: string]: {
    readonly tables: readonly { readonly name: string; readonly columns: readonly { readonly name: string; readonly type: string }[] }[]
  }
}

export type Catalogs = ReadonlyMap<string, Catalog>

/** Of each dialect, the catalogs its statements were written for, by the name of the database. */
export const openCatalogs = {
  postgres: postgresCatalogs,
  sqlite: async () => sqliteCatalogs(),
  mysql: async () => mysqlCatalogs('mysql'),
  mariadb: async () => mysqlCatalogs('mariadb'),
} as const

/** Lines of JSON in a file of the data. */
export function readLines<Line>(path: string): Line[] {
  return readFileSync(join(data, path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line) // the data's own format
}

async function postgresCatalogs(): Promise<ReadonlyMap<string, Catalog>> {
  const server = await startScratchServer()
  const all = new Map<string, Catalog>()
  for (const folder of ['nlsql/spider/postgres', 'nlsql/defog/postgres', 'schema-linking/bird-mini-dev/ddl-postgres']) {
    for (const [name, { catalog }] of await loadDatabases(server, join(data, folder))) all.set(name, catalog)
  }
  await server.stop()
  return all
}

function mysqlCatalogs(dialect: 'mysql' | 'mariadb'): ReadonlyMap<string, Catalog> {
  const schemas = JSON.parse(readFileSync(join(data, 'schema-linking/beaver/schema.json'), 'utf8')) as SchemaFile // the data's own format
  return new Map(
    Object.entries(schemas).map(([name, { tables }]) => {
      const relations = tables.map((table) => ({
        name: `${name}.${table.name}`,
        columns: table.columns.map((column) => `${column.name}:${column.type}`),
      }))
      return [name, { ...catalogFrom(dialect, relations, { searchPath: [name] }), database: name, version: `${dialect} ${name}` }]
    }),
  )
}

function sqliteCatalogs(): ReadonlyMap<string, Catalog> {
  const all = new Map<string, Catalog>()
  for (const file of ['bird-mini-dev', 'spider2-lite-local']) {
    const schemas = JSON.parse(readFileSync(join(data, 'schema-linking', file, 'schema.json'), 'utf8')) as SchemaFile // the data's own format
    for (const [name, { tables }] of Object.entries(schemas)) {
      const relations = tables.map((table) => ({
        name: table.name,
        columns: table.columns.map((column) => `${column.name}:${column.type}`),
      }))
      all.set(name, { ...catalogFrom('sqlite', relations), database: name })
    }
  }
  const folder = join(data, 'nlsql/spider/sqlite')
  for (const file of readdirSync(folder)) all.set(file.replace('.sqlite', ''), readSqlite(join(folder, file)))
  return all
}

function readSqlite(file: string): Catalog {
  const database = new DatabaseSync(file, { readOnly: true })
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[] // the column the query names
  const relations = tables.map(({ name }) => ({
    name,
    columns: (database.prepare('SELECT name FROM pragma_table_info(?)').all(name) as { name: string }[]).map((column) => column.name), // as above
  }))
  database.close()
  return { ...catalogFrom('sqlite', relations), database: file }
}
