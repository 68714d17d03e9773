import { messageKinds as kinds } from './wire-messages.ts'

const fieldBytes = 18
const wordBytes = 4
/** AuthenticationSASL: a list of mechanisms follows. */
const saslMechanisms = 10

/**
 * Throws at a message at whose texts the driver would read on and on: it looks for the end of each for ever, and would hold
 * this process at what is no PostgreSQL, or no honest one (pg-protocol's BufferReader.cstring).
 */
export function assertSound(bytes: Buffer, at: number, body: number, end: number): void {
  if (!isSound(bytes, at, body, end)) throw new Error('The server sent what is no message of PostgreSQL')
}

function isSound(bytes: Buffer, at: number, body: number, end: number): boolean {
  switch (bytes[at]) {
    case kinds.error:
    case kinds.notice:
      return hasWholeFields(bytes, body, end)
    case kinds.commandComplete:
      return behindTexts(bytes, body, end, 1) >= 0
    case kinds.parameterStatus:
      return behindTexts(bytes, body, end, 2) >= 0
    case kinds.notification:
      return behindTexts(bytes, body + wordBytes, end, 2) >= 0
    case kinds.rowDescription:
      return hasWholeDescription(bytes, body, end)
    case kinds.dataRow:
      return hasWholeCells(bytes, body, end)
    case kinds.authentication:
      return end - body >= wordBytes && (bytes.readInt32BE(body) !== saslMechanisms || hasWholeFields(bytes, body + wordBytes, end))
    case kinds.readyForQuery:
      return end - body === 1
    case kinds.backendKeyData:
      return end - body >= 2 * wordBytes
    default:
      return others.has(bytes[at] ?? 0)
  }
}

/** Those without a text in them. */
const others: ReadonlySet<number> = new Set([
  ...[kinds.parseComplete, kinds.bindComplete, kinds.closeComplete, kinds.noData, kinds.emptyQuery, kinds.portalSuspended],
  ...[kinds.parameterDescription, kinds.copyIn, kinds.copyOut, kinds.copyData, kinds.copyDone],
])

/** Texts, or letters with a text each, up to an empty one. */
function hasWholeFields(bytes: Buffer, at: number, end: number): boolean {
  let place = at
  while (place >= 0 && place < end && bytes[place] !== 0) place = behindTexts(bytes, place + 1, end, 1)
  return place >= 0 && place < end
}

function hasWholeDescription(bytes: Buffer, at: number, end: number): boolean {
  let place = at + 2
  if (place > end) return false
  for (let left = bytes.readInt16BE(at); left > 0; left--) {
    const behind = behindTexts(bytes, place, end, 1)
    if (behind < 0) return false
    place = behind + fieldBytes
  }
  return place <= end
}

function hasWholeCells(bytes: Buffer, at: number, end: number): boolean {
  let place = at + 2
  if (place > end) return false
  for (let left = bytes.readInt16BE(at); left > 0; left--) {
    if (place + wordBytes > end) return false
    place += wordBytes + Math.max(0, bytes.readInt32BE(place))
  }
  return place <= end
}

/** The place behind so many texts with their ends; -1: one has none. */
function behindTexts(bytes: Buffer, at: number, end: number, count: number): number {
  let place = at
  for (let left = count; left > 0; left--) {
    const zero = bytes.indexOf(0, place)
    if (zero < 0 || zero >= end) return -1
    place = zero + 1
  }
  return place
}
