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

const uuid: ElementType<string> = {
  oid: 2950,
  bytes: () => uuidBytes,
  write: (into, at, item) => {
    if (into.write(item.replaceAll('-', ''), at, uuidBytes, 'hex') !== uuidBytes) throw new TypeError('That is no UUID.')
  },
}

const bytea: ElementType<Buffer> = { oid: 17, bytes: (item) => item.length, write: (into, at, item) => into.set(item, at) }

const bigint: ElementType<number> = {
  oid: 20,
  bytes: () => 8,
  write: (into, at, item) => void into.writeBigInt64BE(BigInt(item), at),
}

const timestamptz: ElementType<Date> = {
  oid: 1184,
  bytes: () => 8,
  write: (into, at, item) => void into.writeBigInt64BE(BigInt(item.getTime() - epochMs) * 1000n, at),
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
