import { strongerClass, type Reason, type StatementClass } from '../../../domain/index.ts'
import { unreadable, type Analysis } from '../analysis.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { Steps, type Effort } from '../effort.ts'
import { inspect } from './inspect.ts'
import { ownCodeProblem } from './own-code.ts'
import { parse, type Node, type Parsed } from './parse.ts'
import { Resolver } from './resolve.ts'
import { Scope } from './scope.ts'
import { classOfKind } from './statement-kinds.ts'

export interface AnalyseOptions {
  readonly index: CatalogIndex | null
  readonly safeFunctions: ReadonlySet<string>
  /** Bound values that come with the statement; null: not asked about. */
  readonly paramCount: number | null
  readonly effort: Effort
  readonly isLenient: boolean
}

/** PostgreSQL: the server's own grammar, then two passes over its tree. */
export function analysePostgres(sql: string, options: AnalyseOptions): Analysis {
  const parsed = parse(sql, options.effort)
  if (!('kind' in parsed)) return unreadable(parsed, sql)
  const subject = subjectOf(parsed)
  const isRead = subject.kind === 'SelectStmt'
  const isWeighed = isRead || subject.class === 'write'
  const findings = inspect({ [subject.kind]: subject.node }, options)
  const resolver = new Resolver(options, new Steps(options.effort))
  if (isRead) resolver.select(subject.node, null)
  else if (isWeighed) resolver.write(subject.kind, subject.node, null)
  else resolver.listNames(subject.node, new Scope(null))
  const { relations, columns, missingColumns, writes, problems, seen } = resolver.result
  const all: Reason[] = [...subject.problems, ...(isWeighed ? findings.problems : []), ...problems]
  if (parsed.kind === 'ExplainStmt' && subject.class === 'write') all.push(explainedWrite)
  const overlooked = isWeighed ? [...findings.rangeVars, ...findings.columnRefs].filter((node) => !seen.has(node)) : []
  all.push(...overlooked.slice(0, 1).map(() => unresolved))
  const ownCode = isWeighed ? ownCodeProblem(findings, { relations, columns }, options) : null
  if (ownCode !== null) all.push(ownCode)
  if (options.paramCount !== null && isWeighed && findings.highestParam !== options.paramCount)
    all.push(wrongParams(findings.highestParam, options.paramCount))
  return {
    class: isWeighed ? strongerClass(subject.class, findings.class) : subject.class,
    problems: all,
    relations,
    columns,
    missingColumns,
    functions: findings.functions,
    isExplain: parsed.kind === 'ExplainStmt',
    writes,
    statement: parsed.statement,
  }
}

const explainedWrite: Reason = {
  code: 'guard.explain-write',
  message: 'EXPLAIN of a statement that changes data is not let through: with ANALYZE it would change it.',
  hint: 'Ask for the plan of the SELECT that finds the same rows.',
}

const unresolved: Reason = {
  code: 'guard.unresolved',
  message: 'A name in this statement could not be placed.',
  hint: 'Write the statement more simply.',
}

interface Subject {
  readonly kind: string
  readonly node: Node
  readonly class: StatementClass
  readonly problems: readonly Reason[]
}

/** EXPLAIN is judged as what it explains: with ANALYZE it runs it, without it still plans it. */
function subjectOf(parsed: Parsed): Subject {
  if (parsed.kind === 'SelectStmt') return { ...parsed, class: 'read', problems: [] }
  if (parsed.kind !== 'ExplainStmt') return { ...parsed, class: classOfKind(parsed.kind), problems: [] }
  const query = parsed.node['query'] as Node
  const [kind = ''] = Object.keys(query)
  const node = query[kind] as Node
  const inner: StatementClass = kind === 'SelectStmt' ? 'read' : classOfKind(kind)
  const options = (parsed.node['options'] as readonly { DefElem?: { defname?: string } }[] | undefined) ?? []
  const unknown = options.map((option) => String(option.DefElem?.defname)).filter((name) => !explainOptions.has(name))
  return {
    kind,
    node,
    class: inner,
    problems: unknown.map((name) => ({
      code: 'guard.explain-option',
      message: `EXPLAIN has no option ${name} that AI-Shell knows.`,
      hint: 'Leave it out.',
    })),
  }
}

const explainOptions: ReadonlySet<string> = new Set([
  'analyze',
  'verbose',
  'costs',
  'settings',
  'generic_plan',
  'buffers',
  'serialize',
  'wal',
  'timing',
  'summary',
  'memory',
  'format',
])

function wrongParams(highest: number, given: number): Reason {
  return {
    code: 'guard.parameters',
    message:
      highest > given
        ? `The statement wants ${highest} bound value(s), ${given} came with it.`
        : `${given} bound value(s) came with a statement that uses ${highest}.`,
    hint: 'Give one value for each of $1, $2 …',
  }
}
