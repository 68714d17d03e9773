import { messageKinds } from './wire-messages.ts'

const headBytes = 5
/** A length counts itself. */
const leastLength = 4

export interface MessageHandler {
  /** true: rows of a COPY come as they are, in parts. */
  takesCopies(): boolean
  /** A message of so many bytes begins that is not whole yet, or is a row of a COPY. */
  begin(bytes: number, isCopied: boolean): void
  /** A part of a row of a COPY, in a buffer that is not ours to keep. */
  add(chunk: Buffer, start: number, end: number): void
  /** A whole message, from its letter at `at` on, its body from `body` to `end`. */
  message(bytes: Buffer, at: number, body: number, end: number): void
}

/** Whole messages out of a server's bytes, which may be split anywhere. */
export class MessageFrames {
  readonly #handler: MessageHandler
  /** Parts of a message that is not whole yet, and how much of it must be here to go on. */
  #held: Buffer[] = []
  #heldBytes = 0
  #wantedBytes = 0
  #copyLeft = 0

  constructor(handler: MessageHandler) {
    this.#handler = handler
  }

  /** Bytes as they come. Throws at what is no message. */
  feed(chunk: Buffer): void {
    const bytes = this.#heldBytes === 0 ? chunk : this.#joined(chunk)
    if (bytes === null) return
    for (let at = 0; at < bytes.length;) at = this.#copyLeft > 0 ? this.#copied(bytes, at) : this.#message(bytes, at)
  }

  /** Gives the place behind the message; the end of the bytes where it is not whole, and is held. */
  #message(bytes: Buffer, at: number): number {
    if (bytes.length - at < headBytes) return this.#hold(bytes, at, headBytes)
    const length = bytes.readInt32BE(at + 1)
    if (length < leastLength) throw new Error(`A message of ${length} bytes is none`)
    if (bytes[at] === messageKinds.copyData && this.#handler.takesCopies()) {
      this.#copyLeft = length - leastLength
      this.#handler.begin(this.#copyLeft, true)
      return at + headBytes
    }
    const end = at + 1 + length
    if (end > bytes.length) {
      this.#handler.begin(length, false)
      return this.#hold(bytes, at, end - at)
    }
    this.#handler.message(bytes, at, at + headBytes, end)
    return end
  }

  #copied(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#copyLeft)
    this.#copyLeft -= end - at
    this.#handler.add(bytes, at, end)
    return end
  }

  #hold(bytes: Buffer, at: number, wantedBytes: number): number {
    this.#held.push(at === 0 ? bytes : bytes.subarray(at))
    this.#heldBytes += bytes.length - at
    this.#wantedBytes = wantedBytes
    return bytes.length
  }

  #joined(chunk: Buffer): Buffer | null {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#wantedBytes) return null
    const bytes = Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    return bytes
  }
}
