import { hashToken } from './token-text.ts'

/** A text is held no longer than a credential is, see credential-cache.ts. */
const maxAgeMs = 1_000
const maxTexts = 1_000

/** Digests of the texts of the last moment: a client sends the same one with each request, and hashing it costs more than all else about it. */
export class TokenDigests {
  readonly #digests = new Map<string, Buffer>()
  #untilMs = -1

  of(text: string): Buffer {
    const nowMs = performance.now()
    if (nowMs > this.#untilMs || this.#digests.size >= maxTexts) {
      this.#digests.clear()
      this.#untilMs = nowMs + maxAgeMs
    }
    const known = this.#digests.get(text)
    if (known !== undefined) return known
    const digest = hashToken(text)
    this.#digests.set(text, digest)
    return digest
  }
}
