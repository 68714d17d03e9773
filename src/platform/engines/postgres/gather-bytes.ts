import type { CopyChunk } from '../engine.ts'
import type { Gatherer } from './portal-read.ts'

const chunkBytes = 128 * 1024

/** Gathers the rows of a COPY into chunks of about one size, each of whole rows. The driver reuses its buffers: bytes are copied at once. */
export class ByteGatherer implements Gatherer<CopyChunk> {
  readonly #full: CopyChunk[] = []
  #buffer = Buffer.allocUnsafeSlow(chunkBytes)
  #length = 0
  /** Of `length`, what belongs to whole rows, and how many these are. */
  #wholeLength = 0
  #rows = 0
  /** Of the row that is coming in. */
  #rowLeft = 0
  #headerLines: number
  heldBytes = 0

  /** Lines at the beginning that are no rows: one in a CSV with a header. */
  constructor(headerLines: number) {
    this.#headerLines = headerLines
  }

  get hasBatch(): boolean {
    return this.#full.length > 0
  }

  row(): void {}

  /** A row of so many bytes begins; the one before it is whole. */
  begin(bytes: number): void {
    this.#rowLeft = bytes
    if (this.#length + bytes <= this.#buffer.length) return
    const rest = this.#rest()
    if (rest !== null) this.#full.push(rest)
    else if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes)
  }

  add(chunk: Buffer, start: number, end: number): void {
    this.heldBytes += end - start
    this.#length += chunk.copy(this.#buffer, this.#length, start, end)
    this.#rowLeft -= end - start
    if (this.#rowLeft > 0) return
    this.#wholeLength = this.#length
    if (this.#headerLines > 0) this.#headerLines -= 1
    else this.#rows += 1
  }

  take(): CopyChunk | null {
    const chunk = this.#full.shift() ?? this.#rest()
    if (chunk !== null) this.heldBytes -= chunk.bytes.length
    return chunk
  }

  /** The whole rows; what has come of the next one goes to a new buffer, which has room for all of it. */
  #rest(): CopyChunk | null {
    if (this.#wholeLength === 0) return null
    const rest = { bytes: this.#buffer.subarray(0, this.#wholeLength), rows: this.#rows }
    const begun = this.#buffer.subarray(this.#wholeLength, this.#length)
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(chunkBytes, begun.length + this.#rowLeft))
    this.#length = begun.copy(this.#buffer)
    this.#wholeLength = 0
    this.#rows = 0
    return rest
  }
}
