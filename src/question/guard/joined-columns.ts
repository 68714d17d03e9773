import type { ColumnMap } from './column-map.ts'
import type { Steps } from './effort.ts'

interface Entry<Origin> {
  readonly columns: ColumnMap<Origin> | null
}

/** What a join compares by one name. */
export interface Compared<Origin> {
  readonly name: string
  /** Columns that no join before has gone by. */
  readonly origins: readonly Origin[]
  /** true: surely neither side has it. */
  readonly isMissing: boolean
}

export interface JoinKind {
  readonly using: readonly string[]
  readonly isNatural: boolean
}

/** The joins of one statement: what USING and NATURAL compare. A chain of them costs as much as its tables, not their square. */
export class Joins<Origin> {
  readonly #known = new WeakMap<readonly Entry<Origin>[], JoinedColumns<Origin>>()
  readonly #steps: Steps

  constructor(steps: Steps) {
    this.#steps = steps
  }

  /** `both` stands for the two sides from now on; it may be the left one, grown. */
  compare(
    left: readonly Entry<Origin>[],
    right: readonly Entry<Origin>[],
    both: readonly Entry<Origin>[],
    { using, isNatural }: JoinKind,
  ): Compared<Origin>[] {
    if (!isNatural && using.length === 0 && !this.#known.has(left)) return []
    const [ours, theirs] = [this.#columnsOf(left), this.#columnsOf(right)]
    const shared = [...using, ...(isNatural ? ours.sharedWith(theirs) : [])]
    this.#steps.spend(shared.length + theirs.size)
    const compared = shared.map((name) => ({
      name,
      isMissing: ours.lacks(name) && theirs.lacks(name),
      origins: [...ours.take(name), ...theirs.take(name)],
    }))
    ours.absorb(theirs)
    this.#known.set(both, ours)
    return compared
  }

  #columnsOf(entries: readonly Entry<Origin>[]): JoinedColumns<Origin> {
    const known = this.#known.get(entries) ?? new JoinedColumns(entries)
    this.#known.set(entries, known)
    return known
  }
}

/** The columns of one side by name. Each is handed out once, to the first join that goes by its name. */
class JoinedColumns<Origin> {
  readonly #waiting = new Map<string, readonly Origin[]>()
  /** false: there may be columns of any name. */
  #isKnown = true

  constructor(entries: readonly Entry<Origin>[]) {
    for (const { columns } of entries) {
      if (columns === null) this.#isKnown = false
      for (const [name, origins] of columns ?? []) this.#add(name, origins)
    }
  }

  get size(): number {
    return this.#waiting.size
  }

  /** What is not known may share any column of the other side. */
  sharedWith(other: JoinedColumns<Origin>): string[] {
    const theirs = [...other.#waiting.keys()].filter((name) => !this.lacks(name))
    return other.#isKnown ? theirs : [...new Set([...this.#waiting.keys(), ...theirs])]
  }

  lacks(name: string): boolean {
    return this.#isKnown && !this.#waiting.has(name)
  }

  take(name: string): readonly Origin[] {
    const origins = this.#waiting.get(name)
    if (origins === undefined) return []
    this.#waiting.set(name, [])
    return origins
  }

  absorb(other: JoinedColumns<Origin>): void {
    this.#isKnown &&= other.#isKnown
    for (const [name, origins] of other.#waiting) this.#add(name, origins)
  }

  #add(name: string, origins: readonly Origin[]): void {
    const known = this.#waiting.get(name)
    this.#waiting.set(name, known === undefined || known.length === 0 ? origins : [...known, ...origins])
  }
}
