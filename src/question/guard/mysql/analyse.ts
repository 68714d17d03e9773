import { strongerClass, type Reason, type StatementClass } from '../../../domain/index.ts'
import type { AnalyseOptions } from '../analyser.ts'
import { unreadable, type Analysis } from '../analysis.ts'
import { certain } from '../certain.ts'
import { Steps, type Effort } from '../effort.ts'
import { bridged } from './bridge.ts'
import type { Profile } from './functions.ts'
import { inspect } from './inspect.ts'
import { kindOf, nodeOf, type Node } from './node.ts'
import type { Parsed } from './parser.ts'
import { Resolver } from './resolve.ts'
import { disagreement } from './second-witness.ts'
import { readSource, type Source } from './source.ts'
import { classOfKind, classOfWord } from './statement-kinds.ts'
import { spanOf } from './tokens.ts'

/** What the parser made of a text, or why it was not asked. */
export type Reading = { readonly source: Source; readonly statements: readonly unknown[] | null; readonly error: string | null } | Reason

/** null: it was not even asked about. */
export function readOf(reading: Reading): Exclude<Reading, Reason> | null {
  return 'code' in reading ? null : reading
}

export type Parse = (text: string) => Promise<Parsed>

/** Our own reading first; the parser sees only what passes it. */
export async function readStatement(sql: string, parse: Parse): Promise<Reading> {
  const source = readSource(sql)
  if ('code' in source) return source
  // An EXPLAIN takes options the parser does not know in every spelling; it is judged as what it explains.
  const text = bridged(sql, source.tokens)
  return { source, ...(await parse(text)) }
}

export interface AnalysisRules extends Pick<AnalyseOptions, 'index' | 'safeFunctions'> {
  readonly profile: Profile
  readonly effort: Effort
  /** null: not asked about. */
  readonly paramCount: number | null
}

/** Two passes over the parser's tree, held to our own reading of the text. */
export function analyseReading(reading: Reading, sql: string, rules: AnalysisRules): Analysis {
  if ('code' in reading) return { ...unreadable(reading, sql), class: classOfText(sql) }
  const { source, statements } = reading
  const [only] = statements ?? []
  if (statements === null || only === undefined || statements.length > 1) return notOne(reading)
  const subject = subjectOf(nodeOf(only))
  const isWeighed = subject.class === 'read' || subject.class === 'write'
  const findings = inspect({ [subject.kind]: subject.node }, source, rules)
  const resolver = new Resolver(rules.index, source.places, new Steps(rules.effort))
  if (subject.class === 'read') resolver.query(subject.node, null)
  else if (subject.class === 'write') resolver.write(subject.kind, subject.node, null)
  const { relations, columns, missingColumns, writes, problems } = resolver.result
  const all: Reason[] = isWeighed ? [...subject.problems, ...findings.problems, ...problems] : []
  const doubt = isWeighed ? disagreement(source, { ...findings, class: strongerClass(subject.class, findings.class) }, rules.profile) : null
  if (doubt !== null) all.push(doubt)
  const params = source.tokens.filter((token) => token.kind === 'param').length
  if (isWeighed && rules.paramCount !== null && params !== rules.paramCount) all.push(wrongParams(params, rules.paramCount))
  return {
    class: isWeighed ? strongerClass(subject.class, findings.class) : subject.class,
    problems: all,
    relations,
    columns,
    missingColumns,
    functions: findings.functions.map((name) => name.toLowerCase()),
    writes,
    isExplain: subject.isExplain,
    statement: { start: 0, end: spanOf(source.sql, 0, source.end).end },
  }
}

interface Subject {
  readonly kind: string
  readonly node: Node
  readonly class: StatementClass
  readonly problems: readonly Reason[]
  readonly isExplain: boolean
}

/** EXPLAIN is judged as what it explains: with ANALYZE it runs it, without it still plans it. */
function subjectOf(statement: Node): Subject {
  const [kind, content] = kindOf(statement)
  const node = nodeOf(content)
  if (kind !== 'Explain') return { kind, node, class: classOfKind(kind), problems: [], isExplain: false }
  const [inner, explained] = kindOf(node['statement'])
  const problems = classOfKind(inner) === 'read' ? [] : [explainedWrite]
  return { kind: inner, node: nodeOf(explained), class: classOfKind(inner), problems, isExplain: true }
}

const explainedWrite: Reason = {
  code: 'guard.explain-write',
  message: 'EXPLAIN of a statement that changes data is not let through.',
  hint: 'Ask for the plan of the SELECT that finds the same rows.',
}

function notOne({ source, error }: Exclude<Reading, Reason>): Analysis {
  const complaint = certain(error) // of more than one statement our own reading has told already
  const place = /at Line: (\d+), Column: (\d+)/.exec(complaint)
  const start = place === null ? null : source.places.offset({ line: Number(place[1]), column: Number(place[2]) })
  const token = source.tokens.find((one) => one.start === start)
  const said = complaint.replace(/^sql parser error: /, '').replace(/ at Line: .*$/, '')
  const reason: Reason = {
    code: 'guard.syntax',
    message: `This cannot be read: ${said}.`,
    ...(token === undefined ? {} : { span: spanOf(source.sql, token.start, token.end) }),
    hint: 'Correct the statement, or write it more simply.',
  }
  return { ...unreadable(reason, source.sql), class: classOfText(source.sql) }
}

function classOfText(sql: string): StatementClass {
  return classOfWord(/^[\s(;]*([A-Za-z]+)/.exec(sql)?.[1]?.toUpperCase() ?? '')
}

function wrongParams(used: number, given: number): Reason {
  return {
    code: 'guard.parameters',
    message: `The statement uses ${used} bound value(s), ${given} came with it.`,
    hint: 'Give one value for each ?.',
  }
}
