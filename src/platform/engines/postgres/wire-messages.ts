export interface FieldDescription {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

/** Of a field, between its name and its type: table and column. */
const originBytes = 6
/** Of a field behind its modifier: the format, which is text always. */
const formatBytes = 2
const nullLength = -1

/** Descriptions of the last statements: the same few come again and again. */
const described = new Map<string, readonly FieldDescription[]>()
const mostDescribed = 500
const longestDescribed = 4 * 1024

/** RowDescription (B): the columns of what comes, the same list for the same bytes. `at`: behind the message's head, as below. */
export function readFields(bytes: Buffer, at: number, end: number): readonly FieldDescription[] {
  if (end - at > longestDescribed) return parseFields(bytes, at)
  const key = bytes.toString('latin1', at, end)
  const known = described.get(key)
  if (known !== undefined) return known
  if (described.size >= mostDescribed) described.clear()
  const fields = parseFields(bytes, at)
  described.set(key, fields)
  return fields
}

function parseFields(bytes: Buffer, at: number): readonly FieldDescription[] {
  const fields: FieldDescription[] = []
  let place = at + 2
  for (let left = bytes.readInt16BE(at); left > 0; left--) {
    const end = bytes.indexOf(0, place)
    const type = end + 1 + originBytes
    fields.push({
      name: bytes.toString('utf8', place, end),
      dataTypeID: bytes.readUInt32BE(type),
      dataTypeModifier: bytes.readInt32BE(type + 6),
    })
    place = type + 10 + formatBytes
  }
  return fields
}

/** DataRow (B): cells as text. */
export function readRow(bytes: Buffer, at: number): (string | null)[] {
  const count = bytes.readInt16BE(at)
  const cells: (string | null)[] = []
  let place = at + 2
  for (let column = 0; column < count; column++) {
    const length = bytes.readInt32BE(place)
    place += 4
    if (length === nullLength) cells.push(null)
    else {
      cells.push(textOf(bytes, place, length))
      place += length
    }
  }
  return cells
}

/** CommandComplete (B): `SELECT 3`. */
export function readTag(bytes: Buffer, at: number, end: number): string {
  return bytes.toString('latin1', at, end - 1)
}

/** ErrorResponse and NoticeResponse (B). The driver looks for ever for the end of what has none. */
export function hasWholeFields(bytes: Buffer, at: number, end: number): boolean {
  let place = at
  while (place < end && bytes[place] !== 0) {
    place = behindText(bytes, place + 1, end)
    if (place < 0) return false
  }
  return place < end
}

/** As ParameterStatus (B) has two texts, each with its end; the same is true of it. */
export function hasWholeTexts(bytes: Buffer, at: number, end: number, count: number): boolean {
  let place = at
  for (let left = count; left > 0 && place >= 0; left--) place = behindText(bytes, place, end)
  return place >= 0
}

function behindText(bytes: Buffer, at: number, end: number): number {
  const zero = bytes.indexOf(0, at)
  return zero < 0 || zero >= end ? -1 : zero + 1
}

/** Digits and letters of one byte are many, and each is the same text. */
const oneByteTexts = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

function textOf(bytes: Buffer, at: number, length: number): string {
  if (length === 1) return oneByteTexts[bytes[at] as number] ?? bytes.toString('utf8', at, at + 1)
  return bytes.toString('utf8', at, at + length)
}
