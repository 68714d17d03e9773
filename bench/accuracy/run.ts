import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { grade, type Asked, type Grade, type Result } from './grade.ts'
import { halves, halvesOf, type Half } from './halves.ts'
import { dataFolder, isDataPresent, loadDatabases, type LoadedDatabase } from './load-databases.ts'
import { about, saveResult, saveText } from '../report.ts'

type Counts = Readonly<Record<Result, number>>

/** The gold statements ask the server for CURRENT_DATE. */
const today = new Date().toISOString().slice(0, 10)
const isVerbose = process.argv.includes('--verbose')
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice(7)
const drafting: number[] = []

/**
 * `node bench/accuracy/run.ts [--verbose] [--only=spider|defog|columns-unnamed|unanswerable]`: the built-in drafter by execution on real
 * databases, the tune half and the held-out half apart. `--verbose` tells the drafts of the tune half alone.
 */
async function main(): Promise<void> {
  if (!isDataPresent()) return console.log(`no data at ${dataFolder}: nothing measured`)
  const server = await startScratchServer()
  const spider = await loadDatabases(server, join(dataFolder, 'spider/postgres'))
  const defog = await loadDatabases(server, join(dataFolder, 'defog/postgres'))
  const suites: Record<string, readonly [readonly Asked[], ReadonlyMap<string, LoadedDatabase>]> = {
    spider: [read('spider/questions-postgres.jsonl'), spider],
    defog: [read('defog/questions.jsonl').filter((asked) => asked.gold.length > 0), defog],
    // Questions of ours in the manner of Spider-Realistic: no column of a condition or an order is named. Databases of the tune half alone.
    'columns-unnamed': [parse(readFileSync(join(import.meta.dirname, 'columns-unnamed.json'), 'utf8')), spider],
    unanswerable: [read('defog/unanswerable.jsonl'), defog],
  }
  const rows: string[] = []
  const results: Record<string, Record<Half, Counts>> = {}
  for (const [name, [asked, databases]] of Object.entries(suites)) {
    if (only !== undefined && only !== name) continue
    const counts = await runSuite(asked, databases)
    results[name] = counts
    rows.push(...halves.map((half) => line(`${name}, ${half}`, counts[half])), line(`${name}, all`, sum(counts.tune, counts['held-out'])))
  }
  await server.stop()
  console.log(rows.join('\n'))
  console.log(`median ${medianMs()} ms a draft`)
  if (only === undefined) save(results, rows)
}

function read(file: string): Asked[] {
  const lines = readFileSync(join(dataFolder, file), 'utf8').trim().split('\n')
  return parse(`[${lines.join(',')}]`)
}

/** The data's own format. */
interface Row {
  readonly db: string
  readonly question: string
  readonly gold_sql?: string | null
  readonly gold_sql_alternatives?: readonly string[]
  readonly ordered?: boolean
}

function parse(json: string): Asked[] {
  return (JSON.parse(json) as Row[]) // files of the data folder, or our own
    .map((row) => ({
      db: row.db,
      question: row.question,
      gold: [...(row.gold_sql == null ? [] : [row.gold_sql]), ...(row.gold_sql_alternatives ?? [])],
      isOrdered: row.ordered === true,
    }))
}

async function runSuite(asked: readonly Asked[], databases: ReadonlyMap<string, LoadedDatabase>): Promise<Record<Half, Counts>> {
  const halfOf = halvesOf(databases.keys())
  const counts = { tune: none(), 'held-out': none() }
  for (const one of asked) {
    const loaded = databases.get(one.db)
    if (loaded === undefined) continue
    const half = halfOf.get(one.db) ?? 'tune'
    const graded = await grade(one, loaded, today)
    drafting.push(graded.draftMs)
    counts[half][graded.result] += 1
    if (isVerbose && half === 'tune' && graded.result !== 'right') tell(one, graded)
  }
  return counts
}

function tell(asked: Asked, { result, said }: Grade): void {
  console.log(`${result.toUpperCase()} ${asked.db} | ${asked.question}\n   ${said}\n   gold ${asked.gold[0] ?? '-'}`)
}

function none(): Record<Result, number> {
  return { right: 0, wrong: 0, abstained: 0, clarified: 0 }
}

function sum(a: Counts, b: Counts): Counts {
  return {
    right: a.right + b.right,
    wrong: a.wrong + b.wrong,
    abstained: a.abstained + b.abstained,
    clarified: a.clarified + b.clarified,
  }
}

function medianMs(): string {
  return (drafting.toSorted((a, b) => a - b)[Math.floor(drafting.length / 2)] ?? 0).toFixed(2)
}

function line(name: string, { right, wrong, abstained, clarified }: Counts): string {
  const all = right + wrong + abstained + clarified
  const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)
  const shares = name.startsWith('unanswerable')
    ? [`abstained ${share(abstained + clarified, all)}`, '–']
    : [share(right, all), share(right, right + wrong)]
  return `| ${[name, all, right, wrong, abstained, clarified, ...shares].join(' | ')} |`
}

function save(results: object, rows: readonly string[]): void {
  const made = about('node bench/accuracy/run.ts')
  saveResult('accuracy-builtin', { ...made, medianDraftMs: Number(medianMs()), results })
  const head =
    '| questions | asked | right | wrong | abstained | asked back | right of all | right of answered |\n|---|---|---|---|---|---|---|---|'
  saveText(
    'accuracy-builtin.md',
    `# Built-in drafter: execution accuracy

\`${made.command}\`, commit ${made.commit}, PostgreSQL 18, today taken as ${today}, median ${medianMs()} ms a draft.

Databases, not questions, are split in halves by a hash of their names (\`bench/accuracy/halves.ts\`). Errors are read in the
tune half alone. The split is younger than the drafter: earlier work saw all questions, so the held-out figure is clean only of
what came after it.

${head}\n${rows.join('\n')}\n`,
  )
}

await main()
