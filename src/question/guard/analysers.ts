import type { Dialect } from '../../domain/index.ts'
import type { Analyser } from './analyser.ts'
import type { Effort } from './effort.ts'

/** How each dialect's analyser is opened. Grammars are heavy, so each is loaded with its first statement. */
const openers: Readonly<Record<Dialect, (effort: Effort) => Promise<Analyser>>> = {
  postgres: async (effort) => (await import('./postgres/index.ts')).openPostgresAnalyser(effort),
  mysql: async (effort) => (await import('./mysql/index.ts')).openMysqlAnalyser('mysql', effort),
  mariadb: async (effort) => (await import('./mysql/index.ts')).openMysqlAnalyser('mariadb', effort),
  sqlite: async () => (await import('./sqlite/index.ts')).openSqliteAnalyser(),
}

/** One analyser per dialect, opened once. */
export class Analysers {
  readonly #opened = new Map<Dialect, Promise<Analyser>>()
  readonly #ready = new Map<Dialect, Analyser>()
  readonly #effort: Effort

  constructor(effort: Effort) {
    this.#effort = effort
  }

  /** At once where it is open already. */
  of(dialect: Dialect): Analyser | Promise<Analyser> {
    return this.#ready.get(dialect) ?? this.#open(dialect)
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()]
    this.#opened.clear()
    this.#ready.clear()
    await Promise.all(all.map(async (analyser) => await (await analyser).close()))
  }

  async #open(dialect: Dialect): Promise<Analyser> {
    const opening = this.#opened.get(dialect) ?? openers[dialect](this.#effort)
    this.#opened.set(dialect, opening)
    const analyser = await opening
    this.#ready.set(dialect, analyser)
    return analyser
  }
}
