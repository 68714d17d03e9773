import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { constants, DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import { openPolicy, type Catalog, type Dialect, type Verdict } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { demoDatabase } from '../support/demo-database.ts'

interface Line {
  readonly id: string
  readonly sql: string
  readonly decision: string
}

const guard = createGuard()
let server: Client
let postgres: Catalog
beforeAll(async () => {
  const database = await demoDatabase()
  postgres = await readCatalog(database)
  const { host, port, user, password } = database
  server = new Client({ host, port, user, password: password.reveal(), database: database.database })
  await server.connect()
})
afterAll(async () => {
  await server.end()
  await guard.close()
})

function linesOf(dialect: Dialect): Line[] {
  const folder = join(import.meta.dirname, '../corpus/guard', dialect)
  const texts = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
  return texts.map((text) => JSON.parse(text) as Line) // our own files
}

async function verdictOn(sql: string, catalog: Catalog | null): Promise<Verdict> {
  const context = { catalog, dialect: catalog?.dialect ?? 'sqlite', policy: openPolicy, roles: ['reader'], limits: openPolicy.defaults }
  return (await guard.guard({ sql, params: null }, { ...context, connectionId: 'tables' })).verdict
}

describe('the tables the guard tells of', () => {
  test('are those PostgreSQL keeps in its books when it makes a view of the statement, and no column of these is passed over', async () => {
    let compared = 0
    for (const { id, sql } of linesOf('postgres')) {
      const books = await booksOf(server, sql)
      if (books === null) continue
      const { decision, tables, columns } = await verdictOn(sql, postgres)
      if (decision !== 'allow') continue // is told of in part
      compared += 1
      expect({ id, tables, overlooked: books.columns.filter((name) => !columns.includes(name)) }).toEqual({
        id,
        tables: books.tables,
        overlooked: [],
      })
    }
    expect(compared).toBeGreaterThan(180)
  })

  test('are those SQLite opens when every table is a view over another', async () => {
    const catalog = sqliteCatalog()
    const opened = openVeiled(catalog)
    let compared = 0
    for (const { id, sql } of linesOf('sqlite').filter((line) => line.decision === 'allow')) {
      const tables = opened(sql)
      if (tables === null) continue
      compared += 1
      expect({ id, tables: (await verdictOn(sql, catalog)).tables }).toEqual({ id, tables })
    }
    expect(compared).toBeGreaterThan(100)
  })
})

describe('without a catalog', () => {
  test.each([
    ['SELECT main.x.id FROM t AS x', ['main.t.id']],
    ['SELECT main.t.id, u.k FROM t, u', ['main.t.id', 'main.u.k']],
    [
      "SELECT main.x.id FROM t AS x JOIN u ON main.u.k = x.k WHERE main.x.body MATCH 'a'",
      ['main.t.body', 'main.t.id', 'main.t.k', 'main.u.k'],
    ],
  ])('SQLite’s columns are told with the table that stands before them: %s', async (sql, columns) => {
    const { decision, columns: told } = await verdictOn(sql, null)
    expect([decision, told]).toEqual(['allow', columns])
  })

  test('SQLite’s columns of a table that the statement does not have are refused', async () => {
    const { decision, reasons } = await verdictOn('SELECT q.id FROM t JOIN u ON t.k = u.k', null)
    expect([decision, reasons.map(({ code }) => code)]).toEqual(['refuse', ['guard.column-not-available']])
  })

  test('SQLite’s statements are let through as with one, and tell of the same tables', async () => {
    const catalog = sqliteCatalog()
    for (const { id, sql } of linesOf('sqlite').filter((line) => line.decision === 'allow')) {
      const { tables } = await verdictOn(sql, catalog)
      const guessed = await verdictOn(sql, null)
      expect({ id, decision: guessed.decision, tables: guessed.tables }).toEqual({ id, decision: 'allow', tables })
    }
  })
})

function sqliteCatalog(): Catalog {
  return {
    ...postgres,
    dialect: 'sqlite',
    searchPath: ['main'],
    relations: postgres.relations.map((relation) => ({ ...relation, schema: 'main', definition: null })),
    version: 'tables',
  }
}

interface Books {
  readonly tables: readonly string[]
  readonly columns: readonly string[]
}

/** What a view of the statement depends on; null: no view can hold it. */
async function booksOf(server: Client, sql: string): Promise<Books | null> {
  const text = sql.replace(/;\s*$/, '')
  const columns = await server.query(`SELECT * FROM (${text}\n) q LIMIT 0`).catch(() => null)
  if (columns === null || columns.fields.length === 0) return null
  const names = columns.fields.map((_, at) => `c${at}`).join(', ')
  const made = await server.query(`CREATE OR REPLACE VIEW public.witness (${names}) AS ${text}`).catch(() => null)
  if (made === null) return null
  const { rows } = await server.query(
    `SELECT DISTINCT n.nspname || '.' || c.relname AS name, a.attname AS column FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
       JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
     WHERE r.ev_class = 'public.witness'::regclass AND c.oid <> r.ev_class AND c.relkind <> 'S' ORDER BY 1, 2`,
  )
  await server.query('DROP VIEW public.witness')
  const found = rows as { name: string; column: string | null }[] // the columns the query names
  return {
    tables: [...new Set(found.map(({ name }) => name))],
    columns: found.flatMap(({ name, column }) => (column === null ? [] : [`${name}.${column}`])),
  }
}

/** SQLite is not asked about every table of a join, but always about those behind a view. */
function openVeiled({ relations }: Catalog): (sql: string) => string[] | null {
  const memory = new DatabaseSync(':memory:')
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  for (const { name, columns } of relations) {
    memory.exec(`CREATE TABLE ${quote(`veiled ${name}`)} (${columns.map((column) => quote(column.name)).join(', ')})`)
    memory.exec(`CREATE VIEW ${quote(name)} AS SELECT * FROM ${quote(`veiled ${name}`)}`)
  }
  return (sql) => {
    const found = new Set<string>()
    memory.setAuthorizer((code, table) => {
      if (code === constants.SQLITE_READ && table?.startsWith('veiled ') === true) found.add(`main.${table.slice(7)}`)
      return constants.SQLITE_OK
    })
    try {
      memory.prepare(sql)
      return [...found].toSorted()
    } catch {
      return null // row numbers, hints and the like are a table's own
    }
  }
}
