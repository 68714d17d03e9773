import type { StatementClass } from '../../../domain/index.ts'
import { readFromClauses, type FromClauses } from './from-clauses.ts'
import { tokenize, type Token } from './tokenize.ts'

/** What can be told of a statement without SQLite. */
export interface Outline {
  /** Its verb in upper case, EXPLAIN and QUERY PLAN left out; empty where there is no statement. */
  readonly keyword: string
  readonly isExplain: boolean
  /** Character offset behind the statement, before a closing semicolon. */
  readonly end: number
  /** Character offset of a second statement; null when there is none. */
  readonly second: number | null
  /** Deepest nesting of brackets. */
  readonly depth: number
  /** How often all columns are asked for: SQLite writes them out before it counts them. */
  readonly stars: number
  /** Highest number of a `?` or `?NNN`; endless where a parameter has a name, for those are never bound. */
  readonly params: number
  /** What its FROM clauses name; nothing is read of what is nested too deeply. */
  readonly clauses: FromClauses
  /** Collations that are asked for, as written. */
  readonly collations: readonly string[]
  /** Names a WITH may define here, folded; a few too many do no harm. */
  readonly withNames: ReadonlySet<string>
  /** Every name that is written, folded, with the place it stands at first. */
  readonly written: ReadonlyMap<string, Token>
}

/** Brackets within brackets; SQLite itself stops earlier. */
export const deepestNesting = 500

/** Reads the first statement of a text. */
export function outline(sql: string): Outline {
  const { own, second } = firstStatement(tokenize(sql))
  const depth = deepest(own)
  const verb = own[0]?.text.toUpperCase() === 'EXPLAIN' ? (isWord(own[1], 'QUERY') && isWord(own[2], 'PLAN') ? 3 : 1) : 0
  return {
    keyword: keywordOf(own[verb]),
    isExplain: verb > 0,
    end: own.at(-1)?.end ?? 0,
    second,
    depth,
    stars: own.filter((token, at) => isSign(token, '*') && isBeforeStar(own[at - 1])).length,
    params: highestParam(own),
    clauses: readFromClauses(depth > deepestNesting ? [] : own),
    collations: own.flatMap((token, at) => (isWord(own[at - 1], 'COLLATE') ? [token.text] : [])),
    withNames: namesOfWith(own),
    written: writtenNames(own),
  }
}

/** Empty where there is no statement. */
function keywordOf(token: Token | undefined): string {
  if (token === undefined) return ''
  return token.kind === 'word' ? token.text.toUpperCase() : token.text
}

/** The body of a trigger holds statements of its own: there the semicolon behind END closes. */
function firstStatement(tokens: readonly Token[]): { readonly own: readonly Token[]; readonly second: number | null } {
  const begin = tokens.findIndex((token) => !isSign(token, ';'))
  if (begin === -1) return { own: [], second: null }
  const isTrigger = isWord(tokens[begin], 'CREATE') && tokens.slice(begin + 1, begin + 3).some((token) => isWord(token, 'TRIGGER'))
  const close = tokens.findIndex((token, at) => at > begin && isSign(token, ';') && (!isTrigger || isWord(tokens[at - 1], 'END')))
  if (close === -1) return { own: tokens.slice(begin), second: null }
  const next = tokens.slice(close).find((token) => !isSign(token, ';'))
  return { own: tokens.slice(begin, close), second: next?.start ?? null }
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word
}

function deepest(tokens: readonly Token[]): number {
  let depth = 0
  let most = 0
  for (const token of tokens) {
    if (isSign(token, '(')) most = Math.max(most, ++depth)
    else if (isSign(token, ')')) depth -= 1
  }
  return most
}

function isBeforeStar(token: Token | undefined): boolean {
  return isSign(token, ',') || isSign(token, '.') || isWord(token, 'SELECT') || isWord(token, 'DISTINCT') || isWord(token, 'ALL')
}

function highestParam(tokens: readonly Token[]): number {
  let highest = 0
  for (const { kind, text } of tokens) {
    if (kind !== 'parameter') continue
    if (!text.startsWith('?')) return Number.POSITIVE_INFINITY
    highest = text === '?' ? highest + 1 : Math.max(highest, Number(text.slice(1)))
  }
  return highest
}

/** `name AS (`, `name (a, b) AS MATERIALIZED (`. */
function namesOfWith(tokens: readonly Token[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [at, token] of tokens.entries()) {
    if (!isWord(token, 'AS')) continue
    let next = at + 1
    if (isWord(tokens[next], 'NOT')) next += 1
    if (isWord(tokens[next], 'MATERIALIZED')) next += 1
    if (!isSign(tokens[next], '(')) continue
    let name = at - 1
    if (isSign(tokens[name], ')')) {
      while (name > 0 && !isSign(tokens[name], '(')) name -= 1
      name -= 1
    }
    const named = tokens[name]
    if (named !== undefined && isName(named)) found.add(named.text.toLowerCase())
  }
  return found
}

/** A text in single quotes may stand for a name too. */
function isName(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'quoted' || token.kind === 'string'
}

function writtenNames(tokens: readonly Token[]): ReadonlyMap<string, Token> {
  const found = new Map<string, Token>()
  for (const token of tokens) {
    const name = token.text.toLowerCase()
    if (isName(token) && !found.has(name)) found.set(name, token)
  }
  return found
}

const verbs: readonly (readonly [StatementClass, ReadonlySet<string>])[] = [
  ['read', new Set(['SELECT', 'VALUES', 'WITH'])],
  ['write', new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE'])],
  ['ddl', new Set(['CREATE', 'DROP', 'ALTER'])],
  ['admin', new Set('PRAGMA ATTACH DETACH VACUUM ANALYZE REINDEX BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE'.split(' '))],
]

/** The least a statement of this verb may do. */
export function classOfKeyword(keyword: string): StatementClass {
  return verbs.find(([, words]) => words.has(keyword))?.[0] ?? 'unknown'
}
