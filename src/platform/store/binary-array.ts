/** PostgreSQL arrays in the wire's binary form (array_send in utils/adt/arrayfuncs.c): nothing to escape on either side. */

interface ElementType<Item> {
  readonly oid: number
  bytes(item: Item): number
  /** Fills exactly that many bytes. */
  write(into: Buffer, at: number, item: Item): void
}

const oneDimension = 1
const lowerBound = 1
const headBytes = 20
const wordBytes = 4
/** The length of what is not there. */
const nullLength = -1
const uuidBytes = 16

/** PostgreSQL counts microseconds from the year 2000. */
const epochMs = Date.UTC(2000, 0, 1)

const text: ElementType<string> = {
  oid: 25,
  bytes: (item) => Buffer.byteLength(item, 'utf8'),
  write: (into, at, item) => void into.write(item, at, 'utf8'),
}

const uuid: ElementType<string> = { oid: 2950, bytes: () => uuidBytes, write: writeUuid }

const bytea: ElementType<Buffer> = { oid: 17, bytes: (item) => item.length, write: (into, at, item) => into.set(item, at) }

const bigint: ElementType<number> = {
  oid: 20,
  bytes: () => 8,
  write: writeInteger,
}

const timestamptz: ElementType<Date> = {
  oid: 1184,
  bytes: () => 8,
  write: (into, at, item) => writeInteger(into, at, (item.getTime() - epochMs) * 1_000),
}

const uuidShape = '00000000-0000-0000-0000-000000000000'
/** Where in the text each byte's two digits begin. */
const digitsAt = Array.from(uuidShape.matchAll(/00/g), (match) => match.index)
const digits = new Int8Array(128).fill(-1)
for (const digit of '0123456789abcdefABCDEF') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

/** By hand: the platform reads hexadecimal digits only without hyphens, and a text of its own for that costs five times as much. */
function writeUuid(into: Buffer, at: number, item: string): void {
  let isSound = item.length === uuidShape.length && isHyphenated(item)
  for (let byte = 0; byte < uuidBytes; byte++) {
    const place = digitsAt[byte] as number // there are as many
    const value = (digitAt(item, place) << 4) | digitAt(item, place + 1)
    isSound &&= value >= 0
    into[at + byte] = value
  }
  if (!isSound) throw new TypeError('That is no UUID.')
}

function digitAt(text: string, place: number): number {
  return digits[text.charCodeAt(place)] ?? -1
}

function isHyphenated(text: string): boolean {
  return text[8] === '-' && text[13] === '-' && text[18] === '-' && text[23] === '-'
}

/** Of a safe integer. */
function writeInteger(into: Buffer, at: number, item: number): void {
  into.writeInt32BE(Math.floor(item / 2 ** 32), at)
  into.writeUInt32BE(item >>> 0, at + wordBytes)
}

/** text[] */
export function textArray(items: readonly (string | null)[]): Buffer {
  return array(text, items)
}

/** uuid[], from the usual spelling with hyphens. Throws a TypeError at any other. */
export function uuidArray(items: readonly (string | null)[]): Buffer {
  return array(uuid, items)
}

/** bytea[] */
export function bytesArray(items: readonly (Buffer | null)[]): Buffer {
  return array(bytea, items)
}

/** bigint[], of safe integers. */
export function bigintArray(items: readonly number[]): Buffer {
  return array(bigint, items)
}

/** timestamptz[], to the millisecond. */
export function timeArray(items: readonly Date[]): Buffer {
  return array(timestamptz, items)
}

function array<Item>(type: ElementType<Item>, items: readonly (Item | null)[]): Buffer {
  if (items.length === 0) return words(Buffer.allocUnsafe(3 * wordBytes), 0, 0, type.oid)
  const lengths = items.map((item) => (item === null ? nullLength : type.bytes(item)))
  const bytes = lengths.reduce((sum, length) => sum + wordBytes + Math.max(length, 0), headBytes)
  const into = words(Buffer.allocUnsafe(bytes), oneDimension, items.includes(null) ? 1 : 0, type.oid, items.length, lowerBound)
  let at = headBytes
  for (const [index, item] of items.entries()) {
    const length = lengths[index] as number // one for each item
    into.writeInt32BE(length, at)
    at += wordBytes
    if (item === null) continue
    type.write(into, at, item)
    at += length
  }
  return into
}

function words(into: Buffer, ...values: readonly number[]): Buffer {
  for (const [at, value] of values.entries()) into.writeInt32BE(value, wordBytes * at)
  return into
}
