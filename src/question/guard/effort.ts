/** How much may be spent on one statement before it goes elsewhere, or is refused. */
export interface Effort {
  /** Longest text that is parsed, of a statement or a view. */
  readonly bytes: number
  /** Most words, numbers and signs in it; a parser's time goes by these rather than by bytes. */
  readonly tokens: number
  /** Names that may be looked at while resolving: stars over wide tables multiply. */
  readonly steps: number
}

/**
 * On the event loop: what is surely done within a few milliseconds (bench/guard/speed.ts). Nearly every statement is; what is
 * not goes to a thread.
 */
export const inlineEffort: Effort = { bytes: 8_192, tokens: 1_200, steps: 12_000 }

/** In a thread that an outer clock ends. */
export const threadEffort: Effort = { bytes: 100_000, tokens: 50_000, steps: 20_000_000 }

/** The statement needs more than the effort allows. Not a verdict: whoever catches it knows whether there is another place. */
export class TooMuchWork extends Error {
  constructor() {
    super('The statement needs more work than is allowed here.')
    this.name = 'TooMuchWork'
  }
}

/** Counts down the steps of one analysis. */
export class Steps {
  #left: number

  constructor({ steps }: Effort) {
    this.#left = steps
  }

  /** Throws TooMuchWork when they are used up. */
  spend(count: number): void {
    this.#left -= count
    if (this.#left < 0) throw new TooMuchWork()
  }
}
