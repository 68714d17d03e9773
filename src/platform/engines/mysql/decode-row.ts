import type { Cell } from '../../../contract/index.ts'
import type { WireField, WirePacket } from './wire.ts'

/** Column types of the protocol (MySQL internals, `enum_field_types`). */
export const wireTypes = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  bit: 16,
  json: 245,
  newDecimal: 246,
  geometry: 255,
} as const

export const fieldFlags = { unsigned: 32, zerofill: 64, enumeration: 256, set: 2048 } as const
/** The character set that stands for bytes. */
export const binaryCharset = 63

type Read = (packet: WirePacket) => Cell

/** A parser for the rows of one result: each value becomes the text the server would print, exactly. */
export function rowParser(fields: readonly WireField[]): new () => { next(packet: WirePacket): Cell[] } {
  const readers = fields.map(readerOf)
  const bitmapBytes = Math.floor((fields.length + 9) / 8)
  return class {
    next(packet: WirePacket): Cell[] {
      packet.readInt8() // the row's header
      const nulls = Array.from({ length: bitmapBytes }, () => packet.readInt8())
      // Two bits of the map are reserved.
      return readers.map((read, at) => (((nulls[(at + 2) >> 3] ?? 0) & (1 << ((at + 2) & 7))) === 0 ? read(packet) : null))
    }
  }
}

function readerOf(field: WireField): Read {
  const isUnsigned = (field.flags & fieldFlags.unsigned) !== 0
  const whole = (read: (packet: WirePacket) => number | string): Read =>
    (field.flags & fieldFlags.zerofill) === 0
      ? (packet) => String(read(packet))
      : (packet) => String(read(packet)).padStart(field.columnLength, '0')
  switch (field.columnType) {
    case wireTypes.tiny:
      return whole((packet) => (isUnsigned ? packet.readInt8() : packet.readSInt8()))
    case wireTypes.short:
      return whole((packet) => (isUnsigned ? packet.readInt16() : packet.readSInt16()))
    case wireTypes.long:
    case wireTypes.int24:
      return whole((packet) => (isUnsigned ? packet.readInt32() : packet.readSInt32()))
    case wireTypes.longlong:
      return whole((packet) => (isUnsigned ? packet.readInt64String() : packet.readSInt64String()))
    case wireTypes.year:
      return (packet) => String(packet.readInt16()).padStart(4, '0')
    case wireTypes.float:
      return (packet) => realText(packet.readFloat(), field.decimals, singleText)
    case wireTypes.double:
      return (packet) => realText(packet.readDouble(), field.decimals, String)
    case wireTypes.date:
      return (packet) => dateText(packet).date
    case wireTypes.datetime:
    case wireTypes.timestamp:
      return (packet) => {
        const { date, time, micros } = dateText(packet)
        return `${date} ${time}${fraction(micros, field.decimals)}`
      }
    case wireTypes.time:
      return (packet) => timeText(packet, field.decimals)
    case wireTypes.null:
      return () => null
    default:
      return bytesReader(field)
  }
}

function bytesReader(field: WireField): Read {
  const take = (packet: WirePacket): Buffer => packet.readLengthCodedBuffer() ?? Buffer.alloc(0)
  if (field.columnType === wireTypes.bit) return (packet) => bitText(take(packet), field.columnLength)
  if (field.columnType === wireTypes.json || field.columnType === wireTypes.newDecimal || field.columnType === 0)
    return (packet) => take(packet).toString('utf8')
  if (field.columnType === wireTypes.geometry || field.characterSet === binaryCharset)
    return (packet) => `\\x${take(packet).toString('hex')}`
  return (packet) => take(packet).toString('utf8')
}

/** Columns declared with a fixed number of decimals show them all; the rest show the fewest digits that say the number. */
function realText(value: number, decimals: number, shortest: (value: number) => string): string {
  if (decimals < 31 && Math.abs(value) < 1e21) return value.toFixed(decimals)
  return Object.is(value, -0) ? '-0' : shortest(value).replace('e+', 'e')
}

/** The fewest digits that give the same 32-bit number: at most nine are needed. */
function singleText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) return text
  }
  return String(Number(value.toPrecision(9)))
}

/** Parts the server leaves out are zero, down to the zero date. */
function dateText(packet: WirePacket): { readonly date: string; readonly time: string; readonly micros: number } {
  const length = packet.readInt8()
  const [year, month, day] = length >= 4 ? [packet.readInt16(), packet.readInt8(), packet.readInt8()] : [0, 0, 0]
  const [hour, minute, second] = length >= 7 ? [packet.readInt8(), packet.readInt8(), packet.readInt8()] : [0, 0, 0]
  return {
    date: `${pad(year, 4)}-${pad(month)}-${pad(day)}`,
    time: `${pad(hour)}:${pad(minute)}:${pad(second)}`,
    micros: length >= 11 ? packet.readInt32() : 0,
  }
}

/** TIME is a span of up to 838 hours either way. */
function timeText(packet: WirePacket, decimals: number): string {
  const length = packet.readInt8()
  const sign = length >= 8 && packet.readInt8() === 1 ? '-' : ''
  const [days, hour, minute, second] =
    length >= 8 ? [packet.readInt32(), packet.readInt8(), packet.readInt8(), packet.readInt8()] : [0, 0, 0, 0]
  const micros = length >= 12 ? packet.readInt32() : 0
  return `${sign}${pad(days * 24 + hour)}:${pad(minute)}:${pad(second)}${fraction(micros, decimals)}`
}

function fraction(micros: number, decimals: number): string {
  if (decimals === 0 || (decimals > 6 && micros === 0)) return ''
  const digits = pad(micros, 6)
  return `.${decimals > 6 ? digits.replace(/0+$/, '') : digits.slice(0, decimals)}`
}

function bitText(bytes: Buffer, bits: number): string {
  const text = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return text.slice(-bits).padStart(bits, '0')
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
