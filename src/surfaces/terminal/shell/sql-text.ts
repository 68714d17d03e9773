/** What a scan of SQL text found where it stopped. */
interface Scan {
  /** Positions of semicolons outside of quotes, comments and parentheses. */
  readonly ends: readonly number[]
  /** true: a quote, a comment or a parenthesis is still open at the end. */
  readonly isOpen: boolean
  /** The text with each comment replaced by a space. */
  readonly bare: string
}

/** Reads over strings, quoted names, dollar quotes and nested comments. No parser: it only finds where things end. */
export function scanSql(text: string): Scan {
  const ends: number[] = []
  let bare = ''
  let depth = 0
  let isOpen = false
  let at = 0
  while (at < text.length) {
    const next = skipAt(text, at)
    if (next !== null) {
      bare += next.isComment ? ' ' : text.slice(at, next.end)
      isOpen ||= next.isOpen
      at = next.end
      continue
    }
    const char = text.charAt(at)
    if (char === '(') depth++
    else if (char === ')') depth = Math.max(0, depth - 1)
    else if (char === ';' && depth === 0) ends.push(at)
    bare += char
    at++
  }
  return { ends, isOpen: isOpen || depth > 0, bare }
}

interface Skip {
  readonly end: number
  readonly isOpen: boolean
  readonly isComment: boolean
}

function skipAt(text: string, at: number): Skip | null {
  const char = text.charAt(at)
  if (char === "'" || char === '"') return quoted(text, at, char)
  if (char === '-' && text.startsWith('--', at)) return { ...until(text, at, '\n', 0), isOpen: false, isComment: true }
  if (char === '/' && text.startsWith('/*', at)) return blockComment(text, at)
  if (char !== '$') return null
  const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 70))?.[0]
  return tag === undefined ? null : { ...until(text, at + tag.length, tag, tag.length), isComment: false }
}

function quoted(text: string, at: number, quote: string): Skip {
  const hasEscapes = quote === "'" && /(^|[^\p{L}\p{N}_])[eE]$/u.test(text.slice(Math.max(0, at - 2), at))
  for (let i = at + 1; i < text.length; i++) {
    if (hasEscapes && text[i] === '\\') i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return { end: i + 1, isOpen: false, isComment: false }
      i++
    }
  }
  return { end: text.length, isOpen: true, isComment: false }
}

function until(text: string, from: number, mark: string, keep: number): { end: number; isOpen: boolean } {
  const found = text.indexOf(mark, from)
  return found < 0 ? { end: text.length, isOpen: true } : { end: found + keep, isOpen: false }
}

function blockComment(text: string, at: number): Skip {
  let depth = 0
  for (let i = at; i < text.length - 1; i++) {
    if (text.startsWith('/*', i)) {
      depth++
      i++
    } else if (text.startsWith('*/', i)) {
      depth--
      i++
      if (depth === 0) return { end: i + 1, isOpen: false, isComment: true }
    }
  }
  return { end: text.length, isOpen: true, isComment: true }
}

export function stripComments(text: string): string {
  return scanSql(text).bare
}

/** The statements of a text and what stands behind the last semicolon. */
export function splitStatements(text: string): { readonly statements: readonly string[]; readonly rest: string } {
  const statements: string[] = []
  let from = 0
  for (const end of scanSql(text).ends) {
    const statement = text.slice(from, end + 1).trim()
    if (stripComments(statement).trim() !== ';') statements.push(statement)
    from = end + 1
  }
  return { statements, rest: text.slice(from).trim() }
}

const danglers =
  /(?:[,(=<>+*/|-]|\b(?:select|from|where|and|or|not|by|join|on|using|in|as|set|values|into|case|when|then|else|between|like|having|limit|offset|union|all|intersect|except|with|distinct|over|order|group|inner|left|right|full|cross|returning))\s*$/i

/** true: the text cannot be the whole of a statement: something is open, or it ends where something must follow. */
export function isUnfinished(text: string): boolean {
  const { isOpen, bare } = scanSql(text)
  return isOpen || danglers.test(bare.replace(/(select|,|\()\s*\*\s*$/i, '$1 x')) || isSelectWithoutSource(bare)
}

/** `select a, b` on its own line: names need a FROM, only constants and calls do without. */
function isSelectWithoutSource(bare: string): boolean {
  return /^\s*select\s+[\p{L}_][\p{L}\p{N}_."]*(\s*,\s*[\p{L}_][\p{L}\p{N}_."]*)*\s*$/iu.test(bare)
}

/** true: a line that goes on with the statement above it. */
export function isContinuation(line: string): boolean {
  return /^\s*(?:[),.|+*/=<>]|(?:from|where|and|or|join|left|right|inner|full|cross|natural|on|using|group\s+by|order\s+by|having|limit|offset|fetch|union|intersect|except|window|returning|set|values|as|when|then|else|end)\b)/i.test(
    line,
  )
}

export function firstWordOf(text: string): string {
  return /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? ''
}
