import type { Limits } from '../../domain/index.ts'
import type { CopyChunk, CopyFormat } from '../../platform/engines/index.ts'
import type { RunMeter } from './run-meter.ts'

const newline = 0x0a
const quote = 0x22

/**
 * Counts the rows of a CSV or NDJSON stream and ends it at a whole row when a cap is reached. In CSV a line break
 * inside quotes is no row end; quotes double inside quotes, so the parity of quotes seen tells where we are.
 */
export class FileCutter {
  readonly #limits: Limits
  readonly #meter: RunMeter
  readonly #hasQuotes: boolean
  #isQuoted = false
  #headerLines: number

  constructor(format: CopyFormat, limits: Limits, meter: RunMeter) {
    this.#limits = limits
    this.#meter = meter
    this.#hasQuotes = format === 'csv'
    this.#headerLines = format === 'csv' ? 1 : 0
  }

  /** The part of the chunk that may be handed on. Whole rows that are already counted need no look, unless a cap is near. */
  cut({ bytes, rows }: CopyChunk): Uint8Array {
    const meter = this.#meter
    const { maxRows, maxBytes } = this.#limits
    if (rows === null || meter.rows + rows > maxRows || meter.bytes + bytes.length > maxBytes) return this.#look(bytes)
    this.#headerLines = 0
    meter.rows += rows
    meter.bytes += bytes.length
    return bytes
  }

  #look(chunk: Uint8Array): Uint8Array {
    const meter = this.#meter
    let rowStart = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#isFull(meter.bytes + at + 1)) return this.#stop(chunk, rowStart)
      const end = this.#rowEnd(chunk, at)
      if (end < 0) break
      if (meter.bytes + end + 1 > this.#limits.maxBytes) return this.#stop(chunk, rowStart, 'byte-cap')
      if (this.#headerLines > 0) this.#headerLines -= 1
      else meter.rows += 1
      at = end + 1
      rowStart = at
    }
    meter.bytes += chunk.length
    return chunk
  }

  /** Looked at only where another byte is waiting: a result of exactly the cap's size is whole. */
  #isFull(bytes: number): boolean {
    if (this.#headerLines > 0 || this.#meter.rows < this.#limits.maxRows) {
      if (bytes <= this.#limits.maxBytes) return false
      this.#meter.truncated = 'byte-cap'
      return true
    }
    this.#meter.truncated = 'row-cap'
    return true
  }

  #stop(chunk: Uint8Array, end: number, truncated = this.#meter.truncated): Uint8Array {
    this.#meter.truncated = truncated
    this.#meter.bytes += end
    return chunk.subarray(0, end)
  }

  #rowEnd(chunk: Uint8Array, from: number): number {
    if (!this.#hasQuotes) return chunk.indexOf(newline, from)
    let at = from
    for (;;) {
      if (this.#isQuoted) {
        const close = chunk.indexOf(quote, at)
        if (close < 0) return -1
        this.#isQuoted = false
        at = close + 1
      }
      const end = chunk.indexOf(newline, at)
      const open = chunk.indexOf(quote, at)
      if (open < 0 || (end >= 0 && end < open)) return end
      this.#isQuoted = true
      at = open + 1
    }
  }
}
