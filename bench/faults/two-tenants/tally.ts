/** What two tenants did, and what one saw of the other: nothing, if all is well. */
export class Tally {
  readonly #untilMs: number
  readonly #operations: number
  readonly #requests: number
  api = 0
  stored = 0
  foreign = 0
  own = 0
  refused = 0
  readonly statuses: Record<string, number> = {}
  readonly breaches: string[] = []

  /** `operations`: on the store; `requests`: over the API. Each side ends by itself. */
  constructor(limits: { readonly minutes: number; readonly operations: number; readonly requests: number }) {
    this.#untilMs = Date.now() + limits.minutes * 60_000
    this.#operations = limits.operations
    this.#requests = limits.requests
  }

  areOperationsOver(): boolean {
    return Date.now() >= this.#untilMs || this.stored >= this.#operations
  }

  areRequestsOver(): boolean {
    return Date.now() >= this.#untilMs || this.api >= this.#requests
  }

  store({ foreign, own }: { readonly foreign: number; readonly own: number }): void {
    this.stored += 1
    this.foreign += foreign
    this.own += own
  }

  /** `breach`: what of the other tenant stood in the answer. */
  request(status: number, breach: string | null): void {
    this.api += 1
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    if (status === 403 || status === 404) this.refused += 1
    if (breach === null) return
    this.foreign += 1
    this.breaches.push(breach)
  }
}
