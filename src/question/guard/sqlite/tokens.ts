/** What can be told of a statement without SQLite: its first words and where it ends. */
export interface Outline {
  /** First keywords in upper case, EXPLAIN and QUERY PLAN left out. */
  readonly keyword: string
  readonly isExplain: boolean
  /** Character offset behind the statement, before a closing semicolon. */
  readonly end: number
  /** Character offset of a second statement; null when there is none. */
  readonly second: number | null
}

const token =
  /\s+|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[\p{L}_][\p{L}\p{N}_$]*|;|[^]/uy

/** SQLite's own tokens (sqlite.org/lang_keywords, tokenize.c): quotes of four kinds, two kinds of comments. */
export function outline(sql: string): Outline {
  token.lastIndex = 0
  const words: string[] = []
  let end = 0
  let closed: number | null = null
  let second: number | null = null
  for (let match = token.exec(sql); match !== null && match[0] !== ''; match = token.exec(sql)) {
    const text = match[0]
    if (/^(\s|--|\/\*)/.test(text)) continue
    if (text === ';') {
      if (words.length > 0) closed ??= match.index
      continue
    }
    if (closed !== null) {
      second ??= match.index
      break
    }
    if (words.length < 4) words.push(text.toUpperCase())
    end = match.index + text.length
  }
  const isExplain = words[0] === 'EXPLAIN'
  const rest = isExplain ? words.slice(words[1] === 'QUERY' ? 3 : 1) : words
  return { keyword: rest[0] ?? '', isExplain, end, second }
}
