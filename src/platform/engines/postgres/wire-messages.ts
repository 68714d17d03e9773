/** First bytes of the server's messages (protocol documentation, “Message Formats”). */
export const messageKinds = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  notification: 0x41,
  commandComplete: 0x43,
  dataRow: 0x44,
  error: 0x45,
  copyIn: 0x47,
  copyOut: 0x48,
  emptyQuery: 0x49,
  backendKeyData: 0x4b,
  notice: 0x4e,
  authentication: 0x52,
  parameterStatus: 0x53,
  rowDescription: 0x54,
  readyForQuery: 0x5a,
  copyDone: 0x63,
  copyData: 0x64,
  noData: 0x6e,
  portalSuspended: 0x73,
  parameterDescription: 0x74,
} as const

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

/** RowDescription (B): the columns of what comes, the same list for the same bytes. `at`: where the body begins, as below. */
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

/** Digits and letters of one byte are many, and each is the same text. */
const oneByteTexts = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

function textOf(bytes: Buffer, at: number, length: number): string {
  if (length === 1) return oneByteTexts[bytes[at] as number] ?? bytes.toString('utf8', at, at + 1)
  return bytes.toString('utf8', at, at + length)
}
