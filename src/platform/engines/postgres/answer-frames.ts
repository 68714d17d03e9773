import { hasWholeFields, hasWholeTexts, readFields, readRow, readTag, type FieldDescription } from './wire-messages.ts'

/** First bytes of the server's messages (protocol documentation, “Message Formats”). */
const kinds = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  commandComplete: 0x43,
  dataRow: 0x44,
  emptyQuery: 0x49,
  rowDescription: 0x54,
  copyDone: 0x63,
  copyData: 0x64,
  noData: 0x6e,
  portalSuspended: 0x73,
  parameterDescription: 0x74,
  notification: 0x41,
  error: 0x45,
  copyIn: 0x47,
  copyOut: 0x48,
  notice: 0x4e,
  parameterStatus: 0x53,
  readyForQuery: 0x5a,
} as const
const headBytes = 5
/** A length counts itself. */
const leastLength = 4

export interface AnswerHandler {
  /** true: rows of a COPY come as they are, in parts. */
  readonly takesCopies: boolean
  /** A message of so many bytes begins that is not whole yet, or is a row of a COPY. */
  begin(bytes: number, isCopied: boolean): void
  /** A part of a row of a COPY, in a buffer that is not ours to keep. */
  add(chunk: Buffer, start: number, end: number): void
  described(fields: readonly FieldDescription[]): void
  row(cells: (string | null)[]): void
  /** A statement is over; `tag` as `UPDATE 3`, empty of an empty statement. */
  done(tag: string): void
  /** Every other message of the server, in order. */
  pass(bytes: Buffer): void
}

/**
 * Reads what a server says of a read's statements out of its bytes. The driver would make an object of each of a dozen messages
 * and send it through two event emitters, which takes longer than all else that a small read does here.
 */
export class AnswerFrames {
  readonly #handler: AnswerHandler
  /** Parts of a message that is not whole yet, and how much of it must be here to go on. */
  #held: Buffer[] = []
  #heldBytes = 0
  #wantedBytes = 0
  #copyLeft = 0
  #isOver = false

  constructor(handler: AnswerHandler) {
    this.#handler = handler
  }

  /** Bytes as they come, beginning with a message; messages may be split anywhere. Throws at what is no message. */
  feed(chunk: Buffer): void {
    const bytes = this.#heldBytes === 0 ? chunk : this.#joined(chunk)
    if (bytes === null) return
    for (let at = 0; at < bytes.length;) {
      if (this.#isOver) return this.#handler.pass(bytes.subarray(at))
      at = this.#copyLeft > 0 ? this.#copied(bytes, at) : this.#message(bytes, at)
    }
  }

  /** The statements are over: whatever comes is none of ours. */
  end(): void {
    this.#isOver = true
  }

  /** Gives the place behind the message; the end of the bytes where it is not whole, and is held. */
  #message(bytes: Buffer, at: number): number {
    if (bytes.length - at < headBytes) return this.#hold(bytes, at, headBytes)
    const length = bytes.readInt32BE(at + 1)
    if (length < leastLength) throw new Error(`A message of ${length} bytes is none`)
    if (bytes[at] === kinds.copyData && this.#handler.takesCopies) {
      this.#copyLeft = length - leastLength
      this.#handler.begin(this.#copyLeft, true)
      return at + headBytes
    }
    const end = at + 1 + length
    if (end > bytes.length) {
      this.#handler.begin(length, false)
      return this.#hold(bytes, at, end - at)
    }
    this.#read(bytes, at, end)
    return end
  }

  #read(bytes: Buffer, at: number, end: number): void {
    switch (bytes[at]) {
      case kinds.dataRow:
        return this.#handler.row(readRow(bytes, at + headBytes))
      case kinds.rowDescription:
        return this.#handler.described(readFields(bytes, at + headBytes, end))
      case kinds.commandComplete:
        return this.#handler.done(readTag(bytes, at + headBytes, end))
      case kinds.emptyQuery:
        return this.#handler.done('')
      case kinds.parseComplete:
      case kinds.bindComplete:
      case kinds.noData:
      case kinds.copyDone:
      case kinds.copyData: // of a COPY that was not asked for: no rows
      case kinds.portalSuspended:
      case kinds.parameterDescription:
        return
      default:
        if (!isPassable(bytes, at, end)) throw new Error('That is no message of an answer')
        return this.#handler.pass(bytes.subarray(at, end))
    }
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

/** What may come in between, in a shape at which the driver comes to an end. */
function isPassable(bytes: Buffer, at: number, end: number): boolean {
  const body = at + headBytes
  switch (bytes[at]) {
    case kinds.readyForQuery:
      return end - body === 1
    case kinds.error:
    case kinds.notice:
      return hasWholeFields(bytes, body, end)
    case kinds.parameterStatus:
      return hasWholeTexts(bytes, body, end, 2)
    case kinds.notification:
      return hasWholeTexts(bytes, body + 4, end, 2)
    case kinds.copyIn:
    case kinds.copyOut:
      return true
    default:
      return false
  }
}
