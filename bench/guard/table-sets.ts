import { existsSync } from 'node:fs'
import { dialects, openPolicy, type Dialect } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { data, openCatalogs, readLines, type Catalogs } from './catalogs.ts'
import { about, saveResult } from '../report.ts'

interface Question {
  readonly id: string
  readonly db: string
  /** null: the data has none. */
  readonly gold_sql: string | null
  readonly gold_sql_sqlite?: string
  readonly gold_tables: readonly string[]
  readonly gold_columns?: readonly string[]
  /** Tables the statement names and the schema has not got: the data's own gaps. */
  readonly missing_in_schema?: readonly string[]
}

const files: Readonly<Record<Dialect, readonly string[]>> = {
  postgres: ['nlsql/spider/questions-postgres.jsonl', 'nlsql/defog/questions.jsonl', 'schema-linking/bird-mini-dev/questions.jsonl'],
  sqlite: [
    'nlsql/spider/questions.jsonl',
    'schema-linking/bird-mini-dev/questions.jsonl',
    'schema-linking/spider2-lite-local/questions.jsonl',
  ],
  mysql: ['schema-linking/beaver/questions.jsonl'],
  mariadb: ['schema-linking/beaver/questions.jsonl'],
}

/** `node bench/guard/table-sets.ts`: the tables and columns the guard tells of statements, beside lists made by others. */
async function main(): Promise<void> {
  if (!existsSync(data)) return console.log(`no data at ${data}: nothing measured`)
  const rows = []
  for (const dialect of dialects) rows.push(await measure(dialect, await openCatalogs[dialect]()))
  const report = { ...about('node bench/guard/table-sets.ts'), rows }
  saveResult('guard-table-sets', report)
}

async function measure(dialect: Dialect, catalogs: Catalogs): Promise<object> {
  const guard = createGuard()
  const questions = files[dialect].flatMap((file) => readLines<Question>(file)).filter((question) => catalogs.has(question.db))
  const counts = { tables: 0, tablesWithoutCatalog: 0, columns: 0, withColumns: 0, statements: 0 }
  const differing: object[] = []
  for (const question of questions) {
    const sql = dialect === 'sqlite' ? (question.gold_sql_sqlite ?? question.gold_sql) : question.gold_sql
    if (sql === null) continue
    counts.statements += 1
    const judge = async (catalog: ReturnType<Catalogs['get']> | null) => {
      const context = { catalog: catalog ?? null, dialect, policy: openPolicy, roles: ['reader'], limits: openPolicy.defaults }
      return (await guard.guard({ sql, params: [] }, { ...context, connectionId: 'bench' })).verdict
    }
    const known = await judge(catalogs.get(question.db))
    const told = (await judge(null)).tables
    const isTables = isSame(known.tables, question.gold_tables)
    // Of the columns of USING their tool was not told, and where a question has two statements the list is of the other.
    const isListed = question.gold_columns !== undefined && sql === question.gold_sql && !/\busing\b/i.test(sql)
    const isColumns = !isListed || isSame(known.columns, question.gold_columns ?? [])
    counts.withColumns += Number(isListed)
    counts.tables += Number(isTables)
    counts.tablesWithoutCatalog += Number(isSame(told, question.gold_tables))
    counts.columns += Number(isListed && isColumns)
    if (isTables && isColumns && isSame(told, question.gold_tables)) continue
    differing.push({ id: question.id, gold: question.gold_tables, told: known.tables, withoutCatalog: told })
    if (process.argv.includes('--verbose')) console.log(question.id, sql, known, question.gold_columns, told)
  }
  await guard.close()
  const share = (count: number, of: number): string => `${((100 * count) / of).toFixed(2)} %`
  const exact = {
    tables: share(counts.tables, counts.statements),
    tablesWithoutCatalog: share(counts.tablesWithoutCatalog, counts.statements),
    columns: share(counts.columns, counts.withColumns),
  }
  console.log(dialect, JSON.stringify({ ...counts, exact }))
  return { dialect, ...counts, exact, differing }
}

/** Gold names have no schema and no fixed case. */
function isSame(told: readonly string[], gold: readonly string[]): boolean {
  const bare = (name: string, parts: number): string => name.toLowerCase().split('.').slice(-parts).join('.')
  const parts = gold[0]?.split('.').length ?? 1
  const [left, right] = [told, gold].map((all) => [...new Set(all.map((name) => bare(name, parts)))].toSorted())
  return JSON.stringify(left) === JSON.stringify(right)
}

await main()
