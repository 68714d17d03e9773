import type { ResultColumn } from '../../../contract/index.ts'
import type { FieldDescription } from './wire-messages.ts'

type Kind = ResultColumn['kind']

/** Object ids of built-in types (pg_type.dat): name and kind. */
const builtIn: Readonly<Record<number, readonly [string, Kind]>> = {
  16: ['boolean', 'boolean'],
  17: ['bytea', 'binary'],
  20: ['bigint', 'number'],
  21: ['smallint', 'number'],
  23: ['integer', 'number'],
  25: ['text', 'text'],
  26: ['oid', 'number'],
  114: ['json', 'json'],
  700: ['real', 'number'],
  701: ['double precision', 'number'],
  790: ['money', 'text'],
  1042: ['character', 'text'],
  1043: ['character varying', 'text'],
  1082: ['date', 'time'],
  1083: ['time', 'time'],
  1114: ['timestamp', 'time'],
  1184: ['timestamp with time zone', 'time'],
  1186: ['interval', 'other'],
  1266: ['time with time zone', 'time'],
  1700: ['numeric', 'number'],
  2950: ['uuid', 'text'],
  3802: ['jsonb', 'json'],
  18: ['"char"', 'text'],
  19: ['name', 'text'],
}

/** The same for the same fields, see `readFields`. */
export function resultColumns(fields: readonly FieldDescription[]): readonly ResultColumn[] {
  const known = columns.get(fields)
  if (known !== undefined) return known
  const fresh = fields.map(resultColumn)
  columns.set(fields, fresh)
  return fresh
}

const columns = new WeakMap<readonly FieldDescription[], readonly ResultColumn[]>()

/** A result column's type as people read it; types made by users show their object id. */
export function resultColumn(field: { readonly name: string; readonly dataTypeID: number }): ResultColumn {
  const [type, kind] = builtIn[field.dataTypeID] ?? [`type ${field.dataTypeID}`, 'other']
  return { name: field.name, type, kind }
}
