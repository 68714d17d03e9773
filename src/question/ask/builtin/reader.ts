import type { Catalog, CatalogColumn, Relation } from '../../../domain/index.ts'
import { distance } from './join-graph.ts'
import type { Mention } from './mentions.ts'
import { isComparingWord } from './operators.ts'
import type { ColumnTest } from './plan.ts'
import { selectZone } from './zones.ts'
import type { Token } from './tokens.ts'
import { root } from '../words.ts'
import {
  isDateType,
  isKey,
  isNumberType,
  isYearColumn,
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
  /** Columns that have a role. */
  readonly used = new Set<CatalogColumn>()
  /** Relations that the statement reads for a reason of their own. */
  readonly usedRelations = new Set<Relation>()
  readonly #text: string
  readonly #zone: readonly boolean[]
  readonly #taken = new Set<Mention>()

  constructor(text: string, catalog: Catalog, vocabulary: Vocabulary, tokens: readonly Token[], mentions: readonly Mention[]) {
    this.#text = text
    this.#zone = selectZone(tokens, mentions)
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

  /** true: a column here is one to put out, not one that says which rows are meant. */
  isSelected(mention: Mention): boolean {
    return this.#zone[mention.from] ?? true
  }

  /** Roots of the words tables and their columns are named by. */
  get tableRoots(): ReadonlySet<string> {
    return new Set(this.vocabulary.tables.flatMap((table) => [...table.roots, ...table.columns.flatMap((column) => column.stems)]))
  }

  /** true: an "or" between two things, not one of a comparison such as "or more". */
  isAlternative(at: number): boolean {
    const isComparing =
      /^(more|less|fewer|greater|equal|later|earlier|after|before|above|below|over|under|older|younger|higher|lower|longer|shorter|larger|smaller)$/
    return this.tokens[at]?.lower === 'or' && !(isComparing.test(this.tokens[at + 1]?.lower ?? '') && !this.#startsValue(at + 2))
  }

  /** "or after 2007": a comparison of its own, with a value behind it. */
  #startsValue(at: number): boolean {
    return this.mentions.some(
      (mention) => mention.kind !== 'table' && mention.kind !== 'column' && mention.from >= at - 1 && mention.from <= at + 1,
    )
  }

  understandWord(word: string): void {
    for (const [at, token] of this.tokens.entries()) if (token.lower === word) this.understood.add(at)
  }

  /** A joint that a reader has made of it: "or", "either". */
  understandJoint(at: number): void {
    this.understood.add(at)
  }

  /** The question with "either … or" and with "both … and" between two values; empty where they do not stand as "A and B". */
  readings(first: ColumnTest, second: ColumnTest): readonly string[] {
    if (first.kind !== 'compare' || second.kind !== 'compare') return []
    const at = this.#text.toLowerCase().indexOf(String(first.value).toLowerCase())
    const and = this.#text.toLowerCase().indexOf(' and ', at)
    const end = this.#text.toLowerCase().indexOf(String(second.value).toLowerCase(), and)
    if (at < 0 || and < 0 || end < and) return []
    const with_ = (lead: string, joint: string): string =>
      `${this.#text.slice(0, at)}${lead} ${this.#text.slice(at, and)} ${joint} ${this.#text.slice(and + 5)}`
    return [with_('either', 'or'), with_('both', 'and')]
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
    for (let at = from; at < to; at++) if (!this.isAlternative(at)) this.understood.add(at)
  }

  /** Words before a value that say how it is compared; others keep their meaning. */
  understandComparison(from: number, to: number): void {
    for (let at = Math.max(0, from); at < to; at++) if (isComparingWord(this.tokens[at]?.lower ?? '')) this.understand(at, at + 1)
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

  /** Of tables that fit a word alike: the one with the shorter name, then the one whose other words are said, then the one with more rows. */
  pickTable(tables: readonly TableWords[]): TableWords {
    const sorted = tables.toSorted(
      (a, b) =>
        a.stems.length - b.stems.length ||
        this.#saidWords(b) - this.#saidWords(a) ||
        (b.relation.estimatedRows ?? 0) - (a.relation.estimatedRows ?? 0),
    )
    return sorted[0] as TableWords // a table mention has at least one
  }

  /** Of columns that fit a phrase alike: of the table named next to it, of the subject, nearest over keys. */
  pickColumn(mention: Extract<Mention, { kind: 'column' }>, subject: Relation | null): ColumnWords {
    const neighbour = this.#neighbourTable(mention)
    if (neighbour !== null && !mention.columns.some((column) => column.relation === neighbour)) {
      const own = mention.others.filter((column) => column.relation === neighbour)
      if (own.length === 1 && own[0] !== undefined) return own[0]
    }
    const [only] = mention.columns
    if (mention.columns.length === 1 && only !== undefined) return only
    const named = new Set(this.namedTables.map(({ table }) => table.relation))
    const rank = (column: ColumnWords): number => {
      if (column.relation === neighbour) return 0
      if (neighbour === null && column.relation === subject) return 1
      if (named.has(column.relation)) return 2 + (isKey(column) && !column.relation.primaryKey.includes(column.column.name) ? 0.5 : 0)
      const away = subject === null ? 0 : Math.min(9, distance(this.catalog, subject, column.relation))
      return 3 + away + (isKey(column) ? 0.5 : 0) - this.#saidWords(this.tableOf(column.relation)) / 16
    }
    return mention.columns.toSorted((a, b) => rank(a) - rank(b))[0] as ColumnWords // not empty
  }

  /** How many words of a table's name are in the question: "payments … received" means `payments_received`. */
  #saidWords({ stems }: TableWords): number {
    const words = new Set(stems.map(root))
    return this.tokens.filter((token) => words.has(token.root)).length
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

  /** A key said without its "id" stands for the thing it refers to: "each opening pupil" of `opening_pupil_id` is that pupil's name. */
  meant(column: ColumnRef, mention: Mention): readonly ColumnRef[] {
    if (/\b(ids?|number|key|code|identifier)$/.test(this.words(mention.from, mention.to))) return [column]
    const key = column.relation.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === column.column.name)
    const target = this.catalog.relations.find(({ schema, name }) => schema === key?.target.schema && name === key.target.name)
    if (target === undefined || target === column.relation) return [column]
    const label = this.label(target)
    return label.length === 0 ? [column] : label
  }

  label(relation: Relation): readonly ColumnRef[] {
    return labelColumns(this.tableOf(relation))
  }

  dateColumns(relation: Relation): readonly ColumnWords[] {
    const { columns } = this.tableOf(relation)
    const dates = columns.filter(({ column }) => isDateType(column.type))
    // When a row was written is when the thing came only where nothing else says that.
    const own = dates.filter(({ stems }) => !/\b(crtd|creat|updat|modif|insert|load)/.test(stems.join(' ')))
    if (own.some(({ column }) => !column.isNullable)) return own
    const years = columns.filter(isYearColumn)
    return own.length === 0 && years.length > 0 ? years : dates
  }

  numberColumns(relation: Relation): readonly ColumnWords[] {
    return this.tableOf(relation).columns.filter((column) => isNumberType(column.column.type) && !isKey(column))
  }
}
