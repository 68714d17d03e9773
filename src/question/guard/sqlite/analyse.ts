import type { Catalog, Reason } from '../../../domain/index.ts'
import type { Analyser, AnalyseOptions } from '../analyser.ts'
import { unreadable, type Analysis } from '../analysis.ts'
import { indexOf, type CatalogIndex } from '../catalog-index.ts'
import { noSources } from '../view-sources.ts'
import { maskSqlite } from './mask.ts'
import { classOfKeyword, deepestNesting, outline, type Outline } from './outline.ts'
import { boundValue } from './render-mask.ts'
import { Weighing } from './weighing.ts'
import { Witness } from './witness.ts'
import { isExplained, writesOf } from './writes.ts'
import type { WitnessReply, WitnessTable } from './witness-messages.ts'

const longestBytes = 100_000
const mostStars = 500

export function openSqliteAnalyser(): Analyser {
  const witness = new Witness()
  return {
    analyse: async (sql, options) => {
      const tooMuch = beforeParsing(sql)
      if (tooMuch !== null) return unreadable(tooMuch, sql)
      const shape = outline(sql)
      const problem = notOneStatement(sql, shape)
      if (problem !== null) return unreadable(problem, sql)
      const reply = await witness.ask(options.index?.catalog ?? null, sql.slice(0, shape.end))
      return weigh(sql, shape, reply, options)
    },
    sourcesOf: (use, analysis) => {
      if (use.relation?.kind !== 'view' || analysis.behindViews === undefined) return noSources
      return { ...analysis.behindViews, isKnown: use.relation.definition !== null }
    },
    masker: {
      mask: (request, { index }) => maskSqlite(request, index, witness),
      bound: boundValue,
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

function notOneStatement(sql: string, { keyword, second, depth, stars }: Outline): Reason | null {
  if (keyword === '') return { code: 'guard.empty', message: 'There is no statement in this text.', hint: 'Write one statement.' }
  if (depth > deepestNesting) return { code: 'guard.too-deep', message: 'The statement is nested too deeply.', hint: 'Simplify it.' }
  if (stars > mostStars)
    return { code: 'guard.too-complex', message: `The statement has ${stars} stars; ${mostStars} are the most.`, hint: 'Name the columns.' }
  if (second === null) return null
  return {
    code: 'guard.several-statements',
    message: 'Only one statement may run at a time.',
    span: { start: Buffer.byteLength(sql.slice(0, second)), end: Buffer.byteLength(sql) },
    hint: 'Send the statements one by one.',
  }
}

function weigh(sql: string, shape: Outline, reply: WitnessReply, { index, paramCount }: AnalyseOptions): Analysis {
  const statement = { start: 0, end: Buffer.byteLength(sql.slice(0, shape.end)) }
  const byKeyword = classOfKeyword(shape.keyword)
  const weighed = new Weighing(sql, shape, index ?? madeUpIndex(reply.guessed?.tables ?? []), new Set(reply.guessed?.uncertain))
  for (const action of reply.actions) weighed.take(action)
  if (reply.error === null) weighed.takeJoins()
  else weighed.fail(reply.error)
  weighed.takeSearches()
  if ((byKeyword === 'read' || byKeyword === 'write') && paramCount !== null && shape.params !== paramCount)
    weighed.problems.push(wrongParams(shape.params, paramCount))
  const odd = shape.collations.find((name) => !/^(binary|nocase|rtrim)$/i.test(name))
  if (odd !== undefined && reply.error === null) weighed.fail(`no such collation sequence: ${odd}`) // it is missed only where values are compared
  const writes = writesOf(sql.slice(0, shape.end), weighed.changes)
  if (writes.length > 0 && isExplained(sql)) weighed.problems.push(explainedWrite)
  return {
    class: byKeyword === 'read' ? weighed.class : byKeyword,
    problems: byKeyword === 'read' || byKeyword === 'write' ? weighed.problems : [],
    relations: [...weighed.relations.values()],
    columns: weighed.columns,
    missingColumns: weighed.missingColumns,
    functions: weighed.functions,
    writes,
    behindViews: weighed.behindViews,
    isExplain: shape.isExplain,
    statement,
  }
}

const explainedWrite: Reason = {
  code: 'guard.explain-write',
  message: 'EXPLAIN of a statement that changes data is not let through.',
  hint: 'Ask for the plan of the SELECT that finds the same rows.',
}

function wrongParams(highest: number, given: number): Reason {
  const wanted = Number.isFinite(highest) ? String(highest) : 'named'
  return {
    code: 'guard.parameters',
    message: `The statement uses ${wanted} bound value(s), ${given} came with it.`,
    hint: 'Give one value for each ?1, ?2 …',
  }
}

/** The tables the witness made up, as a catalog. */
function madeUpIndex(tables: readonly WitnessTable[]): CatalogIndex {
  const nothing = { comment: null, primaryKey: [], uniqueKeys: [], foreignKeys: [], estimatedRows: null, sizeBytes: null, parents: [] }
  const catalog: Catalog = {
    dialect: 'sqlite',
    database: '',
    serverVersion: '',
    version: '',
    searchPath: ['main'],
    functions: [],
    operators: [],
    types: [],
    relations: tables.map(({ name, columns }) => ({
      ...nothing,
      schema: 'main',
      name,
      kind: 'table',
      definition: null,
      columns: columns.map((column) => ({ name: column, type: 'any', isNullable: true, comment: null, statistics: null })),
    })),
  }
  return indexOf(catalog)
}
