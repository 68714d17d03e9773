import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openPolicy, type Catalog, type Dialect } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../../test/support/catalog-from.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { loadDatabases } from '../accuracy/load-databases.ts'

interface Line {
  readonly id: string
  readonly db: string
  readonly sql: string
}

interface SchemaFile {
  readonly [db: string]: {
    readonly tables: readonly { readonly name: string; readonly columns: readonly { readonly name: string; readonly type: string }[] }[]
  }
}

const data = join(import.meta.dirname, '../../../shared/data')
const results = join(import.meta.dirname, '../results')

/** `node bench/guard/false-blocks.ts`: legitimate statements that ran on real servers, judged under an open policy; each refusal is a false block. */
async function main(): Promise<void> {
  if (!existsSync(data)) return console.log(`no data at ${data}: nothing measured`)
  const rows = [
    await measure('postgres', await postgresCatalogs()),
    await measure('sqlite', sqliteCatalogs()),
    await measure('mysql', mysqlCatalogs('mysql')),
    await measure('mariadb', mysqlCatalogs('mariadb')),
  ]
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const report = {
    command: 'node bench/guard/false-blocks.ts',
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    commit,
    rows,
  }
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'guard-false-blocks.json'), `${JSON.stringify(report, null, 2)}\n`)
}

async function measure(dialect: Dialect, catalogs: ReadonlyMap<string, Catalog>): Promise<object> {
  const guard = createGuard()
  const lines = read(`sql-guard/${dialect === 'mariadb' ? 'mysql' : dialect}.jsonl`)
  const blocked: object[] = []
  const withoutCatalog = lines.filter((line) => !catalogs.has(line.db)).length
  for (const line of lines) {
    const context = {
      catalog: catalogs.get(line.db) ?? null,
      dialect,
      policy: openPolicy,
      roles: ['reader'],
      connectionId: 'bench',
      limits: openPolicy.defaults,
    }
    const { verdict } = await guard.guard({ sql: line.sql, params: [] }, context)
    if (verdict.decision === 'allow') continue
    blocked.push({ id: line.id, db: line.db, codes: verdict.reasons.map((reason) => reason.code) })
    if (process.argv.includes('--verbose')) console.log(line.id, line.db, line.sql, verdict.reasons)
  }
  await guard.close()
  const share = `${((100 * blocked.length) / lines.length).toFixed(2)} %`
  console.log(`${dialect}: ${blocked.length} of ${lines.length} blocked (${share}), ${withoutCatalog} judged without a catalog`)
  return { dialect, statements: lines.length, withoutCatalog, falseBlocks: blocked.length, share, blocked }
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

function read(path: string): Line[] {
  return readFileSync(join(data, path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line) // the data's own format
}

await main()
