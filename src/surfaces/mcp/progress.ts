import type { ProgressBody } from '../../contract/index.ts'
import type { ProgressToken } from './messages.ts'

const doing: Readonly<Record<ProgressBody['phase'], string>> = {
  queue: 'waiting for a free database connection',
  read: 'running',
  write: 'writing',
  commit: 'committing',
  'dry-run': 'trying the write out',
}

/** As the protocol carries it: `progress` grows with each word, so it is the seconds so far; there is no total. */
export function progressNotification(progressToken: ProgressToken, { phase, rows, bytes, elapsedMs }: ProgressBody) {
  const read = rows === 0 ? '' : `, ${rows} rows and ${bytes} bytes so far`
  return {
    method: 'notifications/progress' as const,
    params: { progressToken, progress: elapsedMs / 1000, message: `${doing[phase]}${read}` },
  }
}

/** A result that is said to be on its way once it is late. */
export class LateResult<Result> {
  readonly #waiting: ProgressBody[] = []
  readonly #work: Promise<Result>
  #isDone = false
  #wake: () => void = () => {}

  constructor(begin: (progress: (word: ProgressBody) => void) => Promise<Result>) {
    const wake = (): void => this.#wake()
    this.#work = begin((word) => {
      this.#waiting.push(word)
      wake()
    }).finally(() => {
      this.#isDone = true
      wake()
    })
    this.#work.catch(() => {}) // whoever reads it hears of it
  }

  /** The result, or null once there is a word before it. */
  async soon(): Promise<Result | null> {
    await this.#news()
    return this.#waiting.length === 0 ? await this.#work : null
  }

  /** Words as they come; then the result. */
  async *words(): AsyncGenerator<ProgressBody, Result> {
    for (;;) {
      await this.#news()
      const word = this.#waiting.shift()
      if (word === undefined) return await this.#work
      yield word
    }
  }

  async #news(): Promise<void> {
    if (this.#isDone || this.#waiting.length > 0) return
    await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}
