import type { Catalog, Relation } from '../../src/domain/index.ts'
import { modelPrompt } from '../../src/question/ask/index.ts'
import { isDataPresent } from './load-databases.ts'
import { catalogOf, distractors, linkingSets, realTables, type LinkingQuestion } from './large-catalogs.ts'
import { median } from '../figures.ts'
import { about, saveText } from '../report.ts'

interface Recall {
  readonly tables: number
  readonly questions: number
  /** Questions all of whose gold tables stand in the prompt with their columns. */
  readonly complete: number
  readonly medianMs: number
}

const maxPromptTokens = 4_000

/**
 * `node --expose-gc bench/accuracy/retrieval.ts [--verbose]`: the prompt the model drafter sends, by its own code, and whether
 * all tables a question needs stand in it. No model and no embedding is called.
 */
function main(): void {
  if (!isDataPresent()) return console.log('no data beside the checkout: nothing measured')
  const sets = linkingSets()
  const speed = measureSpeed(sets.flatMap((set) => set.questions)) // first: what the rest leaves behind would count as memory
  const results: Record<string, Recall> = {}
  for (const set of sets) results[`${set.name}, alone`] = recall(catalogOf(set.tables), set.questions)
  const beaver = sets.find((set) => set.name === 'beaver')
  if (beaver !== undefined)
    results['beaver among 463 tables'] = recall(catalogOf([...beaver.tables, ...distractors(463 - beaver.tables.length)]), beaver.questions)
  const all = realTables()
  const everything = catalogOf([...all, ...distractors(876 - all.length)])
  for (const set of sets) results[`${set.name} among 876 tables`] = recall(everything, set.questions)
  report(results, speed)
}

function recall(catalog: Catalog, questions: readonly LinkingQuestion[]): Recall {
  const times: number[] = []
  let complete = 0
  for (const { db, question, gold } of questions) {
    const start = performance.now()
    const prompt = describe(catalog, question)
    times.push(performance.now() - start)
    const missing = gold.filter((name) => !twinsOf(catalog, db, name).some((twin) => isDescribed(prompt, twin)))
    if (missing.length === 0) complete += 1
    else if (process.argv.includes('--verbose'))
      console.log(`MISSING ${catalog.relations.length} ${db} | ${question}\n   ${missing.join(', ')} of ${gold.join(', ')}`)
  }
  return { tables: catalog.relations.length, questions: questions.length, complete, medianMs: median(times) }
}

function describe(catalog: Catalog, question: string): string {
  return modelPrompt(question, { view: catalog, disclosure: 'statistics', today: '2026-11-24', repair: null }, maxPromptTokens).user
}

/** The table, and any of another database with the very same columns (the data holds two films' databases twice). */
function twinsOf(catalog: Catalog, db: string, name: string): readonly string[] {
  const columns = (relation: Relation): string => relation.columns.map((column) => column.name).join(' ')
  const gold = catalog.relations.find((relation) => relation.schema === db && relation.name.toLowerCase() === name.toLowerCase())
  if (gold === undefined) return []
  return catalog.relations
    .filter((one) => one.name === gold.name && columns(one) === columns(gold))
    .map((one) => `${one.schema}.${one.name}`)
}

function isDescribed(prompt: string, name: string): boolean {
  return new RegExp(`^table ${name.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')}(?![\\w.])`, 'mi').test(prompt)
}

/** The first prompt over a catalog builds its index; those after it only look up. */
function measureSpeed(questions: readonly LinkingQuestion[]): Record<string, number> {
  const tables = [...realTables()]
  const catalog = catalogOf([...tables, ...distractors(10_000 - tables.length)])
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.()
  const before = process.memoryUsage().heapUsed + process.memoryUsage().external
  const start = performance.now()
  describe(catalog, questions[0]?.question ?? '')
  const firstMs = performance.now() - start
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.()
  const indexMb = (process.memoryUsage().heapUsed + process.memoryUsage().external - before) / 1024 ** 2
  const cpuBefore = process.cpuUsage()
  const times = questions.map(({ question }) => {
    const began = performance.now()
    describe(catalog, question)
    return performance.now() - began
  })
  const cpu = process.cpuUsage(cpuBefore)
  const cpuMs = (cpu.user + cpu.system) / 1_000 / Math.max(1, questions.length)
  return {
    tables: catalog.relations.length,
    cpuMs,
    firstMs,
    medianMs: median(times),
    p99Ms: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0,
    indexMb,
  }
}

function report(results: Readonly<Record<string, Recall>>, speed: Readonly<Record<string, number>>): void {
  const made = about('node --expose-gc bench/accuracy/retrieval.ts')
  const rows = Object.entries(results).map(
    ([name, { tables, questions, complete, medianMs }]) =>
      `| ${name} | ${tables} | ${questions} | ${((100 * complete) / questions).toFixed(1)} % | ${medianMs.toFixed(2)} |`,
  )
  const text = `# Retrieval: the tables a question needs, in a prompt of ${maxPromptTokens.toLocaleString('en')} tokens

\`${made.command}\`, commit ${made.commit}, ${made.machine}. The model drafter's own prompt, without a model or an embedding.

The published catalogues of 463 and 876 tables are not at hand: those here hold every table of the development data, each
database a schema of its own, and are filled up to that size with tables made by crossing the real ones.

| questions of | tables in the catalog | questions | all gold tables described | median ms |
|---|---|---|---|---|
${rows.join('\n')}

${Math.round(speed['tables'] ?? 0).toLocaleString('en')} tables: median ${(speed['medianMs'] ?? 0).toFixed(2)} ms a retrieval (${(speed['cpuMs'] ?? 0).toFixed(2)} ms of processor time), p99 ${(speed['p99Ms'] ?? 0).toFixed(2)} ms; the first one, which builds
the index, ${(speed['firstMs'] ?? 0).toFixed(0)} ms; the index holds ${(speed['indexMb'] ?? 0).toFixed(1)} MB.
`
  console.log(text)
  saveText('retrieval.md', text)
  const round = (_: string, value: unknown): unknown => (typeof value === 'number' ? Number(value.toFixed(2)) : value)
  saveText('retrieval.json', `${JSON.stringify({ ...made, maxPromptTokens, results, speed }, round, 2)}\n`)
}

main()
