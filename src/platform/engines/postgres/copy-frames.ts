const copyData = 0x64 // 'd'
const headBytes = 5

export interface CopyFramesOptions {
  /** A row begins, of so many bytes. */
  begin(bytes: number): void
  /** A part of it, in a buffer that is not ours to keep. */
  add(chunk: Buffer, start: number, end: number): void
  /** Every other message of the server, in order. */
  pass(bytes: Buffer): void
}

/**
 * Takes CopyData messages out of a server's bytes before the driver makes an object of each: a result has as many as rows
 * (protocol documentation, “CopyData (B)”: messages from the backend always correspond to single data rows).
 */
export class CopyFrames {
  readonly #options: CopyFramesOptions
  readonly #head = Buffer.alloc(headBytes)
  #headLength = 0
  #rowLeft = 0
  #otherLeft = 0

  constructor(options: CopyFramesOptions) {
    this.#options = options
  }

  /** Bytes as they come, beginning with a message; messages may be split anywhere. */
  feed(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#rowLeft > 0) at = this.#row(chunk, at)
      else if (this.#otherLeft > 0) at = this.#other(chunk, at)
      else if (this.#headLength === 0 && chunk.length - at >= headBytes) {
        this.#open(chunk, at)
        at += headBytes
      } else at = this.#gatherHead(chunk, at)
    }
  }

  #row(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#rowLeft)
    this.#rowLeft -= end - at
    this.#options.add(chunk, at, end)
    return end
  }

  #other(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#otherLeft)
    this.#otherLeft -= end - at
    this.#options.pass(chunk.subarray(at, end))
    return end
  }

  /** A head that two chunks share. */
  #gatherHead(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + headBytes - this.#headLength)
    this.#headLength += chunk.copy(this.#head, this.#headLength, at, end)
    if (this.#headLength === headBytes) {
      this.#headLength = 0
      this.#open(this.#head, 0)
    }
    return end
  }

  /** The length in a head counts itself, but not the letter before it. */
  #open(bytes: Buffer, at: number): void {
    const length = bytes.readInt32BE(at + 1) - 4
    if (bytes[at] === copyData) {
      this.#rowLeft = length
      this.#options.begin(length)
      return
    }
    this.#otherLeft = length
    this.#options.pass(Buffer.from(bytes.subarray(at, at + headBytes))) // a copy: the driver may keep it, and the head is used again
  }
}
