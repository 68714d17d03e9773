import type { CatalogBody } from '../../../contract/index.ts'
import { dialectFacts } from '../../../domain/index.ts'
import { countOf } from '../render/answer-words.ts'
import { printable } from '../render/printable.ts'
import type { ShellState } from './shell-state.ts'

const demoQuestion = 'how many orders were shipped last month by carrier?'
/** The greeting does not wait longer than this for a catalog. */
const patienceMs = 1_500

/** What the shell is connected to, and a first question to try. */
export async function greet(state: ShellState): Promise<void> {
  const { connection, context, session } = state
  const { paint } = state.screen
  const catalog = await soon(state.catalogs.load(connection.name))
  const size = catalog === null ? '' : `, ${countOf(catalog.relations.length, 'table')}`
  const about = connection.description === '' ? '' : `: ${printable(connection.description)}`
  await state.screen.talk.lines([
    `${paint.bold(`AI-Shell ${context.env.version}`)} · ${paint.bold(connection.name)} (${dialectFacts[connection.engine].label}${size})${about}`,
    `Try: ${paint.cyan(connection.origin === 'demo' ? demoQuestion : firstQuestion(catalog))}`,
    paint.dim(`${session.baseUrl} · \\help lists the commands, \\q leaves.`),
  ])
}

/** The table most others point at is what a database is about. */
function firstQuestion(catalog: CatalogBody | null): string {
  const relations = catalog?.relations ?? []
  const pointedAt = (name: string): number => relations.filter((other) => other.foreignKeys.some((key) => key.target.name === name)).length
  const centre = relations.toSorted((a, b) => pointedAt(b.name) - pointedAt(a.name))[0]
  return centre === undefined ? '\\d' : `how many rows does ${printable(centre.name)} have?`
}

async function soon<Value>(promise: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs)
  })
  try {
    return await Promise.race([promise.catch(() => null), patience]) // the first question will say what is wrong
  } finally {
    clearTimeout(timer)
  }
}
