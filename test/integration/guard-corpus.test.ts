import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import { openPolicy, type Catalog, type Decision, type Dialect, type Policy, type StatementClass } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'
import { demoDatabase } from '../support/demo-database.ts'
import { freshDatabase } from '../support/postgres-server.ts'

interface Line {
  readonly id: string
  readonly sql: string
  readonly class: StatementClass
  readonly decision: Decision
  readonly source: string
  readonly tables?: readonly string[]
  readonly policy?: Partial<Policy>
}

const guard = createGuard()
const catalogs = new Map<Dialect, Catalog>()

beforeAll(async () => {
  const postgres = await readCatalog(await demoDatabase())
  catalogs.set('postgres', await withExtensions(postgres))
  // The same tables as SQLite has them: one schema, no functions of their own.
  const relations = postgres.relations.map((relation) => ({ ...relation, schema: 'main', definition: null }))
  // MySQL and MariaDB call a schema what PostgreSQL calls a database, and a view's text names everything in full.
  for (const dialect of ['mysql', 'mariadb'] as const) catalogs.set(dialect, harborOf(dialect, postgres))
  catalogs.set('sqlite', { ...postgres, dialect: 'sqlite', searchPath: ['main'], relations, version: `${postgres.version} sqlite` })
})
afterAll(() => guard.close())

/** As many databases are: with extensions in the schema of everything else, whose functions are called like the server's own. */
async function withExtensions(catalog: Catalog): Promise<Catalog> {
  const extended = await freshDatabase()
  await extended.query('CREATE EXTENSION citext; CREATE EXTENSION pgcrypto; CREATE EXTENSION intarray')
  const { functions, operators, types } = await readCatalog(extended)
  return {
    ...catalog,
    functions: [...catalog.functions, ...functions],
    operators: [...catalog.operators, ...operators],
    types: [...catalog.types, ...types],
    version: `${catalog.version} with extensions`,
  }
}

function harborOf(dialect: 'mysql' | 'mariadb', { relations, ...rest }: Catalog): Catalog {
  const tables = relations.map((relation) => ({ ...relation, schema: 'harbor' }))
  const [view] = catalogFrom(dialect, [
    { name: 'harbor.big_customer', kind: 'view', columns: ['customer_id', 'name', 'country_id'], definition: bigCustomer },
  ]).relations
  return {
    ...rest,
    dialect,
    searchPath: ['harbor'],
    relations: view === undefined ? tables : [...tables, view],
    version: `${rest.version} ${dialect}`,
  }
}

const bigCustomer =
  "select `harbor`.`customer`.`customer_id` AS `customer_id`,`harbor`.`customer`.`name` AS `name`,`harbor`.`customer`.`country_id` AS `country_id` from `harbor`.`customer` where `harbor`.`customer`.`segment` = 'enterprise'"

describe.each<Dialect>(['postgres', 'mysql', 'mariadb', 'sqlite'])('the corpus of %s', (dialect) => {
  const folder = join(import.meta.dirname, '../corpus/guard', dialect)
  const texts = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
  const lines = texts.map((text) => JSON.parse(text) as Line) // our own files

  test.each(lines.map((line) => [line.id, line.sql.slice(0, 70).replaceAll('\0', '␀'), line] as const))('%s: %s', async (_, __, line) => {
    const policy = { ...openPolicy, ...line.policy, version: `corpus ${JSON.stringify(line.policy ?? null)}` }
    const catalog = catalogs.get(dialect) ?? null
    const context = { catalog, dialect, policy, roles: ['reader'], connectionId: 'corpus', limits: policy.defaults }
    const { verdict, approved } = await guard.guard({ sql: line.sql, params: [] }, context)
    expect({
      class: verdict.class,
      decision: verdict.decision,
      reasons: verdict.decision === line.decision ? null : verdict.reasons,
    }).toEqual({
      class: line.class,
      decision: line.decision,
      reasons: null,
    })
    expect(verdict.tables).toEqual(line.tables ?? verdict.tables)
    expect(approved !== null).toBe(line.decision === 'allow')
    expect(verdict.reasons.length > 0).toBe(line.decision !== 'allow')
  })
})
