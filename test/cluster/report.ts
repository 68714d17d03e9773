import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Paths of this machine are nobody's business. */
const root = fileURLToPath(new URL('../../', import.meta.url))

type State = 'passed' | 'failed' | 'not run'

interface Line {
  readonly chapter: string
  readonly name: string
  readonly state: State
  readonly detail: string
}

/** A check that cannot be made on this cluster throws it, with the reason; it counts as neither passed nor failed. */
export class NotHere extends Error {}

/** Collects what passed, what failed and what could not be run, and writes it as a page. */
export class Report {
  readonly #lines: Line[] = []
  #chapter = ''

  chapter(name: string): void {
    this.#chapter = name
    console.log(`\n== ${name}`)
  }

  /** `work` gives a figure or a word for the page, or nothing. True: it passed. */
  async check(name: string, work: () => Promise<string | void>): Promise<boolean> {
    const startedMs = performance.now()
    const [state, detail] = await work().then(
      (said): [State, string] => ['passed', said ?? ''],
      (error: unknown): [State, string] => [
        error instanceof NotHere ? 'not run' : 'failed',
        error instanceof Error ? error.message : String(error),
      ],
    )
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`${state.padEnd(8)} ${name} (${seconds} s)${detail === '' ? '' : `: ${detail}`}`)
    this.#lines.push({ chapter: this.#chapter, name, state, detail })
    return state === 'passed'
  }

  get failed(): number {
    return this.#count('failed')
  }

  get sums(): string {
    return `${this.#count('passed')} passed, ${this.failed} failed, ${this.#count('not run')} skipped`
  }

  /** Puts the chapters of this run in the place of their last ones; chapters that were not run stay, each says of when it is. */
  write(file: string, facts: Readonly<Record<string, string>>, when: string): void {
    const sections = existsSync(file) ? sectionsOf(readFileSync(file, 'utf8')) : new Map<string, string>()
    for (const chapter of new Set(this.#lines.map((line) => line.chapter)))
      sections.set(chapter, [`Run ${when}.`, '', '| check | result | |', '|---|---|---|', ...this.#rows(chapter)].join('\n'))
    const all = [...sections.values()].join('\n')
    const count = (state: State): number => all.split(` | ${state} | `).length - 1
    const text = [
      '# The chart on a real cluster',
      '',
      '`npm run test:cluster`, on the current kubectl context. What could not be run is not counted as passed.',
      '',
      '| fact | |',
      '|---|---|',
      ...Object.entries(facts).map(([name, value]) => `| ${name} | ${value} |`),
      `| result | ${count('passed')} passed, ${count('failed')} failed, ${count('not run')} not run |`,
      ...[...sections].flatMap(([chapter, section]) => ['', `## ${chapter}`, '', section]),
      '',
    ]
    mkdirSync(new URL('../../bench/results/', import.meta.url), { recursive: true })
    writeFileSync(file, text.join('\n'))
  }

  #rows(chapter: string): readonly string[] {
    return this.#lines
      .filter((line) => line.chapter === chapter)
      .map(
        ({ name, state, detail }) =>
          `| ${name} | ${state} | ${detail
            .replaceAll(root, '')
            .replaceAll('|', '/')
            .replaceAll(/\s*\n\s*/g, ' · ')
            .slice(0, 400)} |`,
      )
  }

  #count(state: State): number {
    return this.#lines.filter((line) => line.state === state).length
  }
}

/** Chapter → its text, of a page that was written before. */
function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^## /m).slice(1)
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n')).trim()]))
}

export function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
}
