import { constants } from 'node:sqlite'
import { strongerClass, type Reason, type Relation, type StatementClass } from '../../../domain/index.ts'
import type { Analyser } from '../analyser.ts'
import { unreadable, type Analysis, type ColumnUse, type MissingColumn, type RelationUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { noSources } from '../view-sources.ts'
import { readFunctions, readTableFunctions } from './functions.ts'
import { outline, type Outline } from './tokens.ts'
import { Witness } from './witness.ts'
import type { WitnessAction, WitnessReply } from './witness-worker.ts'

const longestBytes = 100_000

export function openSqliteAnalyser(): Analyser {
  const witness = new Witness()
  return {
    analyse: async (sql, { index, paramCount }) => {
      const problem = beforeParsing(sql)
      if (problem !== null) return unreadable(problem, sql)
      const shape = outline(sql)
      if (shape.keyword === '') return unreadable({ code: 'guard.empty', message: 'There is no statement in this text.' }, sql)
      if (shape.second !== null) return unreadable(severalStatements(sql, shape.second), sql)
      if (index === null)
        return unreadable({ code: 'guard.no-catalog', message: 'A SQLite statement can only be judged against its catalog.' }, sql)
      const statement = sql.slice(0, shape.end)
      return weigh(sql, shape, await witness.ask(index.catalog, statement), index, paramCount)
    },
    sourcesOf: (use, analysis) => {
      if (use.relation?.kind !== 'view' || analysis.behindViews === undefined) return noSources
      return { ...analysis.behindViews, isKnown: use.relation.definition !== null }
    },
    close: () => witness.close(),
  }
}

function beforeParsing(sql: string): Reason | null {
  const bytes = Buffer.byteLength(sql)
  if (bytes > longestBytes)
    return { code: 'guard.too-long', message: `The statement has ${bytes} bytes; ${longestBytes} are the most.`, hint: 'Shorten it.' }
  if (sql.includes('\0'))
    return { code: 'guard.nul-byte', message: 'The statement holds a NUL byte, at which parsers stop reading.', hint: 'Remove it.' }
  return null
}

function severalStatements(sql: string, second: number): Reason {
  const start = Buffer.byteLength(sql.slice(0, second))
  return {
    code: 'guard.several-statements',
    message: 'Only one statement may run at a time.',
    span: { start, end: Buffer.byteLength(sql) },
    hint: 'Send the statements one by one.',
  }
}

function weigh(sql: string, shape: Outline, reply: WitnessReply, index: CatalogIndex, paramCount: number): Analysis {
  const statement = { start: 0, end: Buffer.byteLength(sql.slice(0, shape.end)) }
  const byKeyword = classOfKeyword(shape.keyword)
  const weighed = new Weighing(sql, index)
  for (const action of reply.actions) weighed.take(action)
  if (reply.error !== null) weighed.fail(reply.error)
  const params = highestParam(sql)
  if (byKeyword === 'read' && params !== paramCount) {
    weighed.problems.push({
      code: 'guard.parameters',
      message: `The statement uses ${params} bound value(s), ${paramCount} came with it.`,
      hint: 'Give one value for each ?1, ?2 …',
    })
  }
  return {
    class: byKeyword === 'read' ? weighed.class : byKeyword,
    problems: byKeyword === 'read' || byKeyword === 'write' ? weighed.problems : [],
    relations: [...weighed.relations.values()],
    columns: weighed.columns,
    missingColumns: weighed.missingColumns,
    functions: weighed.functions,
    behindViews: weighed.behindViews,
    statement,
  }
}

/** Adds up what SQLite asked its authorizer. */
class Weighing {
  class: StatementClass = 'read'
  readonly problems: Reason[] = []
  readonly relations = new Map<string, RelationUse>()
  readonly columns: ColumnUse[] = []
  readonly missingColumns: MissingColumn[] = []
  readonly functions: string[] = []
  readonly behindViews = { relations: [] as Relation[], columns: [] as ColumnUse[] }
  readonly #sql: string
  readonly #lowerSql: string
  readonly #withNames: ReadonlySet<string>
  readonly #index: CatalogIndex

  constructor(sql: string, index: CatalogIndex) {
    this.#sql = sql
    this.#lowerSql = sql.toLowerCase()
    this.#withNames = namesOfWith(sql)
    this.#index = index
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
        if (database === null && second === '' && this.#isDerived(first ?? '')) return
        return this.#read(first ?? '', second ?? '', through)
      case constants.SQLITE_FUNCTION:
        return this.#call(second ?? '')
      default:
        this.class = strongerClass(this.class, classOfAction(code))
        if (first !== null && writeActions.has(code)) this.#read(first, second ?? '', null)
    }
  }

  /** A view of the catalog, unless the statement has a WITH query of that name, which stands before it. */
  #isView(name: string): boolean {
    return this.#index.findInPath(name)?.kind === 'view' && !this.#withNames.has(name.toLowerCase())
  }

  #isDerived(name: string): boolean {
    return this.#withNames.has(name.toLowerCase()) && this.#index.findInPath(name) === null && !systemName.test(name)
  }

  /** SQLite's message names what it could not find; anything else is its grammar speaking. */
  fail(error: string): void {
    const [, kind, name] = /^no such (table|column|function): (.+)$/.exec(error) ?? []
    if (kind === undefined || name === undefined) {
      const token = /near "([^"]+)"/.exec(error)?.[1]
      const reason = { code: 'guard.syntax', message: `SQLite cannot read this: ${error}.`, hint: 'Correct the statement.' }
      this.problems.push(token === undefined ? reason : { ...reason, span: spanOfWord(this.#sql, token) })
      return
    }
    const bare = name.split('.').at(-1) ?? name
    const span = spanOfWord(this.#sql, bare)
    if (kind === 'function') this.#call(bare)
    else if (kind === 'table')
      this.relations.set(bare.toLowerCase(), { schema: 'main', writtenSchema: 'main', name: bare, relation: null, span })
    else this.missingColumns.push({ name: bare, span, candidates: [...this.relations.values()].flatMap(columnNames) })
  }

  #read(table: string, column: string, through: string | null): void {
    if (readTableFunctions.has(table.toLowerCase())) return
    // A view that SQLite folds into the query lets its tables be counted without saying through whom.
    if (through !== null || (column === '' && !this.#isWritten(table))) return this.#readBehindView(table, column)
    const relation = this.#index.findInPath(table)
    const span = spanOfWord(this.#sql, table)
    if (relation === null) {
      this.problems.push(systemRelation(table, span))
      return
    }
    this.relations.set(relation.name.toLowerCase(), {
      schema: relation.schema,
      writtenSchema: relation.schema,
      name: relation.name,
      relation,
      span,
    })
    for (const known of columnsNamed(relation, column)) {
      const place = { span: spanOfWord(this.#sql, known), isNamed: this.#isWritten(known) }
      this.columns.push({ schema: relation.schema, relation: relation.name, column: known, ...place })
    }
  }

  /** What a view reads: held to deny rules only. */
  #readBehindView(table: string, column: string): void {
    const relation = this.#index.findInPath(table)
    const span = spanOfWord(this.#sql, table)
    if (relation === null) {
      this.problems.push(systemRelation(table, span))
      return
    }
    this.behindViews.relations.push(relation)
    for (const known of columnsNamed(relation, column))
      this.behindViews.columns.push({ schema: relation.schema, relation: relation.name, column: known, span, isNamed: false })
  }

  #isWritten(name: string): boolean {
    return this.#lowerSql.includes(name.toLowerCase().replaceAll('"', '""')) || this.#lowerSql.includes(name.toLowerCase())
  }

  #call(name: string): void {
    this.functions.push(name)
    if (readFunctions.has(name.toLowerCase())) return
    this.problems.push({
      code: 'guard.function-denied',
      message: `The function ${name} is not one a read may call.`,
      span: spanOfWord(this.#sql, name),
      hint: 'Write it without this function.',
    })
  }
}

/** The row number is the primary key, where that is one whole number. */
function columnsNamed(relation: Relation, column: string): string[] {
  const names = (/^(rowid|oid|_rowid_)$/i.test(column) ? relation.primaryKey : [column]).map((name) => name.toLowerCase())
  return relation.columns.map((candidate) => candidate.name).filter((name) => names.includes(name.toLowerCase()))
}

function columnNames(use: RelationUse): string[] {
  return use.relation?.columns.map((column) => column.name) ?? []
}

/** Tables of SQLite itself, whatever else is called so. */
const systemName = /^(sqlite_|pragma_|dbstat|bytecode|tables_used)/i

/** Names a WITH may define here; a few too many do no harm, they only keep views from being taken for what they hide. */
function namesOfWith(sql: string): ReadonlySet<string> {
  const bare = sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'/g, ' ')
  const found = bare.matchAll(
    /("(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|[\p{L}_][\p{L}\p{N}_$]*)\s*(?:\([^()]*\)\s*)?\bas\s*(?:not\s+materialized\s*|materialized\s*)?\(/giu,
  )
  return new Set(Array.from(found, ([, name = '']) => name.replaceAll(/^["`[]|["`\]]$/g, '').toLowerCase()))
}

function systemRelation(table: string, span: { start: number; end: number }): Reason {
  return {
    code: 'guard.system-relation',
    message: `${table} is part of SQLite’s own catalogs.`,
    span,
    hint: 'Browse the catalog with \\d instead.',
  }
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

function classOfKeyword(keyword: string): StatementClass {
  if (/^(SELECT|VALUES|WITH)$/.test(keyword)) return 'read'
  if (/^(INSERT|UPDATE|DELETE|REPLACE)$/.test(keyword)) return 'write'
  if (/^(CREATE|DROP|ALTER)$/.test(keyword)) return 'ddl'
  return /^(PRAGMA|ATTACH|DETACH|VACUUM|ANALYZE|REINDEX|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)$/.test(keyword) ? 'admin' : 'unknown'
}

/** The first place the word stands at; SQLite does not say which. */
function spanOfWord(sql: string, word: string): { start: number; end: number } {
  const at = Math.max(0, sql.toLowerCase().indexOf(word.toLowerCase()))
  const start = Buffer.byteLength(sql.slice(0, at))
  return { start, end: start + Buffer.byteLength(word) }
}

/** `?` and `?NNN` outside quotes and comments; named parameters are not bound by AI-Shell and count as too many. */
function highestParam(sql: string): number {
  const bare = sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/g, ' ')
  let highest = 0
  for (const [, number] of bare.matchAll(/\?(\d*)/g))
    highest = number === undefined || number === '' ? highest + 1 : Math.max(highest, Number(number))
  return /(?<![\w$])[:@$][A-Za-z_]/.test(bare) ? Number.MAX_SAFE_INTEGER : highest
}
