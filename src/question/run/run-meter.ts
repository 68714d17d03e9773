import { createHash, hash, type Hash } from 'node:crypto'
import { isShellError, type Truncation } from '../../domain/index.ts'

/** Counts what one answer hands on, and digests it for the record. */
export class RunMeter {
  rows = 0
  /** UTF-8 bytes of cell text, or of the file. */
  bytes = 0
  truncated: Truncation | null = null
  code: string | null = null
  /** The first part, held until there is a second: most answers are one part, and hashing it in one go costs a third. */
  #first: string | Uint8Array | null = null
  #hash: Hash | null = null
  #hasRun = false
  #startedMs: number | null = null
  #elapsedMs = 0

  /** Safe to call twice, as is `stop`. */
  start(): void {
    this.#startedMs ??= performance.now()
    this.#hasRun = true
  }

  /** Notes why it failed, and throws on. */
  fail(error: unknown): never {
    this.code = isShellError(error) ? error.code : 'internal'
    throw error
  }

  stop(): void {
    if (this.#startedMs === null) return
    this.#elapsedMs += performance.now() - this.#startedMs
    this.#startedMs = null
  }

  take(handedOn: string | Uint8Array): void {
    if (this.#hash !== null) this.#hash.update(handedOn)
    else if (this.#first === null) this.#first = handedOn
    else {
      this.#hash = createHash('sha256').update(this.#first).update(handedOn)
      this.#first = null
    }
  }

  get elapsedMs(): number {
    return this.#elapsedMs + (this.#startedMs === null ? 0 : performance.now() - this.#startedMs)
  }

  /** SHA-256 over the cells as JSON lines of batches, or over the file's bytes; null when nothing ran. */
  digest(): string | null {
    if (!this.#hasRun) return null
    return this.#hash === null ? hash('sha256', this.#first ?? '', 'hex') : this.#hash.copy().digest('hex')
  }

  summary(): { readonly rows: number; readonly bytes: number; readonly elapsedMs: number; readonly code: string | null } {
    return { rows: this.rows, bytes: this.bytes, elapsedMs: this.elapsedMs, code: this.code }
  }
}
