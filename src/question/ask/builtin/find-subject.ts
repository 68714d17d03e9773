import type { Relation } from '../../../domain/index.ts'
import { findEarned } from './earned.ts'
import { measureIn } from './measures.ts'
import type { Mention } from './mentions.ts'
import type { Reader } from './reader.ts'

/** What is asked about: the thing counted, the owner of the columns asked for, or the first thing named. */
export function findSubject(reader: Reader): Relation | null {
  const earned = findEarned(reader)
  if (earned !== null) return earned.column.relation
  const named = reader.namedTables
  const counted = /\b(how many|number of|count( the)?( number)?( of)?)( the| all| different| distinct| unique| total)*$/
  const first = named.find(({ mention }) => counted.test(reader.words(0, mention.from)))
  const listed = listedTable(reader)
  const isGrouped = /\b(each|per|every|by)\b/.test(reader.words(0, reader.tokens.length))
  // "top 10 towns by number of rooms" is about towns.
  const isRankedBy = first !== undefined && /\bby( the)?( total)? (number|count) of\b[a-z ]*$/.test(reader.words(0, first.mention.from))
  if (first !== undefined && !isRankedBy && (first.mention.from <= 6 || !isGrouped)) return first.table.relation
  const [leading] = named.filter(({ mention }) => mention !== listed)
  const owner = ownerOfFirstColumn(reader)
  if (owner !== null && (leading === undefined || reader.mentions[0]?.kind === 'column')) return owner
  if (leading !== undefined) return leading.table.relation
  const possessor = findPossessor(reader)
  if (possessor !== null) return possessor
  const owners = reader.mentions.flatMap((mention) => (mention.kind === 'column' && mention.columns[0] !== undefined ? [mention] : []))
  const [only] = owners
  if (only === undefined) return ownerOfValue(reader) ?? ownerOfMeasure(reader)
  // Without a table's name, the table that holds most of the columns asked about.
  const votes = new Map<Relation, number>()
  for (const mention of owners) for (const column of mention.columns) votes.set(column.relation, (votes.get(column.relation) ?? 0) + 1)
  return [...votes].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** "Camp Stove's price": of what is named so. */
function findPossessor(reader: Reader): Relation | null {
  for (const mention of reader.mentions) {
    const next = reader.next(mention)
    if (mention.kind !== 'value' || next?.kind !== 'column' || next.from !== mention.to) continue
    if (!/['’]s?$/.test(reader.tokens[mention.to - 1]?.text ?? '')) continue
    const owners = next.columns.filter(({ relation }) => mention.values.some((value) => value.relation === relation))
    if (owners.length === 1) return owners[0]?.relation ?? null
  }
  return null
}

/** "Who earns the most?": only one table holds what the verb measures. */
function ownerOfMeasure(reader: Reader): Relation | null {
  const words = reader.words(1, reader.tokens.length)
  const owners =
    reader.tokens[0]?.lower !== 'who' ? [] : reader.vocabulary.tables.filter(({ relation }) => measureIn(reader, relation, words) !== null)
  return owners.length === 1 ? (owners[0]?.relation ?? null) : null
}

/** "How old is Eve?": nothing but a value is named, and only one table has it. */
function ownerOfValue(reader: Reader): Relation | null {
  const value = reader.mentions.find((mention) => mention.kind === 'value')
  const relations = new Set(value?.kind === 'value' ? value.values.map(({ relation }) => relation) : [])
  return relations.size === 1 ? ([...relations][0] ?? null) : null
}

/** "the full names, departments and cities for each employee": a thing in a list of columns is one of them, not what is asked about. */
export function listedTable(reader: Reader): Mention | null {
  return (
    reader.mentions.find((mention) => {
      const previous = reader.previous(mention)
      const isListed =
        previous?.kind === 'column' &&
        (reader.tokens[previous.to]?.isAfterComma === true || reader.words(previous.to, mention.from) === 'and')
      return (
        mention.kind === 'table' &&
        isListed &&
        mention.from - previous.to <= 1 &&
        reader.isSelected(mention) &&
        reader.mentions.some((other) => other.kind === 'table' && other.from > mention.from)
      )
    }) ?? null
  )
}

/** "product names …": a column that carries its table's name is about that table. */
function ownerOfFirstColumn(reader: Reader): Relation | null {
  const [first] = reader.mentions
  if (first?.kind !== 'column' || first.score < 0.99) return null
  const owners = first.columns.filter((column) => column.stems.length > column.shortStems.length)
  const own =
    owners.find((column) => column.relation.primaryKey.includes(column.column.name)) ?? (owners.length === 1 ? owners[0] : undefined)
  const next = reader.next(first)
  const isSaid = next?.kind === 'table' && /\b(of|for|from|in)\b/.test(reader.words(first.to, next.from))
  return own === undefined || isSaid ? null : own.relation
}
