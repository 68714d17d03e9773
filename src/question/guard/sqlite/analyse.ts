import { constants } from 'node:sqlite'
import { strongerClass, type Reason, type StatementClass } from '../../../domain/index.ts'
import { unreadable, type Analysis, type ColumnUse, type RelationUse } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { notAvailable } from '../judge.ts'
import { nearestName } from '../nearest-name.ts'
import { readFunctions, readTableFunctions } from './functions.ts'
import { outline, type Outline } from './tokens.ts'
import { Witness } from './witness.ts'
import type { WitnessReply } from './witness-worker.ts'

export interface SqliteAnalyser {
  analyse(sql: string, options: { readonly index: CatalogIndex | null; readonly paramCount: number }): Promise<Analysis>
  close(): Promise<void>
}

const longestBytes = 100_000

export function createSqliteAnalyser(): SqliteAnalyser {
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
  if (reply.error !== null && byKeyword === 'read')
    return { ...unreadable(errorReason(reply.error, sql, index), sql), class: 'read', statement }
  const weighed = new Weighing(sql, index)
  for (const action of reply.actions) weighed.take(action)
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
    problems: weighed.problems,
    relations: [...weighed.relations.values()],
    columns: weighed.columns,
    functions: weighed.functions,
    statement,
  }
}

/** Adds up what SQLite asked its authorizer. */
class Weighing {
  class: StatementClass = 'read'
  readonly problems: Reason[] = []
  readonly relations = new Map<string, RelationUse>()
  readonly columns: ColumnUse[] = []
  readonly functions: string[] = []
  readonly #sql: string
  readonly #index: CatalogIndex

  constructor(sql: string, index: CatalogIndex) {
    this.#sql = sql
    this.#index = index
  }

  take([code, first, second]: WitnessReply['actions'][number]): void {
    switch (code) {
      case constants.SQLITE_SELECT:
      case constants.SQLITE_RECURSIVE:
        return
      case constants.SQLITE_READ:
        return this.#read(first ?? '', second ?? '')
      case constants.SQLITE_FUNCTION:
        return this.#call(second ?? '')
      default:
        this.class = strongerClass(this.class, classOfAction(code))
        if (first !== null && writeActions.has(code)) this.#read(first, '')
    }
  }

  #read(table: string, column: string): void {
    if (readTableFunctions.has(table.toLowerCase())) return
    const relation = this.#index.findInPath(table)
    const span = spanOfWord(this.#sql, table)
    if (relation === null) {
      const isSystem = /^(sqlite_|pragma_|dbstat)/i.test(table)
      this.problems.push(
        isSystem
          ? {
              code: 'guard.system-relation',
              message: `${table} is part of SQLite’s own catalogs.`,
              span,
              hint: 'Browse the catalog with \\d instead.',
            }
          : notAvailable('table', table, span, null),
      )
      return
    }
    this.relations.set(relation.name, { schema: relation.schema, name: relation.name, relation, span })
    const known = relation.columns.find((candidate) => candidate.name.toLowerCase() === column.toLowerCase())
    if (known !== undefined)
      this.columns.push({ schema: relation.schema, relation: relation.name, column: known.name, span: spanOfWord(this.#sql, column) })
  }

  #call(name: string): void {
    this.functions.push(name)
    if (readFunctions.has(name.toLowerCase())) return
    const span = spanOfWord(this.#sql, name)
    this.problems.push({
      code: 'guard.function-denied',
      message: `The function ${name} is not one a read may call.`,
      span,
      hint: 'Write it without this function.',
    })
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

/** SQLite's message names what it could not find; anything else is its grammar speaking. */
function errorReason(error: string, sql: string, index: CatalogIndex): Reason {
  const [, kind, name] = /^no such (table|column): (.+)$/.exec(error) ?? []
  if (kind !== undefined && name !== undefined) {
    const bare = name.split('.').at(-1) ?? name
    const isTable = kind === 'table'
    const candidates = index.catalog.relations.flatMap((relation) =>
      isTable ? [relation.name] : relation.columns.map((column) => column.name),
    )
    return notAvailable(isTable ? 'table' : 'column', bare, spanOfWord(sql, bare), nearestName(bare, candidates))
  }
  const token = /near "([^"]+)"/.exec(error)?.[1]
  const reason = { code: 'guard.syntax', message: `SQLite cannot read this: ${error}.`, hint: 'Correct the statement.' }
  return token === undefined ? reason : { ...reason, span: spanOfWord(sql, token) }
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
