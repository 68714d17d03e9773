import type { FoundCredential } from './found-credential.ts'

const maxAgeMs = 1_000
const maxCredentials = 10_000

/** Credentials seen in the last moment, by hash or session. Short, because what another replica has revoked is seen only when an entry has aged. */
export class CredentialCache {
  readonly #entries = new Map<string, { readonly credential: FoundCredential; readonly untilMs: number }>()
  readonly #now: () => number
  #forgotten = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): FoundCredential | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    if (entry.untilMs > this.#now()) return entry.credential
    this.#entries.delete(key)
    return null
  }

  /** Grows with each revocation: what was looked up before it may be stale. */
  get epoch(): number {
    return this.#forgotten
  }

  set(key: string, credential: FoundCredential): void {
    const oldest = this.#entries.keys().next()
    if (this.#entries.size >= maxCredentials && oldest.done !== true) this.#entries.delete(oldest.value)
    this.#entries.set(key, { credential, untilMs: this.#now() + maxAgeMs })
  }

  /** After a change of one credential, of all of a member's, or of anything in a tenant. */
  forget(match: (credential: FoundCredential) => boolean): void {
    this.#forgotten += 1
    for (const [key, entry] of this.#entries) if (match(entry.credential)) this.#entries.delete(key)
  }
}
