import type { Catalog, Relation } from '../../../domain/index.ts'
import { distance } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import type { Token } from './tokens.ts'
import {
  isDateType,
  isKey,
  isNumberType,
  labelColumns,
  type ColumnRef,
  type ColumnWords,
  type TableWords,
  type Vocabulary,
} from './vocabulary.ts'

/** The question with its mentions found: what each stage of reading looks at and takes from. */
export class Reader {
  readonly catalog: Catalog
  readonly vocabulary: Vocabulary
  readonly tokens: readonly Token[]
  readonly mentions: readonly Mention[]
  readonly assumptions: string[] = []
  /** Tokens that have been understood; what is left decides whether to answer. */
  readonly understood = new Set<number>()
  readonly #taken = new Set<Mention>()

  constructor(catalog: Catalog, vocabulary: Vocabulary, tokens: readonly Token[], mentions: readonly Mention[]) {
    this.catalog = catalog
    this.vocabulary = vocabulary
    this.tokens = tokens
    this.mentions = mentions
    for (const mention of mentions) for (let at = mention.from; at < mention.to; at++) this.understood.add(at)
  }

  /** Mentions nobody has given a role yet. */
  get free(): readonly Mention[] {
    return this.mentions.filter((mention) => !this.#taken.has(mention))
  }

  isFree(mention: Mention): boolean {
    return !this.#taken.has(mention)
  }

  take(mention: Mention): void {
    this.#taken.add(mention)
  }

  /** Lower-case words from one token to another, both optional ends clipped to the question. */
  words(from: number, to: number): string {
    return this.tokens
      .slice(Math.max(0, from), Math.max(0, to))
      .map((token) => token.lower)
      .join(' ')
  }

  /** Words between the mention before and this one. */
  before(mention: Mention, most = 7): string {
    const previous = this.mentions.filter((other) => other.to <= mention.from).at(-1)
    return this.words(Math.max(previous?.to ?? 0, mention.from - most), mention.from)
  }

  after(mention: Mention, most = 4): string {
    const next = this.mentions.find((other) => other.from >= mention.to)
    return this.words(mention.to, Math.min(next?.from ?? this.tokens.length, mention.to + most))
  }

  previous(mention: Mention): Mention | null {
    return this.mentions.filter((other) => other.to <= mention.from).at(-1) ?? null
  }

  next(mention: Mention): Mention | null {
    return this.mentions.find((other) => other.from >= mention.to) ?? null
  }

  understand(from: number, to: number): void {
    for (let at = from; at < to; at++) this.understood.add(at)
  }

  tableOf(relation: Relation): TableWords {
    const found = this.vocabulary.tables.find((table) => table.relation === relation)
    if (found === undefined) throw new Error('every relation of the catalog is in its vocabulary')
    return found
  }

  /** Tables named in the question, in order. */
  get namedTables(): readonly { readonly mention: Mention; readonly table: TableWords }[] {
    return this.mentions.flatMap((mention) => (mention.kind === 'table' ? [{ mention, table: this.pickTable(mention.tables) }] : []))
  }

  /** Of tables that fit a word alike: the one with the shorter name, then the one with more rows. */
  pickTable(tables: readonly TableWords[]): TableWords {
    const sorted = tables.toSorted(
      (a, b) => a.stems.length - b.stems.length || (b.relation.estimatedRows ?? 0) - (a.relation.estimatedRows ?? 0),
    )
    return sorted[0] as TableWords // a table mention has at least one
  }

  /** Of columns that fit a phrase alike: of the table named next to it, of the subject, nearest over keys. */
  pickColumn(mention: Extract<Mention, { kind: 'column' }>, subject: Relation | null): ColumnWords {
    const [only] = mention.columns
    if (mention.columns.length === 1 && only !== undefined) return only
    const neighbour = this.#neighbourTable(mention)
    const named = new Set(this.namedTables.map(({ table }) => table.relation))
    const rank = (column: ColumnWords): number => {
      if (column.relation === neighbour) return 0
      if (neighbour === null && column.relation === subject) return 1
      if (named.has(column.relation)) return 2 + (isKey(column) && !column.relation.primaryKey.includes(column.column.name) ? 0.5 : 0)
      return 3 + (subject === null ? 0 : Math.min(9, distance(this.catalog, subject, column.relation))) + (isKey(column) ? 0.5 : 0)
    }
    return mention.columns.toSorted((a, b) => rank(a) - rank(b))[0] as ColumnWords // not empty
  }

  /** "customer names", "names of customers", "names of the customers": the table right beside a column. */
  #neighbourTable(mention: Mention): Relation | null {
    const previous = this.previous(mention)
    if (previous?.kind === 'table' && previous.to === mention.from) return this.pickTable(previous.tables).relation
    for (let next = this.next(mention); next !== null; next = this.next(next)) {
      const between = this.words(mention.to, next.from)
      if (next.kind === 'table')
        return /^(((and|,|as well as).*)?\b(of|for|from|in)( (the|all|each|every|any|those|these|different|distinct))*|'s?)$/.test(
          between.replace(/^.*\b(of|for|from|in)\b/, '$1'),
        )
          ? this.pickTable(next.tables).relation
          : null
      if (next.kind !== 'column') return null
    }
    return null
  }

  label(relation: Relation): readonly ColumnRef[] {
    return labelColumns(this.tableOf(relation))
  }

  dateColumns(relation: Relation): readonly ColumnWords[] {
    return this.tableOf(relation).columns.filter(({ column }) => isDateType(column.type))
  }

  numberColumns(relation: Relation): readonly ColumnWords[] {
    return this.tableOf(relation).columns.filter((column) => isNumberType(column.column.type) && !isKey(column))
  }
}
