export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'sign'

/** One token; blanks and comments are none. */
export interface Token {
  readonly kind: TokenKind
  /** As written; for `quoted` and `string` what the quotes hold. */
  readonly text: string
  /** Character offsets, end exclusive. */
  readonly start: number
  readonly end: number
}

/**
 * SQLite's own tokens (tokenize.c): four kinds of quotes, two kinds of comments, and every character beyond ASCII is part of a
 * name. One pass without looking back, so no text can make it slow. What is left open ends with the text.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length) {
    const code = sql.charCodeAt(at)
    if (isBlank(code)) at += 1
    else if (code === dash && sql.charCodeAt(at + 1) === dash) at = behind(sql, '\n', at + 2)
    else if (code === slash && sql.charCodeAt(at + 1) === star) at = behind(sql, '*/', at + 2)
    else {
      const token = tokenAt(sql, at, code)
      tokens.push(token)
      at = token.end
    }
  }
  return tokens
}

const [dash, slash, star, dot] = [45, 47, 42, 46]
const closing: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`', '[': ']' }

function tokenAt(sql: string, start: number, code: number): Token {
  const first = sql.charAt(start)
  const close = closing[first]
  if (close !== undefined) return quotedAt(sql, start, first, close)
  if (isDigit(code) || (code === dot && isDigit(sql.charCodeAt(start + 1)))) return run(sql, start, 'number', isNumberPart)
  if (isNamePart(code)) return run(sql, start, 'word', isNamePart)
  if (first === '?') return run(sql, start, 'parameter', isDigit)
  // `$a::b(c)` is a parameter of Tcl's; the colons and brackets change nothing here, for it is refused anyway.
  if ('@:#'.includes(first)) return run(sql, start, 'parameter', isNamePart)
  return { kind: 'sign', text: first, start, end: start + 1 }
}

/** A doubled quote stands for itself; brackets have no such way. */
function quotedAt(sql: string, start: number, open: string, close: string): Token {
  const kind = open === "'" ? 'string' : 'quoted'
  const parts: string[] = []
  for (let at = start + 1; ;) {
    const next = sql.indexOf(close, at)
    if (next === -1) return { kind, text: parts.join(close) + sql.slice(at), start, end: sql.length }
    const isDoubled = open === close && sql.charAt(next + 1) === close
    parts.push(sql.slice(at, next))
    if (!isDoubled) return { kind, text: parts.join(close), start, end: next + 1 }
    at = next + 2
  }
}

function run(sql: string, start: number, kind: TokenKind, isPart: (code: number) => boolean): Token {
  let end = start + 1
  while (end < sql.length && isPart(sql.charCodeAt(end))) end += 1
  const text = sql.slice(start, end)
  return { kind: kind === 'word' && text.startsWith('$') ? 'parameter' : kind, text, start, end }
}

function behind(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from)
  return at === -1 ? sql.length : at + mark.length
}

/** A byte order mark counts as a blank; no other character beyond ASCII does. */
function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 12 || code === 13 || code === 0xfeff
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isNamePart(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36 || code >= 128
}

function isNumberPart(code: number): boolean {
  return isNamePart(code) || code === dot
}
