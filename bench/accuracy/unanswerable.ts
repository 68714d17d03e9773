import { join } from 'node:path'
import type { Catalog, Relation } from '../../src/domain/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { demoDatabase } from '../../test/support/demo-database.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { halves, halvesOf, type Half } from './halves.ts'
import { dataFolder, isDataPresent, loadDatabases, readCatalog } from './load-databases.ts'
import { about, saveText } from '../report.ts'

/** One question no database here can answer, and why. */
interface Unanswerable {
  readonly kind: string
  readonly question: string
}

const today = '2026-11-24'

const attributes = [
  'blood type', 'shoe size', 'zodiac sign', 'carbon footprint', 'passport number', 'marital status', 'credit score', 'wifi password', 'horsepower', 'calories',
  'nickname', 'religion', 'parking permit', 'insurance premium', 'hair style', 'battery life', 'screen resolution', 'voltage', 'altitude', 'humidity',
  'thread count', 'allergies', 'hobbies', 'tax bracket', 'favourite song', 'grandmother', 'twitter handle', 'fingerprint', 'warranty length', 'fuel consumption',
] // prettier-ignore
const strangers = ['submarines', 'vaccines', 'volcanoes', 'galaxies', 'parliaments', 'violins', 'penguins', 'lawsuits', 'satellites', 'recipes', 'earthquakes', 'tractors', 'chess openings', 'glaciers', 'passwords'] // prettier-ignore
const opinions = ['nicest', 'most beautiful', 'most trustworthy', 'coolest', 'most boring', 'funniest', 'friendliest', 'most overrated'] // prettier-ignore

/** Questions about one database: attributes it lacks, things of other domains, opinions, predictions, reasons, advice, writes, unknown names. */
function questionsFor(catalog: Catalog): readonly Unanswerable[] {
  const known = JSON.stringify(catalog.relations).toLowerCase()
  const isStrange = (words: string): boolean => words.split(' ').every((word) => !known.includes(word.replace(/(es|s)$/, '').slice(0, 5)))
  const things = catalog.relations.filter((relation) => relation.columns.length > 2).map(thingOf)
  const missing = attributes.filter(isStrange)
  const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item // not empty
  return things.flatMap((thing, at) => [
    ...[0, 1].map((turn) => ({ kind: 'attribute it lacks', question: `What is the ${pick(missing, at * 5 + turn)} of each ${thing}?` })),
    { kind: 'attribute it lacks', question: `List the ${thing} with the highest ${pick(missing, at * 5 + 2)}.` },
    { kind: 'attribute it lacks', question: `How many ${thing} have a ${pick(missing, at * 5 + 3)}?` },
    { kind: 'attribute it lacks', question: `Show the ${thing} ordered by ${pick(missing, at * 5 + 4)}.` },
    { kind: 'another domain', question: `How many ${pick(strangers.filter(isStrange), at)} are there?` },
    { kind: 'another domain', question: `Which ${pick(strangers.filter(isStrange), at + 3)} belong to the ${thing}?` },
    { kind: 'an opinion', question: `Which ${thing} is the ${pick(opinions, at)}?` },
    { kind: 'an opinion', question: `Are the ${thing} good enough?` },
    { kind: 'a prediction', question: `How many ${thing} will there be in 2030?` },
    { kind: 'a prediction', question: `What is the expected number of ${thing} next quarter?` },
    { kind: 'a reason', question: `Why are there so many ${thing}?` },
    { kind: 'advice', question: `How can we get more ${thing}?` },
    { kind: 'a write', question: `Delete every ${thing} from before 2020.` },
    { kind: 'a write', question: `Can you rename the first ${thing} to Test?` },
    { kind: 'a write', question: `Add a new ${thing} called Zorblax.` },
    { kind: 'an unknown name', question: `How many ${thing} are in Quuxville?` },
    { kind: 'an unknown name', question: `Show all ${thing} from Zorblax.` },
  ])
}

function thingOf({ name }: Relation): string {
  return name.replaceAll('_', ' ').toLowerCase()
}

/** `node bench/accuracy/unanswerable.ts [--verbose]`: how often the built-in drafter abstains, over all databases of the data and the demo. */
async function main(): Promise<void> {
  if (!isDataPresent()) return console.log(`no data at ${dataFolder}: nothing measured`)
  const catalogs = await openCatalogs()
  const halfOf = halvesOf(catalogs.keys())
  const counts = new Map<string, { asked: number; answered: number }>()
  for (const [name, catalog] of catalogs) {
    const half = halfOf.get(name) ?? 'tune'
    for (const { kind, question } of questionsFor(catalog)) {
      const draft = draftBuiltin(question, { view: catalog, today })
      for (const key of [`${kind}|${half}`, `all|${half}`]) {
        const count = counts.get(key) ?? { asked: 0, answered: 0 }
        count.asked += 1
        if (draft.kind === 'drafted') count.answered += 1
        counts.set(key, count)
      }
      if (draft.kind === 'drafted' && half === 'tune' && process.argv.includes('--verbose'))
        console.log(`ANSWERED ${name} | ${question}\n   ${draft.sql.replaceAll('\n', ' ')}`)
    }
  }
  report(catalogs.size, counts)
}

async function openCatalogs(): Promise<ReadonlyMap<string, Catalog>> {
  const server = await startScratchServer()
  const catalogs = new Map<string, Catalog>()
  for (const folder of ['spider/postgres', 'defog/postgres'])
    for (const [name, { catalog }] of await loadDatabases(server, join(dataFolder, folder))) catalogs.set(name, catalog)
  catalogs.set('harbor_goods', await readCatalog(await demoDatabase(server)))
  await server.stop()
  return catalogs
}

function report(databases: number, counts: ReadonlyMap<string, { readonly asked: number; readonly answered: number }>): void {
  const share = (kind: string, half: Half): string => {
    const { asked, answered } = counts.get(`${kind}|${half}`) ?? { asked: 0, answered: 0 }
    return `${asked - answered} of ${asked} (${((100 * (asked - answered)) / Math.max(1, asked)).toFixed(1)} %)`
  }
  const kinds = [...new Set([...counts.keys()].map((key) => key.split('|')[0] ?? ''))]
  const rows = kinds.map((kind) => `| ${kind} | ${halves.map((half) => share(kind, half)).join(' | ')} |`)
  const { command, commit } = about('node bench/accuracy/unanswerable.ts')
  const text = `# Built-in drafter: questions that cannot be answered

\`${command}\`, commit ${commit}. Made from the catalogs of ${databases} databases, split as in \`bench/accuracy/halves.ts\`: how many it
did not answer with SQL.

| the question asks for | ${halves.join(' | ')} |
|---|---|---|
${rows.join('\n')}
`
  console.log(text)
  saveText('unanswerable.md', text)
}

await main()
