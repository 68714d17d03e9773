import type { FoundToken } from './found-token.ts'

const maxAgeMs = 5_000
const maxTokens = 10_000

/** Tokens seen in the last seconds, by hash. Short, because another replica's revocation is seen only when an entry has aged. */
export class TokenCache {
  readonly #entries = new Map<string, { readonly token: FoundToken; readonly untilMs: number }>()
  readonly #now: () => number
  #forgotten = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get(hash: string): FoundToken | null {
    const entry = this.#entries.get(hash)
    if (entry === undefined) return null
    if (entry.untilMs > this.#now()) return entry.token
    this.#entries.delete(hash)
    return null
  }

  /** Grows with each revocation: what was looked up before it may be stale. */
  get epoch(): number {
    return this.#forgotten
  }

  set(hash: string, token: FoundToken): void {
    const oldest = this.#entries.keys().next()
    if (this.#entries.size >= maxTokens && oldest.done !== true) this.#entries.delete(oldest.value)
    this.#entries.set(hash, { token, untilMs: this.#now() + maxAgeMs })
  }

  forget(tokenId: string): void {
    this.#forgotten += 1
    for (const [hash, entry] of this.#entries) if (entry.token.tokenId === tokenId) this.#entries.delete(hash)
  }
}
