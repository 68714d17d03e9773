import { hashToken } from './token-text.ts'

/** A text is held no longer than a credential is, see credential-cache.ts. */
const maxAgeMs = 1_000
const maxTexts = 1_000

export interface TokenDigest {
  /** SHA-256. */
  readonly bytes: Buffer
  /** The same, one byte a character. */
  readonly key: string
}

/** Digests of the texts of the last moment: a client sends the same one with each request, and hashing it costs more than all else about it. */
export class TokenDigests {
  readonly #digests = new Map<string, TokenDigest>()
  #untilMs = -1

  of(text: string): TokenDigest {
    const nowMs = performance.now()
    if (nowMs > this.#untilMs || this.#digests.size >= maxTexts) {
      this.#digests.clear()
      this.#untilMs = nowMs + maxAgeMs
    }
    const known = this.#digests.get(text)
    if (known !== undefined) return known
    const bytes = hashToken(text)
    const digest = { bytes, key: bytes.toString('latin1') }
    this.#digests.set(text, digest)
    return digest
  }
}
