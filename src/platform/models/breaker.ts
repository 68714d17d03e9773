/** After several failures in a row a provider is left alone for a while; then one call tries it again. */
export class Breaker {
  readonly #failuresToOpen: number
  readonly #coolDownMs: number
  readonly #nowMs: () => number
  #failures = 0
  #openUntilMs = 0
  #isProbing = false

  constructor(options: { readonly failuresToOpen: number; readonly coolDownMs: number; readonly nowMs: () => number }) {
    this.#failuresToOpen = options.failuresToOpen
    this.#coolDownMs = options.coolDownMs
    this.#nowMs = options.nowMs
  }

  get isOpen(): boolean {
    return this.#failures >= this.#failuresToOpen && (this.#nowMs() < this.#openUntilMs || this.#isProbing)
  }

  /** false: do not call. Otherwise `succeeded` or `failed` must follow. */
  mayCall(): boolean {
    if (this.isOpen) return false
    this.#isProbing = this.#failures >= this.#failuresToOpen
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#isProbing = false
  }

  failed(): void {
    this.#failures += 1
    this.#isProbing = false
    if (this.#failures >= this.#failuresToOpen) this.#openUntilMs = this.#nowMs() + this.#coolDownMs
  }

  /** The asker left before the provider could show what it is worth. */
  undecided(): void {
    this.#isProbing = false
  }
}
