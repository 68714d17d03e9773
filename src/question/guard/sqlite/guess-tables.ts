import { certain, lastOf } from '../certain.ts'
import { compile, openScratch } from './scratch-database.ts'
import { isOwnTable } from './own-tables.ts'
import { tokenize } from './tokenize.ts'
import type { Testimony, WitnessTable } from './witness-messages.ts'

/** A statement of this many names is not one anybody wrote. */
const mostRounds = 400
const mostColumns = 64

/** Stands for the columns nobody names; no statement can name it by accident, and it is never told of. */
export const unnamedColumn = '*'

/**
 * Compiles a statement without knowing the database: each table and column that SQLite misses is made up, and it is asked
 * again. Functions, pragmas and SQLite's own tables are never made up, so they are judged as ever.
 */
export function compileByGuessing(sql: string): Testimony {
  const guess = new Guess(sql)
  let heard = guess.ask()
  for (let round = 0; round < mostRounds && heard.error !== null; round++) {
    const next = guess.mend(heard.error, heard.actions.length)
    if (next === null) break
    heard = next
  }
  return { ...heard, guessed: { tables: guess.tables(), uncertain: [...guess.uncertain] } }
}

type Heard = Omit<Testimony, 'guessed'>

class Guess {
  readonly uncertain = new Set<string>()
  readonly #sql: string
  /** By folded name: the name as written, and its columns by folded name. */
  #tables = new Map<string, { readonly name: string; readonly columns: ReadonlyMap<string, string> }>()
  readonly #aliases: ReadonlyMap<string, ReadonlySet<string>>
  readonly #qualified: readonly (readonly [qualifier: string, column: string])[]

  constructor(sql: string) {
    this.#sql = sql
    const { aliases, qualified } = readNames(sql)
    this.#aliases = aliases
    this.#qualified = qualified
  }

  tables(): WitnessTable[] {
    return [...this.#tables.values()].map(({ name, columns }) => ({
      name,
      columns: columns.size === 0 ? [unnamedColumn] : [...columns.values()],
      keys: [],
      viewText: null,
    }))
  }

  ask(): Heard {
    const database = openScratch(this.tables())
    try {
      return compile(database, this.#sql)
    } finally {
      database.close()
    }
  }

  /** What SQLite says after its complaint has been met; null where it cannot be. */
  mend(error: string, actions: number): Heard | null {
    const [, table] = /^no such table: (?:main\.)?(.+)$/.exec(error) ?? []
    if (table !== undefined) return this.#addTable(table)
    const [, column] = /^no such column: (.+)$/.exec(error) ?? []
    if (column !== undefined) return this.#addColumn(column, error, actions)
    const [, into, named] = /^table (.+) has no column named (.+)$/.exec(error) ?? []
    if (into !== undefined && named !== undefined) return this.#with([[into.toLowerCase(), named]])
    const [, joined] = /^cannot join using column (.+) - column not present in both tables$/.exec(error) ?? []
    if (joined !== undefined) return this.#with([...this.#tables.keys()].map((name) => [name, joined]))
    const isCount = /same number of result columns|sub-select returns|values were supplied|values for \d+ columns/.test(error)
    return isCount ? this.#widen(error) : null
  }

  #addTable(written: string): Heard | null {
    const key = written.toLowerCase()
    if (isOwnTable(key) || this.#tables.has(key)) return null
    const columns = this.#qualified.filter(([qualifier]) => qualifier === key || this.#aliases.get(qualifier)?.has(key) === true)
    this.#tables.set(key, { name: written, columns: new Map(columns.map(([, column]) => [column.toLowerCase(), column])) })
    return this.ask()
  }

  /** The table whose new column gets the statement furthest; the likeliest are tried first. */
  #addColumn(written: string, error: string, before: number): Heard | null {
    const dot = written.lastIndexOf('.')
    const [qualifier, column] =
      dot === -1 ? [null, written] : [lastOf(written.slice(0, dot).toLowerCase().split('.')), written.slice(dot + 1)]
    const kept = this.#tables
    const [meant, others] = this.#candidates(qualifier, column)
    if (meant.length !== 1 && meant.length + others.length > 1) this.uncertain.add(column.toLowerCase())
    let best: { readonly heard: Heard; readonly tables: typeof kept } | null = null
    for (const name of [...meant, ...others]) {
      this.#tables = kept
      const heard = this.#with([[name, column]])
      if (heard.error !== error && !/^ambiguous/.test(heard.error ?? '')) return heard
      if (heard.actions.length > (best?.heard.actions.length ?? before)) best = { heard, tables: this.#tables }
    }
    this.#tables = best?.tables ?? kept
    return best?.heard ?? null
  }

  /** Tables the qualifier may stand for, and the rest. */
  #candidates(qualifier: string | null, column: string): readonly [meant: string[], others: string[]] {
    const without = [...this.#tables].filter(([, { columns }]) => !columns.has(column.toLowerCase())).map(([name]) => name)
    const meant = (name: string): boolean => qualifier !== null && (name === qualifier || this.#aliases.get(qualifier)?.has(name) === true)
    return [without.filter(meant), without.filter((name) => !meant(name))]
  }

  /** Stars of two queries that must be equally wide: all tables are made as wide as one another, then wider. */
  #widen(error: string): Heard | null {
    const kept = this.#tables
    for (let width = 1; width <= mostColumns; width++) {
      this.#tables = new Map([...kept].map(([key, { name, columns }]) => [key, { name, columns: padded(columns, width) }]))
      const heard = this.ask()
      if (heard.error !== error && !/same number|sub-select|supplied|values for/.test(String(heard.error))) return heard
    }
    this.#tables = kept
    return null
  }

  #with(additions: readonly (readonly [table: string, column: string])[]): Heard {
    const tables = new Map(this.#tables)
    for (const [key, column] of additions) {
      const { name, columns } = certain(tables.get(key))
      tables.set(key, { name, columns: new Map([...columns, [column.toLowerCase(), column]]) })
    }
    this.#tables = tables
    return this.ask()
  }
}

function padded(columns: ReadonlyMap<string, string>, width: number): ReadonlyMap<string, string> {
  const fillers = Array.from({ length: Math.max(0, width - columns.size) }, (_, at) => `${unnamedColumn}${at + 1}`)
  return new Map([...columns, ...fillers.map((name) => [name, name] as const)])
}

/** `table [AS] alias` and `qualifier.column`, as far as single tokens tell. */
function readNames(sql: string) {
  const tokens = tokenize(sql)
  const aliases = new Map<string, Set<string>>()
  const qualified: [string, string][] = []
  const isName = (at: number): boolean => tokens[at] !== undefined && (tokens[at].kind === 'word' || tokens[at].kind === 'quoted')
  const text = (at: number): string => tokens[at]?.text ?? ''
  for (const at of tokens.keys()) {
    if (!isName(at)) continue
    if (text(at + 1) === '.' && isName(at + 2) && text(at + 3) !== '.') qualified.push([text(at).toLowerCase(), text(at + 2)])
    const alias = /^as$/i.test(text(at + 1)) ? at + 2 : at + 1
    if (!isName(alias)) continue
    const known = aliases.get(text(alias).toLowerCase()) ?? new Set()
    aliases.set(text(alias).toLowerCase(), known.add(text(at).toLowerCase()))
  }
  return { aliases, qualified }
}
