import type { Cell, ResultColumn } from '../../../contract/index.ts'

/** A value as node:sqlite gives it with big integers on. */
export type SqliteValue = null | bigint | number | string | Uint8Array

type Kind = ResultColumn['kind']

/** The one spelling of a value: integers with all digits, reals shortest that reads back alike, blobs as `\x` and hex. */
export function cellText(value: SqliteValue): Cell {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return realText(value)
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
}

/** `1.0`, not `1`: SQLite tells a real from an integer, and so do its readers. */
function realText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** From the declared type, as SQLite itself derives an affinity (datatype3.html §3.1); without one, from a first value. */
export function resultColumn(name: string, declared: string | null, sample: SqliteValue | undefined): ResultColumn {
  if (declared !== null && declared !== '') return { name, type: declared, kind: kindOfType(declared) }
  const [type, kind] = typeOf(sample)
  return { name, type, kind }
}

export function kindOfType(declared: string): Kind {
  const type = declared.toUpperCase()
  if (type.includes('JSON')) return 'json'
  if (/DATE|TIME/.test(type)) return 'time'
  if (/INT|REAL|FLOA|DOUB|NUM|DEC|BOOL|MONEY/.test(type)) return 'number'
  if (/CHAR|CLOB|TEXT|STRING|UUID/.test(type)) return 'text'
  return type.includes('BLOB') ? 'binary' : 'other'
}

function typeOf(value: SqliteValue | undefined): readonly [type: string, kind: Kind] {
  if (value === undefined || value === null) return ['any', 'other']
  if (typeof value === 'bigint') return ['integer', 'number']
  if (typeof value === 'number') return ['real', 'number']
  return typeof value === 'string' ? ['text', 'text'] : ['blob', 'binary']
}
