import { createHash, type Hash } from 'node:crypto'
import type { Truncation } from '../../domain/index.ts'

/** Counts what one answer hands on, and digests it for the record. */
export class RunMeter {
  rows = 0
  /** UTF-8 bytes of cell text, or of the file. */
  bytes = 0
  truncated: Truncation | null = null
  code: string | null = null
  #hash: Hash | null = null
  #startedMs: number | null = null
  #elapsedMs = 0

  start(): void {
    this.#startedMs = performance.now()
    this.#hash = createHash('sha256')
  }

  /** Safe to call twice. */
  stop(): void {
    if (this.#startedMs === null) return
    this.#elapsedMs += performance.now() - this.#startedMs
    this.#startedMs = null
  }

  take(handedOn: string | Uint8Array): void {
    this.#hash?.update(handedOn)
  }

  get elapsedMs(): number {
    return this.#elapsedMs + (this.#startedMs === null ? 0 : performance.now() - this.#startedMs)
  }

  /** SHA-256 over the cells as JSON lines of batches, or over the file's bytes; null when nothing ran. */
  digest(): string | null {
    return this.#hash === null ? null : this.#hash.copy().digest('hex')
  }

  summary(): { readonly rows: number; readonly bytes: number; readonly elapsedMs: number; readonly code: string | null } {
    return { rows: this.rows, bytes: this.bytes, elapsedMs: this.elapsedMs, code: this.code }
  }
}
