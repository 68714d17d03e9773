import type { Gatherer } from './portal-read.ts'

const chunkBytes = 128 * 1024

/** Gathers COPY data, one message per row, into chunks of one size. The driver reuses its buffer: bytes are copied at once. */
export class ByteGatherer implements Gatherer<Uint8Array> {
  readonly #full: Uint8Array[] = []
  #buffer = Buffer.allocUnsafeSlow(chunkBytes)
  #length = 0
  heldBytes = 0

  get hasBatch(): boolean {
    return this.#full.length > 0
  }

  row(): void {}

  bytes(chunk: Buffer): void {
    this.heldBytes += chunk.length
    if (this.#length + chunk.length > this.#buffer.length) this.#turn(chunk.length)
    this.#length += chunk.copy(this.#buffer, this.#length)
  }

  take(): Uint8Array | null {
    const chunk = this.#full.shift() ?? this.#rest()
    if (chunk !== null) this.heldBytes -= chunk.length
    return chunk
  }

  #turn(bytes: number): void {
    const rest = this.#rest()
    if (rest !== null) this.#full.push(rest)
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes)
  }

  #rest(): Uint8Array | null {
    if (this.#length === 0) return null
    const rest = this.#buffer.subarray(0, this.#length)
    this.#buffer = Buffer.allocUnsafeSlow(chunkBytes)
    this.#length = 0
    return rest
  }
}
