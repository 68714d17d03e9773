import type { Catalog, CatalogColumn, Relation } from '../../../domain/index.ts'
import { classOf } from '../synonyms.ts'
import { nameStems, root } from '../words.ts'

export type Span = 'day' | 'month' | 'year'

export interface ColumnRef {
  readonly relation: Relation
  readonly column: CatalogColumn
  /** Of a date: the span it lies in, not the day itself. */
  readonly span?: Span
  /** Of a price: for how many, and less what; of the same relation. */
  readonly times?: { readonly quantity: CatalogColumn; readonly discount: CatalogColumn | null; readonly isPercent: boolean }
}

/** A catalog in the words people use for it. */
export interface Vocabulary {
  readonly tables: readonly TableWords[]
  /** Stored values by their lower-case text. */
  readonly values: ReadonlyMap<string, readonly StoredValue[]>
  /** Tables and columns by each word that may name them: stems, roots, synonyms, words of a short comment. */
  readonly tablesBy: ReadonlyMap<string, readonly TableWords[]>
  readonly columnsBy: ReadonlyMap<string, readonly ColumnWords[]>
  /** Longest value, in words. */
  readonly longestValue: number
}

export interface TableWords {
  readonly relation: Relation
  readonly stems: readonly string[]
  readonly roots: readonly string[]
  readonly columns: readonly ColumnWords[]
}

export interface ColumnWords extends ColumnRef {
  readonly stems: readonly string[]
  /** Without the table's own words in front: `customer_name` of customers is also `name`. */
  readonly shortStems: readonly string[]
  readonly commentStems: readonly string[]
  /** true: the column people mean by the thing's name. */
  readonly isLabel: boolean
}

export interface StoredValue extends ColumnRef {
  readonly text: string
}

const vocabularies = new WeakMap<Catalog, Vocabulary>()

export function vocabularyOf(catalog: Catalog): Vocabulary {
  const known = vocabularies.get(catalog)
  if (known !== undefined) return known
  const made = build(catalog)
  vocabularies.set(catalog, made)
  return made
}

function build(catalog: Catalog): Vocabulary {
  const tables = catalog.relations.map(tableWords)
  const { values, longestValue } = storedValues(catalog)
  const columns = tables.flatMap((table) => table.columns)
  return {
    tables,
    tablesBy: byWord(tables, (table) => table.stems),
    columnsBy: byWord(columns, (column) => [
      ...column.stems,
      ...column.commentStems,
      ...(column.isLabel ? ['nam'] : []),
      ...(isKey(column) ? ['id'] : []),
    ]),
    values,
    longestValue: Math.min(longestValue, 8),
  }
}

function storedValues(catalog: Catalog): { readonly values: ReadonlyMap<string, readonly StoredValue[]>; readonly longestValue: number } {
  const values = new Map<string, StoredValue[]>()
  let longestValue = 1
  for (const relation of catalog.relations)
    for (const column of relation.columns)
      for (const text of column.statistics?.values ?? []) {
        if (!isTextType(column.type) || /^[\d.,:\s-]*$/.test(text)) continue
        const key = text.toLowerCase()
        const found = values.get(key)
        if (found === undefined) values.set(key, [{ relation, column, text }])
        else found.push({ relation, column, text })
        longestValue = Math.max(longestValue, key.split(/\s+/).length)
      }
  return { values, longestValue }
}

const known = new WeakMap<Relation, TableWords>()

/** Kept for each relation: parts of a large catalog are read again and again, each time others. */
function tableWords(relation: Relation): TableWords {
  const kept = known.get(relation)
  if (kept !== undefined) return kept
  const stems = nameStems(relation.name)
  const ownWords = relation.columns.map((column) => columnWords(relation, column, stems))
  const [label] = labelColumns({ relation, columns: ownWords })
  const columns = ownWords.map((words) => ({ ...words, isLabel: words.column === label?.column && !isKey(words) }))
  const made = { relation, stems, roots: [...stems, ...words(relation.comment)].map(root), columns }
  known.set(relation, made)
  return made
}

function byWord<Item>(items: readonly Item[], wordsOf: (item: Item) => readonly string[]): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, Item[]>()
  for (const item of items)
    for (const word of new Set(wordsOf(item).flatMap((one) => [one, root(one), classOf(one)]))) {
      const known = found.get(word)
      if (known === undefined) found.set(word, [item])
      else known.push(item)
    }
  return found
}

function columnWords(relation: Relation, column: CatalogColumn, tableStems: readonly string[]): ColumnWords {
  const stems = nameStems(column.name)
  const starts = tableStems.filter((word, at) => stems[at] === word).length
  const last = tableStems.at(-1)
  const skip =
    starts > 0 ? starts : stems[0] === last || ((stems[0]?.length ?? 0) >= 3 && last?.startsWith(stems[0] ?? '-') === true) ? 1 : 0
  return {
    relation,
    column,
    stems,
    shortStems: skip > 0 && skip < stems.length ? stems.slice(skip) : stems,
    commentStems: words(column.comment),
    isLabel: false,
  }
}

/** A comment is a name only when it is short enough to be one. */
function words(comment: string | null): string[] {
  const stems = comment === null ? [] : nameStems(comment)
  return stems.length <= 4 ? stems : []
}

export function isTextType(type: string): boolean {
  return /char|text|name|enum|citext|clob|^$/i.test(type)
}

export function isNumberType(type: string): boolean {
  return /int|numeric|decimal|real|double|float|number|money|serial/i.test(type) && !/interval|point/i.test(type) && !isBooleanType(type)
}

/** MySQL and MariaDB have no booleans of their own: BOOLEAN is kept as `tinyint(1)`. */
export function isBooleanType(type: string): boolean {
  return /^(bool|tinyint\(1\))/i.test(type)
}

export function isDateType(type: string): boolean {
  return /date|timestamp|datetime/i.test(type)
}

/** A year kept as a number. */
export function isYearColumn({ column, stems }: ColumnWords): boolean {
  return stems.includes('year') && isNumberType(column.type)
}

export function isKey({ relation, column }: ColumnRef): boolean {
  return (
    relation.primaryKey.includes(column.name) ||
    relation.foreignKeys.some((key) => key.columns.includes(column.name)) ||
    /(^|_)id$/i.test(column.name)
  )
}

/** The column people mean when they name a thing: its name or title, in that order; empty when it has none. */
export function labelColumns({ relation, columns }: Pick<TableWords, 'relation' | 'columns'>): readonly ColumnRef[] {
  const short = (words: ColumnWords): string => words.shortStems.join(' ')
  const exact = columns.find((words) => short(words) === 'nam' || short(words) === 'titl')
  if (exact !== undefined) return [exact]
  const first = columns.find((words) => /first nam$/.test(short(words)))
  const last = columns.find((words) => /(last nam|surnam|family nam)$/.test(short(words)))
  if (first !== undefined && last !== undefined) return [first, last]
  const ending = columns.find((words) => /(nam|titl|subject|label)$/.test(short(words)) && isTextType(words.column.type))
  if (ending !== undefined) return [ending]
  const key = relation.primaryKey.length === 1 ? columns.find((words) => words.column.name === relation.primaryKey[0]) : undefined
  return key === undefined ? [] : [key]
}
