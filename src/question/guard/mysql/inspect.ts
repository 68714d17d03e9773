import { strongerClass, type Reason, type StatementClass } from '../../../domain/index.ts'
import { lastOf } from '../certain.ts'
import { functionProblem, type CallRules } from './call-rules.ts'
import { isReserved } from './functions.ts'
import { hasOddCase, identOf, identsOf, type Ident } from './names.ts'
import { isQuery, kindOf, nodeOf, type Node } from './node.ts'
import { readNodes, readOperators, writeNodes } from './node-kinds.ts'
import type { ParserSpan } from './places.ts'
import type { Source } from './source.ts'

export interface Findings {
  class: StatementClass
  readonly problems: Reason[]
  readonly functions: string[]
  /** Every written name and literal the parser saw, for the second witness. */
  readonly seen: { readonly start: number; readonly end: number; readonly ident: Ident | null }[]
  /** Aliases written as strings. */
  readonly stringNames: Set<string>
  /** In upper case, whatever they name. */
  readonly names: Set<string>
}

/** First pass: every field of every node, whatever it is nested in. Kinds, operators and functions by allow-list. */
export function inspect(root: unknown, source: Source, rules: CallRules): Findings {
  const findings: Findings = { class: 'read', problems: [], functions: [], seen: [], stringNames: new Set(), names: new Set() }
  new Inspector(source, rules, findings).value(root)
  return findings
}

class Inspector {
  readonly #source: Source
  readonly #rules: CallRules
  readonly #findings: Findings

  constructor(source: Source, rules: CallRules, findings: Findings) {
    this.#source = source
    this.#rules = rules
    this.#findings = findings
  }

  value(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.value(item)
    else if (typeof value === 'string') this.#bareKind(value)
    else if (value !== null && typeof value === 'object') this.#node(nodeOf(value))
  }

  #node(node: Node): void {
    const ident = identOf(node)
    if (ident !== null && ident.node === node) return this.#ident(ident, true)
    if (isLiteral(node)) this.#place(node['span'] as ParserSpan, null)
    for (const field of Object.keys(node)) this.#field(field, node[field])
  }

  #field(field: string, value: unknown): void {
    if (field === 'span') return
    const isKind = field.charCodeAt(0) <= 90
    if (!isKind && isEmpty(value)) return
    if (field === 'select_token' || field.endsWith('_token')) return
    if (field === 'locks') {
      this.#findings.class = strongerClass(this.#findings.class, 'write')
      return
    }
    if (writeNodes.has(field) && !readNodes.has(field)) this.#findings.class = strongerClass(this.#findings.class, 'write')
    else if (!readNodes.has(field) && !writeNodes.has(field)) return this.#unknown(field)
    if (field === 'Value') return this.#literal(nodeOf(value))
    if (field === 'Function') return this.#call(nodeOf(value))
    if (field === 'CompoundIdentifier' || field === 'ObjectName')
      return identsOf(value).forEach((ident, at) => this.#ident(ident, at === 0))
    if (field === 'name' && Array.isArray(value)) return identsOf(value).forEach((ident, at) => this.#ident(ident, at === 0))
    if (field === 'index_names') return identsOf(value).forEach((ident) => this.#place(spanOfIdent(ident), ident))
    if (field === 'collation' || field === 'charset') return identsOf(value).forEach((ident) => this.#place(spanOfIdent(ident), ident))
    // Literals hold text of the asker; quotes and the modes below hold words of the parser.
    if (isText(field)) return
    if (field === 'op' || field === 'compare_op') return this.#operator(value)
    if (field === 'json_expr') this.#misplacedWindow(value)
    this.value(value)
  }

  /** MySQL refuses it as the standard does; MariaDB 10.11 reads what is not there and ends, with everybody's sessions. */
  #misplacedWindow(value: unknown): void {
    const call = windowCallIn(value)
    if (call === null) return
    this.#findings.problems.push({
      code: 'guard.window-misplaced',
      message: 'A window function cannot stand in the argument of JSON_TABLE.',
      span: this.#source.places.span(spanOfIdent(lastOf(identsOf(call['name'])))),
      hint: 'Compute it in a sub-select in FROM, and give JSON_TABLE its column.',
    })
  }

  /** NULL and the like stand as a word where others hold their text. */
  #literal(node: Node): void {
    this.#place(node['span'] as ParserSpan, null) // a literal has one
    this.value(node['value'])
  }

  #bareKind(kind: string): void {
    // A kind without content stands as a word; words that begin small are modes of the parser.
    if (/^[A-Z]/.test(kind) && !harmlessKinds.has(kind) && !readNodes.has(kind) && !writeNodes.has(kind) && !readOperators.has(kind))
      this.#unknown(kind)
  }

  #operator(value: unknown): void {
    if (typeof value === 'string' && readOperators.has(value)) return
    this.#unknown(kindOf(value)[0])
  }

  #call(node: Node): void {
    const name = identsOf(node['name'])
    this.#findings.functions.push(name.map((part) => part.value).join('.'))
    for (const part of name) this.#place(spanOfIdent(part), part)
    const problem = functionProblem(name, this.#source, this.#rules)
    if (problem !== null) this.#findings.problems.push(problem)
    for (const field of Object.keys(node)) if (field !== 'name') this.#field(field, node[field])
  }

  #ident(ident: Ident, isFirst: boolean): void {
    this.#place(spanOfIdent(ident), ident)
    const name = ident.value.toUpperCase()
    if (ident.isQuoted || !isFirst || !isReserved(this.#rules.profile, name) || bareCalls.has(name) || name === 'DUAL') return
    this.#findings.problems.push({
      code: 'guard.reserved-word',
      message: `“${ident.value}” is a word of SQL here, and is read in more than one way.`,
      span: this.#source.places.span(spanOfIdent(ident)),
      hint: 'Put it in backticks if it is a name.',
    })
  }

  #place(span: ParserSpan, ident: Ident | null): void {
    const [start, end] = [this.#source.places.offset(span.start), this.#source.places.offset(span.end)]
    if (ident !== null) this.#findings.names.add(ident.value.toUpperCase())
    if (ident !== null && hasOddCase(ident.value))
      this.#findings.problems.push({
        code: 'guard.odd-name',
        message: `“${ident.value}” holds a letter whose case is read in more than one way.`,
        span: this.#source.places.span(span),
        hint: 'Use another name, or the small letter where the server takes it.',
      })
    // Of an alias that is written as a string the parser tells the text, but not the place.
    if (ident?.isString === true && start < 0) return void this.#findings.stringNames.add(ident.value)
    this.#findings.seen.push({ start, end, ident })
  }

  #unknown(kind: string): void {
    this.#findings.class = 'unknown'
    this.#findings.problems.push({
      code: 'guard.node-unknown',
      message: `This statement holds something AI-Shell does not know (${kind}).`,
      hint: 'Write it as a plain SELECT.',
    })
  }
}

/** Written like a name, and a call of the clock. */
export const bareCalls: ReadonlySet<string> = new Set([
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
])

/** Words of the parser that only tell a mode. */
const harmlessKinds: ReadonlySet<string> = new Set(
  `Standard None All Distinct DistinctRow Distinct On From Both Leading Trailing Cast Convert Year Month Day Hour Minute Second Microsecond Week Quarter
   Years Months Days Hours Minutes Seconds Microseconds Weeks NoDateTime InBooleanMode InNaturalLanguageMode InNaturalLanguageModeWithQueryExpansion
   WithQueryExpansion Rows Range Groups CurrentRow IgnoreNulls RespectNulls Natural Use Ignore Force Index Key Join OrderBy GroupBy Wildcard Char
   NoKeyword Row DEFAULT JSON Unsigned SignedInteger UnsignedInteger Explain Describe Desc`.split(/\s+/),
)

/** The first call with OVER that is not within a sub-select of its own. */
function windowCallIn(value: unknown): Node | null {
  if (Array.isArray(value)) return value.reduce<Node | null>((found, item) => found ?? windowCallIn(item), null)
  if (value === null || typeof value !== 'object') return null
  const node = nodeOf(value)
  if (isQuery(node)) return null
  const call = nodeOf(node['Function'])
  if (!isEmpty(call['over'])) return call
  return windowCallIn(Object.values(node))
}

function isText(field: string): boolean {
  return /^(Number|(Single|Double)QuotedString|(National|Hex|SingleQuotedByte|DoubleQuotedByte)StringLiteral|Placeholder|Boolean)$/.test(
    field,
  )
}

function isLiteral(node: Node): boolean {
  return 'value' in node && 'span' in node && typeof node['value'] !== 'string'
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0)
}

export function spanOfIdent(ident: Ident): ParserSpan {
  return ident.node['span'] as ParserSpan // identOf looked
}
