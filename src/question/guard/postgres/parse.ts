import { hasSqlDetails, loadModule, parseSync } from 'libpg-query'
import type { Reason, Span } from '../../../domain/index.ts'
import { certain } from '../certain.ts'
import { threadEffort, TooMuchWork, type Effort } from '../effort.ts'

/** One parsed statement, as libpg-query gives it: nodes wrapped by their kind, byte offsets in `location`. */
export interface Parsed {
  readonly kind: string
  readonly node: Node
  readonly statement: Span
}

/** A node's fields; values are nodes, lists, text, numbers. */
export type Node = { readonly [field: string]: unknown }

const longestBytes = threadEffort.bytes

export const openGrammar: () => Promise<void> = loadModule

/** Throws TooMuchWork for text that is longer than the effort allows, but not too long for every place. */
export function parse(sql: string, effort: Effort = threadEffort): Parsed | Reason {
  const bytes = Buffer.byteLength(sql)
  if (bytes > longestBytes)
    return problem('guard.too-long', `The statement has ${bytes} bytes; ${longestBytes} are the most.`, 'Shorten it.')
  if (sql.includes('\0')) return problem('guard.nul-byte', 'The statement holds a NUL byte, at which parsers stop reading.', 'Remove it.')
  const { tokens, depth } = measure(sql)
  if (tokens > threadEffort.tokens)
    return problem('guard.too-long', `The statement has more than ${threadEffort.tokens} words and signs.`, 'Shorten it.')
  if (bytes > effort.bytes || tokens > effort.tokens) throw new TooMuchWork()
  if (depth > 500) return problem('guard.too-deep', 'The statement is nested too deeply.', 'Simplify it.')
  let statements: readonly { readonly stmt?: Node; readonly stmt_location?: number; readonly stmt_len?: number }[]
  try {
    statements = certain((parseSync(sql) as { stmts?: typeof statements }).stmts) // the parser's own output format
  } catch (error) {
    return syntaxProblem(error, sql)
  }
  const [only] = statements
  if (only?.stmt === undefined) return problem('guard.empty', 'There is no statement in this text.', 'Write one statement.')
  if (statements.length > 1) return severalStatements(statements[1]?.stmt_location ?? 0, bytes)
  const [kind = ''] = Object.keys(only.stmt)
  const start = only.stmt_location ?? 0
  const end = only.stmt_len === undefined || only.stmt_len === 0 ? bytes : start + only.stmt_len
  return { kind, node: only.stmt[kind] as Node, statement: { start, end } } // a statement node wraps exactly one kind
}

function severalStatements(start: number, end: number): Reason {
  return {
    ...problem('guard.several-statements', 'Only one statement may run at a time.', 'Send the statements one by one.'),
    span: { start, end },
  }
}

function problem(code: string, message: string, hint: string): Reason {
  return { code, message, hint }
}

function syntaxProblem(error: unknown, sql: string): Reason {
  if (!(error instanceof Error) || !hasSqlDetails(error))
    return problem('guard.unparsable', 'The statement cannot be parsed: it is too deeply nested or malformed.', 'Simplify it.')
  const details = (error as Error & { sqlDetails: { message: string; cursorPosition: number } }).sqlDetails // checked by hasSqlDetails
  // The parser counts characters, a span counts bytes.
  const start = Buffer.byteLength(Array.from(sql).slice(0, Math.max(0, details.cursorPosition)).join(''))
  const token = /^\w+|^\S/u.exec(Buffer.from(sql).subarray(start).toString())?.[0] ?? ''
  return {
    ...problem('guard.syntax', `PostgreSQL cannot read this: ${details.message}.`, 'Correct the statement.'),
    span: { start, end: start + Buffer.byteLength(token) },
  }
}

/** Words and signs, and the deepest brackets. Counted in quotes and comments too: that is on the safe side and costs nothing. */
function measure(sql: string): { readonly tokens: number; readonly depth: number } {
  let [tokens, depth, deepest] = [0, 0, 0]
  let wasWord = false
  for (let at = 0; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    const isWord = code >= 128 || code === 95 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
    if (code > 32 && !(isWord && wasWord)) tokens += 1
    wasWord = isWord
    if (code === 40 || code === 91) deepest = Math.max(deepest, ++depth)
    else if (code === 41 || code === 93) depth -= 1
  }
  return { tokens, depth: deepest }
}

export function names(value: unknown): string[] {
  const found: string[] = []
  if (!Array.isArray(value)) return found
  for (const item of value as readonly { readonly String?: { readonly sval?: string } }[])
    // the parser's lists of words and stars
    if (item.String !== undefined) found.push(certain(item.String.sval)) // no name is empty
  return found
}

/** Where a node stands; offset 0 is left out by the parser, -1 means it does not know. */
export function spanOf(node: Node, bytes: number): Span {
  const start = Math.max(0, Number(node['location'] ?? 0))
  return { start, end: start + Math.max(1, bytes) }
}

/** Bytes of some words with a dot between each two. */
export function dottedBytes(path: readonly string[]): number {
  let bytes = path.length - 1
  for (const name of path) bytes += Buffer.byteLength(name)
  return bytes
}

export function list(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : [] // the parser gives lists of nodes
}

export function forEachNode(value: unknown, visit: (kind: string, node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) forEachNode(item, visit)
  else if (value !== null && typeof value === 'object') {
    const node = value as Node // the parser gives plain objects only
    for (const field of Object.keys(node)) {
      // The table a write goes to is not wrapped in its kind.
      if (field.charCodeAt(0) <= 90 || field === 'relation') visit(field, node[field] as Node)
      forEachNode(node[field], visit)
    }
  }
}
