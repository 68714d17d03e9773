import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { draftBuiltin } from '../../src/question/ask/builtin/index.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { areRowsAlike } from './compare-rows.ts'
import { dataFolder, isDataPresent, loadDatabases, type LoadedDatabase } from './load-databases.ts'

interface Asked {
  readonly db: string
  readonly question: string
  readonly gold: string | null
  readonly isOrdered: boolean
}

type Result = 'right' | 'wrong' | 'abstained'
const today = '2026-11-24'
const isVerbose = process.argv.includes('--verbose')
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice(7)

/** `node bench/accuracy/run.ts [--verbose] [--only=spider|defog|unanswerable]`: the built-in drafter by execution on real databases. */
async function main(): Promise<void> {
  if (!isDataPresent()) return console.log(`no data at ${dataFolder}: nothing measured`)
  const server = await startScratchServer()
  const spider = await loadDatabases(server, join(dataFolder, 'spider/postgres'))
  const defog = await loadDatabases(server, join(dataFolder, 'defog/postgres'))
  const suites: Record<string, readonly [readonly Asked[], ReadonlyMap<string, LoadedDatabase>]> = {
    spider: [read('spider/questions-postgres.jsonl'), spider],
    defog: [read('defog/questions.jsonl').filter((asked) => asked.gold !== null), defog],
    unanswerable: [read('defog/unanswerable.jsonl'), defog],
  }
  const rows: string[] = []
  const results: Record<string, Record<Result, number>> = {}
  for (const [name, [asked, databases]] of Object.entries(suites)) {
    if (only !== undefined && only !== name) continue
    const counts: Record<Result, number> = { right: 0, wrong: 0, abstained: 0 }
    for (const one of asked) {
      const loaded = databases.get(one.db)
      if (loaded === undefined) continue
      counts[await grade(one, loaded)] += 1
    }
    results[name] = counts
    rows.push(line(name, counts))
  }
  await server.stop()
  console.log(rows.join('\n'))
  if (only === undefined) save(results, rows)
}

function read(file: string): Asked[] {
  return readFileSync(join(dataFolder, file), 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as { db: string; question: string; gold_sql?: string; sql?: string; ordered?: boolean }) // the data's own format
    .map((row) => ({ db: row.db, question: row.question, gold: row.gold_sql ?? row.sql ?? null, isOrdered: row.ordered === true }))
}

async function grade(asked: Asked, { database, catalog }: LoadedDatabase): Promise<Result> {
  const draft = draftBuiltin(asked.question, { view: catalog, today })
  if (draft.kind !== 'drafted') {
    if (isVerbose)
      console.log(
        `ABSTAINED ${asked.db} | ${asked.question}\n   ${draft.kind === 'abstained' ? draft.reason : draft.prompt}\n   gold ${asked.gold ?? '-'}`,
      )
    return 'abstained'
  }
  const client = new Client({
    host: database.host,
    port: database.port,
    database: database.database,
    user: database.user,
    password: database.password.reveal(),
  })
  await client.connect()
  try {
    const run = async (text: string) => (await client.query<unknown[]>({ text, rowMode: 'array' })).rows
    const drafted = await run(draft.sql)
    const isRight = asked.gold !== null && areRowsAlike(await run(asked.gold), drafted, asked.isOrdered)
    if (!isRight && isVerbose)
      console.log(`WRONG ${asked.db} | ${asked.question}\n   sql  ${draft.sql.replaceAll('\n', ' ')}\n   gold ${asked.gold ?? '-'}`)
    return isRight ? 'right' : 'wrong'
  } catch (error) {
    if (isVerbose)
      console.log(
        `WRONG ${asked.db} | ${asked.question}\n   sql  ${draft.sql.replaceAll('\n', ' ')}\n   ${(error as Error).message}\n   gold ${asked.gold ?? '-'}`,
      )
    return 'wrong'
  } finally {
    await client.end()
  }
}

function line(name: string, { right, wrong, abstained }: Record<Result, number>): string {
  const all = right + wrong + abstained
  const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)
  if (name === 'unanswerable') return `| ${name} | ${all} | – | ${wrong} | ${abstained} | abstained ${share(abstained, all)} | – |`
  return `| ${name} | ${all} | ${right} | ${wrong} | ${abstained} | ${share(right, all)} | ${share(right, right + wrong)} |`
}

function save(results: object, rows: readonly string[]): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const folder = join(import.meta.dirname, '../results')
  mkdirSync(folder, { recursive: true })
  const command = 'node bench/accuracy/run.ts'
  writeFileSync(
    join(folder, 'accuracy-builtin.json'),
    `${JSON.stringify({ command, date: new Date().toISOString().slice(0, 10), commit, node: process.version, results }, null, 2)}\n`,
  )
  const head = '| questions | asked | right | wrong | abstained | right of all | right of answered |\n|---|---|---|---|---|---|---|'
  writeFileSync(
    join(folder, 'accuracy-builtin.md'),
    `# Built-in drafter: execution accuracy\n\n\`${command}\`, commit ${commit}, PostgreSQL 18, today taken as ${today}.\n\n${head}\n${rows.join('\n')}\n`,
  )
}

await main()
