import { constants } from 'node:sqlite'
import { strongerClass, type Reason, type Relation, type Span, type StatementClass } from '../../../domain/index.ts'
import type { ColumnUse, MissingColumn, RelationUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { certain, lastOf } from '../certain.ts'
import { readFromClauses, type FromClauses } from './from-clauses.ts'
import { readFunctions } from './functions.ts'
import { unnamedColumn } from './guess-tables.ts'
import type { Outline } from './outline.ts'
import { isOwnTable, readTableFunctions } from './own-tables.ts'
import { tokenize } from './tokenize.ts'
import { lostWitness } from './witness.ts'
import type { WitnessAction } from './witness-messages.ts'
import { writesOf, type ReportedChange } from './writes.ts'

/** Adds up what SQLite asked its authorizer. */
export class Weighing {
  class: StatementClass = 'read'
  readonly problems: Reason[] = []
  readonly relations = new Map<string, RelationUse>()
  readonly missingColumns: MissingColumn[] = []
  readonly functions: string[] = []
  readonly changes: ReportedChange[] = []
  readonly behindViews = { relations: [] as Relation[], columns: [] as ColumnUse[] }
  readonly #columns: ColumnUse[] = []
  readonly #sql: string
  readonly #shape: Outline
  readonly #index: CatalogIndex
  readonly #uncertain: ReadonlySet<string>
  readonly #spans = new Map<string, Span>()
  readonly #systemTables = new Set<string>()
  readonly #denied = new Set<string>()
  #isAscii: boolean | null = null

  constructor(sql: string, shape: Outline, index: CatalogIndex, uncertain: ReadonlySet<string>) {
    this.#sql = sql
    this.#shape = shape
    this.#index = index
    this.#uncertain = uncertain
  }

  /** Without a catalog some columns are made up, and of some it is not known whose they are. */
  get columns(): ColumnUse[] {
    return this.#columns.filter(({ column }) => !column.startsWith(unnamedColumn) && !this.#uncertain.has(column.toLowerCase()))
  }

  take([code, first, second, database, name]: WitnessAction): void {
    const through = name !== null && this.#isView(name) ? name : null
    switch (code) {
      case constants.SQLITE_SELECT:
        // Where only rows of a view are counted, this is the one mention of it.
        if (through !== null && this.#isWritten(through)) this.#read(through, '', null)
        return
      case constants.SQLITE_RECURSIVE:
        return
      case constants.SQLITE_READ:
        // A WITH query of which only rows are counted; its own reads are reported as well.
        if (database === null && second === '' && this.#isDerived(certain(first))) return
        return this.#read(certain(first), certain(second), through)
      case constants.SQLITE_FUNCTION:
        return this.#call(certain(second))
      default:
        this.class = strongerClass(this.class, classOfAction(code))
        if (first !== null && writeActions.has(code)) this.#write(code, first, second)
    }
  }

  /** Of tables that are met in a join alone, and of the columns they are joined by, the authorizer is not asked. */
  takeJoins(): void {
    const views = new Set<Relation>()
    const take = ({ tables, joins }: FromClauses, read: (table: string, column: string) => void): void => {
      for (const table of tables) {
        read(table, '')
        const relation = this.#index.findInPath(table)
        if (relation?.kind === 'view') views.add(relation)
      }
      const taken = new Set<string>() // each join goes by all that those before it went by
      for (const [table, column] of joins.flatMap((join) => joinedColumns(join, this.#index))) {
        const key = `${table}\u0000${column}`
        if (!taken.has(key)) read(table, column)
        taken.add(key)
      }
    }
    take(this.#shape.clauses, (table, column) => this.#read(table, column, null))
    for (const view of views) {
      if (view.definition === null) continue
      take(readFromClauses(tokenize(view.definition)), (table, column) => {
        const relation = this.#index.findInPath(table)
        if (relation !== null) this.#readBehindView(relation, column, this.#spanOf(view.name))
      })
    }
  }

  /** The text of a full-text search may name any column of its table, and a view over it holds nothing back. */
  takeSearches(): void {
    if (!isSearch(this.functions)) return
    for (const { relation, span } of this.relations.values()) {
      if (relation === null) continue // is refused for not being there
      for (const { name } of relation.columns) this.#columns.push(columnUse(relation, name, span, false))
    }
    for (const relation of this.behindViews.relations.slice())
      for (const { name } of relation.columns) this.#readBehindView(relation, name, this.#spanOf(relation.name))
  }

  /** SQLite's message names what it could not find; anything else is its grammar speaking. */
  fail(error: string): void {
    const [, kind, name] = /^no such (table|column|function): (.+)$/.exec(error) ?? []
    if (kind === undefined || name === undefined) {
      this.problems.push(error === lostWitness ? tooSlow : this.#syntax(error))
      return
    }
    const bare = lastOf(name.split('.'))
    const span = this.#spanOf(bare)
    if (kind === 'function') this.#deny(bare)
    else if (kind === 'column') this.missingColumns.push({ name: bare, span, candidates: this.#knownColumns() })
    else if (isOwnTable(bare.toLowerCase())) this.problems.push(systemRelation(bare, span))
    else this.relations.set(bare.toLowerCase(), { schema: 'main', writtenSchema: 'main', name: bare, relation: null, span })
  }

  #syntax(error: string): Reason {
    const token = /near "([^"]+)"/.exec(error)?.[1]
    const reason = { code: 'guard.syntax', message: `SQLite cannot read this: ${error}.`, hint: 'Correct the statement.' }
    return token === undefined ? reason : { ...reason, span: this.#spanOf(token) }
  }

  /** A view of the catalog, unless the statement has a WITH query of that name, which stands before it. */
  #isView(name: string): boolean {
    return this.#index.findInPath(name)?.kind === 'view' && !this.#shape.withNames.has(name.toLowerCase())
  }

  #isDerived(name: string): boolean {
    const folded = name.toLowerCase()
    return (
      this.#shape.withNames.has(folded) &&
      !isOwnTable(folded) &&
      !this.#shape.clauses.tables.some((table) => table.toLowerCase() === folded)
    )
  }

  #read(table: string, column: string, through: string | null): void {
    if (readTableFunctions.has(table.toLowerCase())) return
    const relation = this.#index.findInPath(table)
    const span = this.#spanOf(table)
    if (relation === null) {
      if (!this.#systemTables.has(table)) this.problems.push(systemRelation(table, span))
      this.#systemTables.add(table)
      return
    }
    // A view that SQLite folds into the query lets its tables be counted without saying through whom.
    if (through !== null || (column === '' && !this.#isWritten(table))) return this.#readBehindView(relation, column, span)
    const { schema, name } = relation
    this.relations.set(name.toLowerCase(), { schema, writtenSchema: schema, name, relation, span })
    for (const known of columnsNamed(relation, column))
      this.#columns.push(columnUse(relation, known, this.#spanOf(known), this.#isWritten(known)))
  }

  /** An INSERT without a list gives every column a value, and nobody writes what they may not see. */
  #write(code: number, table: string, column: string | null): void {
    this.#read(table, column ?? '', null)
    const target = this.relations.get(table.toLowerCase())
    if (target === undefined) return
    const verb = code === constants.SQLITE_INSERT ? 'insert' : code === constants.SQLITE_UPDATE ? 'update' : 'delete'
    this.changes.push({ verb, target, column })
    if (verb !== 'insert') return
    for (const { columns } of writesOf(this.#sql.slice(0, this.#shape.end), [{ verb, target, column }]))
      for (const name of columns) this.#read(table, name, null)
  }

  /** What a view reads: held to deny rules only. */
  #readBehindView(relation: Relation, column: string, span: Span): void {
    this.behindViews.relations.push(relation)
    for (const known of columnsNamed(relation, column)) this.behindViews.columns.push(columnUse(relation, known, span, false))
  }

  #isWritten(name: string): boolean {
    return this.#shape.written.has(name.toLowerCase())
  }

  #call(name: string): void {
    if (readFunctions.has(name.toLowerCase())) this.functions.push(name)
    else this.#deny(name)
  }

  /** Also of a name on the list: what SQLite does not know here, it has not told the tables of. */
  #deny(name: string): void {
    if (this.#denied.has(name)) return
    this.#denied.add(name)
    this.functions.push(name)
    this.problems.push({
      code: 'guard.function-denied',
      message: `The function ${name} is not one a read may call.`,
      span: this.#spanOf(name),
      hint: 'Write it without this function.',
    })
  }

  #knownColumns(): string[] {
    return [...this.relations.values()].flatMap((use) => certain(use.relation).columns.map((column) => column.name))
  }

  /** The first place the name stands at; SQLite does not say which. */
  #spanOf(name: string): Span {
    const known = this.#spans.get(name) ?? this.#findSpan(name)
    this.#spans.set(name, known)
    return known
  }

  #findSpan(name: string): Span {
    const token = this.#shape.written.get(name.toLowerCase())
    if (token !== undefined) return { start: this.#byteAt(token.start), end: this.#byteAt(token.end) }
    const start = this.#byteAt(Math.max(0, this.#sql.indexOf(name)))
    return { start, end: start + Buffer.byteLength(name) }
  }

  /** Of text without letters of other scripts a byte is a character: nothing is counted, however often it is asked. */
  #byteAt(at: number): number {
    this.#isAscii ??= Buffer.byteLength(this.#sql) === this.#sql.length
    return this.#isAscii ? at : Buffer.byteLength(this.#sql.slice(0, at))
  }
}

/** Whether full-text search is among some functions. */
export function isSearch(functions: readonly string[]): boolean {
  return functions.some((name) => /^(match|highlight|snippet|bm25)$/i.test(name))
}

/** Each column two sides are joined by, on every side that has it. What a sub-select puts out is not known: it may share any. */
function joinedColumns(
  { columns, sides }: FromClauses['joins'][number],
  index: CatalogIndex,
): (readonly [table: string, column: string])[] {
  const tables = sides.filter((table) => table !== null)
  const all = tables.flatMap((table) => (index.findInPath(table)?.columns ?? []).map(({ name }) => [table, name] as const))
  const named = new Set(columns?.map((name) => name.toLowerCase()))
  const [once, shared] = [new Set<string>(), new Set<string>()]
  for (const [, column] of all) (once.has(column.toLowerCase()) ? shared : once).add(column.toLowerCase())
  const isUsed = (name: string): boolean => (columns === null ? sides.includes(null) || shared.has(name) : named.has(name))
  return all.filter(([, column]) => isUsed(column.toLowerCase()))
}

function columnUse({ schema, name }: Relation, column: string, span: Span, isNamed: boolean): ColumnUse {
  return { schema, relation: name, column, told: `${schema}.${name}.${column}`, span, isNamed }
}

/** The row number is the primary key, where that is one whole number. */
function columnsNamed(relation: Relation, column: string): readonly string[] {
  const spellings = spellingsOf(relation)
  if (/^(rowid|oid|_rowid_)$/i.test(column)) return relation.primaryKey.flatMap((name) => certain(spellings.get(name.toLowerCase())))
  return spellings.get(column.toLowerCase()) ?? []
}

/** The names of a relation's columns by how SQLite compares them. */
function spellingsOf(relation: Relation): ReadonlyMap<string, readonly string[]> {
  const known = spellings.get(relation)
  if (known !== undefined) return known
  const names = relation.columns.map(({ name }) => name)
  const made = Map.groupBy(names, (name) => name.toLowerCase())
  spellings.set(relation, made)
  return made
}

const spellings = new WeakMap<Relation, ReadonlyMap<string, readonly string[]>>()

function systemRelation(table: string, span: Span): Reason {
  return {
    code: 'guard.system-relation',
    message: `${table} is part of SQLite’s own catalogs.`,
    span,
    hint: 'Browse the catalog with \\d instead.',
  }
}

const tooSlow: Reason = {
  code: 'guard.unreadable',
  message: 'The statement could not be judged in time, so it is refused.',
  hint: 'Write it more simply.',
}

const writeActions: ReadonlySet<number> = new Set([constants.SQLITE_INSERT, constants.SQLITE_UPDATE, constants.SQLITE_DELETE])
const adminActions: ReadonlySet<number> = new Set([
  constants.SQLITE_PRAGMA,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_REINDEX,
  constants.SQLITE_ANALYZE,
])

function classOfAction(code: number): StatementClass {
  if (writeActions.has(code)) return 'write'
  return adminActions.has(code) ? 'admin' : 'ddl'
}
