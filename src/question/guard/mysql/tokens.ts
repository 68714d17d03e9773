import type { Reason } from '../../../domain/index.ts'

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'param' | 'symbol'

/** A token as MySQL and MariaDB read it under the sql_mode every session is pinned to. Offsets are UTF-16 units of the text. */
export interface Token {
  readonly kind: TokenKind
  /** Words in upper case, symbols as they are; the rest as written. */
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface Tokens {
  readonly tokens: readonly Token[]
  /** Where the statement's own semicolon stands, else the text's end. */
  readonly end: number
}

const space = /[\t\n\v\f\r ]/y
const word = /[0-9A-Za-z_$\u0080-\u{10ffff}]+/uy
const number = /(?:0x[0-9A-Fa-f]+|0b[01]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![0-9A-Za-z_$\u0080-\u{10ffff}])/uy
const symbol = /<=>|->>|->|<<|>>|<=|>=|<>|!=|&&|\|\||[-+*/%&|^~!<>=(),.;]/y
/** Words that may stand right before a string. */
const introducers: ReadonlySet<string> = new Set([
  'N',
  'X',
  'B',
  'DATE',
  'TIME',
  'TIMESTAMP',
  '_UTF8',
  '_UTF8MB3',
  '_UTF8MB4',
  '_LATIN1',
  '_ASCII',
  '_BINARY',
])
/** The escape of ODBC and JDBC for a date or time; the server reads any expression in braces, we only such a string. */
const temporal = /(\{[ \t\n\r]*(?:ts|t|d)[ \t\n\r]*)('[-0-9:. T]*')([ \t\n\r]*\})/iy

/**
 * Our own reading of the text: a second witness beside the parser, and the first to refuse what a parser and a server are
 * known to read apart.
 */
export function readTokens(sql: string): Tokens | Reason {
  const tokens: Token[] = []
  let end = sql.length
  let at = 0
  while (at < sql.length) {
    const after = skipBlank(sql, at)
    if (typeof after !== 'number') return after
    if (after > at) {
      at = after
      continue
    }
    const escape = sql[at] === '{' ? readEscape(sql, at) : null
    const token = escape?.[0] ?? readToken(sql, at)
    if ('code' in token) return token
    at = escape?.at(-1)?.end ?? token.end
    if (token.text === ';' && token.kind === 'symbol') end = Math.min(end, token.start)
    else if (end < sql.length)
      return {
        ...problem('guard.several-statements', 'Only one statement may run at a time.', 'Send the statements one by one.'),
        span: spanOf(sql, token.start, sql.length),
      }
    else tokens.push(...(escape ?? [token]))
  }
  if (tokens.length === 0) return problem('guard.empty', 'There is no statement in this text.', 'Write one statement.')
  return { tokens, end }
}

/** White space and comments; the place after them. */
function skipBlank(sql: string, at: number): number | Reason {
  if (matchAt(space, sql, at) !== null) return at + 1
  if (sql[at] === '#') return lineEnd(sql, at)
  // A comment only with white space behind it; otherwise two minus signs.
  if (sql.startsWith('--', at)) {
    const next = sql[at + 2]
    if (next === undefined || matchAt(space, next, 0) !== null) return lineEnd(sql, at)
    return next < ' ' || next === '\u007f' ? oddCharacter(sql, at + 2) : at
  }
  if (!sql.startsWith('/*', at)) return at
  if (/^\/\*(!|M!)/i.test(sql.slice(at, at + 4)))
    return {
      ...problem(
        'guard.executable-comment',
        'A comment of this kind is run by the server.',
        'Write what is in it as plain SQL, or leave it out.',
      ),
      span: spanOf(sql, at, at + 4),
    }
  if (sql[at + 2] === '+')
    return {
      ...problem('guard.optimizer-hint', 'A hint comment can change limits and settings of the statement.', 'Leave the hint out.'),
      span: spanOf(sql, at, at + 3),
    }
  const close = sql.indexOf('*/', at + 2)
  if (close < 0) return { ...problem('guard.comment-open', 'A comment is not closed.', 'Close it with */.'), span: spanOf(sql, at, at + 2) }
  if (sql.slice(at + 2, close).includes('/*'))
    return {
      ...problem('guard.comment-nested', 'Comments inside comments are read in more than one way.', 'Leave the inner one out.'),
      span: spanOf(sql, at, at + 2),
    }
  return close + 2
}

/** Its opening up to the string, the string, and its end; null: something else in braces. */
function readEscape(sql: string, start: number): readonly Token[] | null {
  temporal.lastIndex = start
  const parts = temporal.exec(sql)
  if (parts === null) return null
  const [whole, opening = '', text = ''] = parts
  const textStart = start + opening.length
  const textEnd = textStart + text.length
  return [
    { kind: 'symbol', text: '{', start, end: textStart },
    { kind: 'string', text, start: textStart, end: textEnd },
    { kind: 'symbol', text: '}', start: textEnd, end: start + whole.length },
  ]
}

function readToken(sql: string, at: number): Token | Reason {
  const first = sql.charAt(at)
  const next = sql[at + 1] ?? ''
  if (first === "'" || first === '"') return quotedToken(sql, at, 'string')
  if (first === '`') return quotedToken(sql, at, 'quoted')
  if (first === '?') return { kind: 'param', text: '?', start: at, end: at + 1 }
  if (first === '@' || (first === ':' && next === '='))
    return {
      ...problem('guard.variable', 'Variables of the session or the server are not read or set here.', variableHint(first, next)),
      span: spanOf(sql, at, at + 1),
    }
  // Behind a dot every word is a name, whatever it begins with.
  const isName = sql[at - 1] === '.'
  const digits = isName ? null : matchAt(number, sql, at)
  if (digits !== null) return { kind: 'number', text: digits, start: at, end: at + digits.length }
  const name = matchAt(word, sql, at)
  if (name !== null) return /\p{White_Space}|\p{Cf}|\p{Cc}/u.test(name) ? oddCharacter(sql, at) : wordToken(sql, at, name, isName)
  const sign = matchAt(symbol, sql, at)
  if (sign !== null) return { kind: 'symbol', text: sign, start: at, end: at + sign.length }
  return oddCharacter(sql, at)
}

function variableHint(first: string, next: string): string {
  return first === '@' && next === '@'
    ? 'Settings of the server are not for a read; VERSION() tells its version.'
    : 'Bind a value as ? instead. Number rows with ROW_NUMBER() OVER (ORDER BY …), add up with SUM(…) OVER (ORDER BY …), look back with LAG(…) OVER (…).'
}

function wordToken(sql: string, at: number, name: string, isName: boolean): Token | Reason {
  const end = at + name.length
  const quote = sql[end]
  if (/^[0-9]/.test(name) && !isName)
    return {
      ...problem(
        'guard.odd-name',
        `“${name.slice(0, 40)}” begins with a digit, which is read in more than one way.`,
        'Put the name in backticks.',
      ),
      span: spanOf(sql, at, end),
    }
  if ((quote === "'" || quote === '"') && !introducers.has(name.toUpperCase()))
    return {
      ...problem(
        'guard.charset-introducer',
        `A string after ${name.slice(0, 40)} is read in a character set of its own.`,
        'Write the string alone.',
      ),
      span: spanOf(sql, at, end),
    }
  return { kind: 'word', text: name.toUpperCase(), start: at, end }
}

/** The quote doubles inside; in strings a backslash takes the next character along. */
function quotedToken(sql: string, at: number, kind: 'string' | 'quoted'): Token | Reason {
  const quote = sql[at]
  for (let end = at + 1; end < sql.length; end++) {
    if (kind === 'string' && sql[end] === '\\') end += 1
    else if (sql[end] !== quote) continue
    else if (sql[end + 1] === quote) end += 1
    else return { kind, text: sql.slice(at, end + 1), start: at, end: end + 1 }
  }
  return { ...problem('guard.syntax', 'A quote is not closed.', 'Close it.'), span: spanOf(sql, at, at + 1) }
}

function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf('\n', at)
  return end < 0 ? sql.length : end + 1
}

function matchAt(pattern: RegExp, sql: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0] ?? null
}

function oddCharacter(sql: string, at: number): Reason {
  return {
    ...problem(
      'guard.odd-character',
      'A character outside quotes is read in more than one way.',
      'Remove it, or write it inside a string.',
    ),
    span: spanOf(sql, at, at + 1),
  }
}

export function problem(code: string, message: string, hint: string): Reason {
  return { code, message, hint }
}

export function spanOf(sql: string, start: number, end: number): { readonly start: number; readonly end: number } {
  const from = Buffer.byteLength(sql.slice(0, start))
  return { start: from, end: from + Buffer.byteLength(sql.slice(start, end)) }
}
