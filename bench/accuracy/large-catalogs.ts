import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalog, Relation } from '../../src/domain/index.ts'
import { catalogFrom } from '../../test/support/catalog-from.ts'
import { dataFolder } from './load-databases.ts'

/** A table of the development data, as its schema file says. */
export interface DataTable {
  readonly db: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly samples?: readonly string[] }[]
  readonly primaryKey: readonly string[]
  readonly foreignKeys: readonly {
    readonly columns: readonly string[]
    readonly ref_table: string
    readonly ref_columns: readonly string[]
  }[]
}

export interface LinkingQuestion {
  readonly db: string
  readonly question: string
  readonly gold: readonly string[]
}

export interface LinkingSet {
  readonly name: string
  readonly tables: readonly DataTable[]
  readonly questions: readonly LinkingQuestion[]
}

const folder = join(dataFolder, '../schema-linking')

/** The data's own formats. */
interface SchemaFile {
  readonly [db: string]: {
    readonly tables: readonly (Pick<DataTable, 'name' | 'columns'> & {
      readonly primary_key?: readonly string[]
      readonly foreign_keys?: DataTable['foreignKeys']
    })[]
  }
}
interface QuestionLine {
  readonly db: string
  readonly question: string
  readonly evidence?: string
  readonly gold_tables: readonly string[]
}

/** Questions with the tables they need, each set with the databases it is about. */
export function linkingSets(): readonly LinkingSet[] {
  return ['beaver', 'bird-mini-dev', 'spider2-lite-local'].map((name) => {
    const tables = readTables(name)
    const known = new Set(tables.map((table) => `${table.db}.${table.name}`.toLowerCase()))
    const questions = readFileSync(join(folder, name, 'questions.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as QuestionLine) // the data's own format
      .map(({ db, question, gold_tables: gold }) => ({
        db,
        question,
        gold: gold.filter((table) => known.has(`${db}.${table}`.toLowerCase())),
      }))
      .filter(({ gold }) => gold.length > 0)
    return { name, tables, questions }
  })
}

/** Every table of the data, each database a schema of its own. */
export function realTables(): readonly DataTable[] {
  return ['beaver', 'bird-mini-dev', 'spider2-lite-local'].flatMap(readTables)
}

function readTables(name: string): readonly DataTable[] {
  const schemas = JSON.parse(readFileSync(join(folder, name, 'schema.json'), 'utf8')) as SchemaFile // the data's own format
  return Object.entries(schemas).flatMap(([db, { tables }]) =>
    tables.map((table) => ({
      db,
      name: table.name,
      columns: table.columns,
      primaryKey: table.primary_key ?? [],
      foreignKeys: table.foreign_keys ?? [],
    })),
  )
}

const departments =
  `audit billing campus claims crew dealer depot donor escrow estate export farm fleet freight fund garden grant harvest hotel
import intake kiosk lab lease ledger library loan lodge market member mill museum nursery outlet parish park partner pension pilot plant port quarry
queue ranch reserve retail ride school shift survey tariff tender terminal transit union vault venue visitor ward warranty wharf yard zone`.split(
    /\s+/,
  )

/** Tables of each schema made up. */
const schemaSize = 12

/** Tables that could stand in any large database: the words of one real table with half of the columns of two. Always the same. */
export function distractors(count: number): readonly DataTable[] {
  const real = realTables()
  return Array.from({ length: Math.max(0, count) }, (_, at): DataTable => {
    const one = real[(at * 7919) % real.length] as DataTable // not empty
    const other = real[(at * 104_729 + 31) % real.length] as DataTable
    const group = Math.floor(at / schemaSize)
    const word = departments[group % departments.length] ?? 'other'
    const columns = [
      ...one.columns.filter((_column, place) => place % 2 === 0),
      ...other.columns.filter((_column, place) => place % 2 === 1),
    ]
    const named = [...new Map(columns.map((column) => [column.name.toLowerCase(), { name: column.name, type: column.type }])).values()]
    return { db: `${word}_${group}`, name: `${word}_${one.name}`, columns: named, primaryKey: [], foreignKeys: [] }
  })
}

export function catalogOf(tables: readonly DataTable[]): Catalog {
  const bare = catalogFrom(
    'postgres',
    tables.map((table) => ({
      name: `${table.db}.${table.name}`,
      columns: table.columns.map(({ name, type }) => `${name}:${type}`),
      primaryKey: table.primaryKey,
    })),
    { searchPath: ['public'], version: `${tables.length} tables` },
  )
  return { ...bare, relations: bare.relations.map((relation, at) => complete(relation, tables[at] as DataTable)) }
}

function complete(relation: Relation, table: DataTable): Relation {
  return {
    ...relation,
    foreignKeys: table.foreignKeys.map((key, at) => ({
      name: `${table.name}_${at}`,
      columns: key.columns,
      target: { schema: table.db, name: key.ref_table, columns: key.ref_columns },
    })),
    columns: relation.columns.map((column, at) => {
      const values = table.columns[at]?.samples?.filter((value) => typeof value === 'string') ?? []
      return values.length === 0
        ? column
        : { ...column, statistics: { distinct: null, nullShare: null, values, isComplete: false, min: null, max: null } }
    }),
  }
}
