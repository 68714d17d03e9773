import type { ResultColumn } from '../../../contract/index.ts'
import { binaryCharset, fieldFlags, wireTypes } from './decode-row.ts'
import type { WireField } from './wire.ts'

type Kind = ResultColumn['kind']

const plain: Readonly<Record<number, readonly [string, Kind]>> = {
  0: ['decimal', 'number'],
  [wireTypes.tiny]: ['tinyint', 'number'],
  [wireTypes.short]: ['smallint', 'number'],
  [wireTypes.long]: ['int', 'number'],
  [wireTypes.float]: ['float', 'number'],
  [wireTypes.double]: ['double', 'number'],
  [wireTypes.null]: ['null', 'other'],
  [wireTypes.timestamp]: ['timestamp', 'time'],
  [wireTypes.longlong]: ['bigint', 'number'],
  [wireTypes.int24]: ['mediumint', 'number'],
  [wireTypes.date]: ['date', 'time'],
  [wireTypes.time]: ['time', 'time'],
  [wireTypes.datetime]: ['datetime', 'time'],
  [wireTypes.year]: ['year', 'number'],
  [wireTypes.bit]: ['bit', 'other'],
  [wireTypes.json]: ['json', 'json'],
  [wireTypes.newDecimal]: ['decimal', 'number'],
  [wireTypes.geometry]: ['geometry', 'binary'],
}

/** A result column's type as people read it. */
export function resultColumn(field: WireField): ResultColumn {
  if (field.extendedFormat === 'json') return { name: field.name, type: 'json', kind: 'json' }
  const [type, kind] = plain[field.columnType] ?? textOrBytes(field)
  return { name: field.name, type, kind }
}

function textOrBytes(field: WireField): readonly [string, Kind] {
  if ((field.flags & fieldFlags.enumeration) !== 0) return ['enum', 'text']
  if ((field.flags & fieldFlags.set) !== 0) return ['set', 'text']
  const isFixed = field.columnType === 254
  const isLong = field.columnType >= 249 && field.columnType <= 252
  if (field.characterSet === binaryCharset) return [isLong ? 'blob' : isFixed ? 'binary' : 'varbinary', 'binary']
  return [isLong ? 'text' : isFixed ? 'char' : 'varchar', 'text']
}
