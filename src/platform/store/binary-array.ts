/** PostgreSQL arrays in the wire's binary form (array_send in utils/adt/arrayfuncs.c): nothing to escape on either side. */

type Encode<Item> = (item: Item) => Buffer

const oneDimension = 1
const lowerBound = 1
const headBytes = 20

/** text[] */
export function textArray(items: readonly (string | null)[]): Buffer {
  return array(25, items, (item) => Buffer.from(item, 'utf8'))
}

/** uuid[], from the usual spelling with hyphens. */
export function uuidArray(items: readonly (string | null)[]): Buffer {
  return array(2950, items, (item) => Buffer.from(item.replaceAll('-', ''), 'hex'))
}

/** bytea[] */
export function bytesArray(items: readonly (Buffer | null)[]): Buffer {
  return array(17, items, (item) => item)
}

/** bigint[], of safe integers. */
export function bigintArray(items: readonly number[]): Buffer {
  return array(20, items, (item) => int64(BigInt(item)))
}

/** timestamptz[], to the millisecond. */
export function timeArray(items: readonly Date[]): Buffer {
  return array(1184, items, (item) => int64(BigInt(item.getTime() - epochMs) * 1000n))
}

/** PostgreSQL counts microseconds from the year 2000. */
const epochMs = Date.UTC(2000, 0, 1)

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function array<Item>(elementType: number, items: readonly (Item | null)[], encode: Encode<Item>): Buffer {
  if (items.length === 0) return words(0, 0, elementType)
  const head = words(oneDimension, items.includes(null) ? 1 : 0, elementType, items.length, lowerBound)
  const parts: Buffer[] = [head]
  let bytes = headBytes
  for (const item of items) {
    const encoded = item === null ? null : encode(item)
    parts.push(words(encoded === null ? -1 : encoded.length))
    bytes += 4
    if (encoded === null) continue
    parts.push(encoded)
    bytes += encoded.length
  }
  return Buffer.concat(parts, bytes)
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length)
  for (const [at, value] of values.entries()) bytes.writeInt32BE(value, 4 * at)
  return bytes
}
