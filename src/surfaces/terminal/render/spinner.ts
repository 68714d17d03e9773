const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 80
/** Quick answers show no spinner at all: a flash is worse than nothing. */
const delayMs = 150

/** A turning mark with a word beside it, on a screen only; erased before anything else is written. */
export class Spinner {
  readonly #out: NodeJS.WritableStream | null
  #timer: NodeJS.Timeout | null = null
  #startedMs = 0
  #frame = 0
  #word = ''
  #isDrawn = false

  /** `out` null: stays silent. */
  constructor(out: NodeJS.WritableStream | null) {
    this.#out = out
  }

  start(word: string): void {
    this.#word = word
    if (this.#out === null || this.#timer !== null) return
    this.#startedMs = performance.now()
    this.#timer = setInterval(() => this.#draw(), frameMs)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    if (this.#isDrawn) this.#out?.write('\r\x1b[K')
    this.#isDrawn = false
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#startedMs
    if (elapsedMs < delayMs) return
    this.#frame = (this.#frame + 1) % frames.length
    const seconds = elapsedMs >= 2_000 ? ` ${Math.floor(elapsedMs / 1000)} s` : ''
    this.#out?.write(`\r${frames[this.#frame] ?? ''} ${this.#word}${seconds}\x1b[K`)
    this.#isDrawn = true
  }
}
