import type { Relation } from '../../../domain/index.ts'
import { joinGraph, singleKey } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import type { Reader } from './reader.ts'
import { isKey, isNumberType, isTextType, type ColumnRef, type ColumnWords } from './vocabulary.ts'

export type ColumnMention = Extract<Mention, { kind: 'column' }>
export type ValueMention = Extract<Mention, { kind: 'value' }>

/** The column a value is said of: right before it, or right after it ("the Finance department"). */
export function saidOf(reader: Reader, mention: Mention): ColumnMention | null {
  const previous = reader.previous(mention)
  const before = previous === null ? '' : reader.words(previous.to, mention.from)
  if (previous?.kind === 'column' && before.split(' ').length <= 6 && joins(before, mention, previous)) return previous
  const next = reader.next(mention)
  if (next?.kind === 'column' && next.from === mention.to) return next
  if (next?.kind === 'column' && /^(in|as|for|of|to)( (the|its|their|his|her))?$/.test(reader.words(mention.to, next.from))) return next
  return null
}

function joins(before: string, mention: Mention, previous: ColumnMention): boolean {
  const plain = before
    .replace(/\b(in|of|with)( the| a)? (word|letter|letters|substring|phrase|range|list|set)( of)?\b/, '')
    .replace(/\b(on and|equal)\b/, '')
  // "the city of London" says a value of its column; "the age of Tom" does not.
  if (/^of$/.test(plain.trim()))
    return mention.kind === 'value' && previous.columns.some((column) => mention.values.some((value) => value.column === column.column))
  return !/\b(and|or|of|for|from|where)\b(?! (than|to|equal|above|below|over|under))/.test(
    plain.replace(/\b(than|over|above|below|under) or( to)?/, ''),
  )
}

export function comparable(said: ColumnMention): ColumnMention {
  const columns = said.columns.filter((column) => isNumberType(column.column.type) || isTextType(column.column.type))
  return columns.length === 0 ? said : { ...said, columns }
}

export function measurable(said: ColumnMention): ColumnMention {
  const columns = said.columns.filter((column) => isNumberType(column.column.type) && !isKey(column))
  return columns.length === 0 ? said : { ...said, columns }
}

/** "department 80": a number right behind a thing is its key. */
export function keyBefore(reader: Reader, mention: Mention): ColumnRef | null {
  const previous = reader.previous(mention)
  if (previous?.kind !== 'table' || !/^(number|no|id|with id)?$/.test(reader.words(previous.to, mention.from))) return null
  const { relation } = reader.pickTable(previous.tables)
  return keyColumn(relation)
}

export function keyColumn(relation: Relation): ColumnRef | null {
  const key = singleKey(relation)
  const column = key === null ? undefined : relation.columns.find(({ name }) => name === key)
  return column === undefined ? null : { relation, column }
}

/** When a thing came: its only date, the one that carries its name, or the only one that every row has (tickets are opened, some are closed), or the one that begins. */
export function mainDate(reader: Reader, relation: Relation): ColumnWords | undefined {
  const dates = reader.dateColumns(relation)
  const { stems } = reader.tableOf(relation)
  const named = dates.filter((one) => one.stems.some((word) => stems.includes(word)))
  const certain = dates.filter(({ column }) => !column.isNullable)
  const first = certain.filter((one) => /\b(issu|order|creat|crtd|start|open|hir|book|plac|occur|receiv|sell)/.test(one.stems.join(' ')))
  return [dates, named, certain, first].find((some) => some.length === 1)?.[0]
}

/** The date of a thing's rows: its own, or where it has none its parent's, as a line of an order has the order's. */
export function rowsDate(reader: Reader, relation: Relation): ColumnWords | undefined {
  if (reader.dateColumns(relation).length > 0) return mainDate(reader, relation)
  const edges = joinGraph(reader.catalog).get(relation) ?? []
  const parents = new Set(edges.flatMap((edge) => (edge.fansOut ? [] : [edge.to])))
  const dates = [...parents].flatMap((parent) => mainDate(reader, parent) ?? [])
  return dates.length === 1 ? dates[0] : undefined
}
