import type { Reason } from '../../../domain/index.ts'
import { Place } from './bridge.ts'
import { isDeniedFunction, isReadFunction, type Profile } from './functions.ts'
import type { Findings } from './inspect.ts'
import type { Source } from './source.ts'
import { spanOf, type Token } from './tokens.ts'

/**
 * Holds the parser's tree to our own reading of the text. Names and literals must stand where we see them, and every word
 * that could call or steer something must be one the tree tells of: a parser that reads another statement than the server
 * gives itself away here.
 */
export function disagreement(source: Source, findings: Findings, profile: Profile): Reason | null {
  return misplaced(source, findings) ?? unseen(source, findings) ?? overlooked(source, findings, profile)
}

function misplaced(source: Source, findings: Findings): Reason | null {
  const byStart = new Map(source.tokens.map((token) => [token.start, token]))
  const ends = new Set(source.tokens.map((token) => token.end))
  for (const { start, end, ident } of findings.seen) {
    const token = byStart.get(start)
    const isThere =
      token !== undefined && ends.has(end) && (ident === null || (token.end === end && unquoted(token, source) === ident.value))
    if (!isThere) return doubt(source, Math.max(0, start), Math.max(1, end))
  }
  return null
}

function unquoted(token: Token, { sql }: Source): string {
  const text = sql.slice(token.start, token.end)
  if (token.kind === 'quoted') return text.slice(1, -1).replaceAll('``', '`')
  // Aliases may be strings; escapes in them are not worth telling apart.
  if (token.kind === 'string') return text.includes('\\') ? '' : text.slice(1, -1).replaceAll(text.slice(0, 1).repeat(2), text.slice(0, 1))
  return text
}

/** Every string and quoted name we see, the tree has a place for. */
function unseen(source: Source, findings: Findings): Reason | null {
  const spans = findings.seen.toSorted((a, b) => a.start - b.start)
  let next = 0
  let furthest = 0 // where what begins at the token or before it ends at the latest
  for (const [at, token] of source.tokens.entries()) {
    for (let span = spans[next]; span !== undefined && span.start <= token.start; span = spans[++next])
      furthest = Math.max(furthest, span.end)
    if (token.kind !== 'string' && token.kind !== 'quoted') continue
    // Strings one after another are one; an alias written as a string is known by its text.
    if (token.kind === 'string' && (source.tokens[at - 1]?.kind === 'string' || findings.stringNames.has(unquoted(token, source)))) continue
    if (furthest < token.end) return doubt(source, token.start, token.end)
  }
  return null
}

/** Words before a bracket that are no calls. */
const structural: ReadonlySet<string> = new Set(
  `SELECT DISTINCT ALL FROM JOIN ON USING WHERE HAVING BY AND OR XOR NOT IN ANY SOME EXISTS AS CASE WHEN THEN ELSE BETWEEN LIKE RLIKE REGEXP IS DIV MOD
   UNION EXCEPT INTERSECT MINUS VALUES VALUE ROW OVER WITH RECURSIVE LATERAL LIMIT OFFSET INTERVAL AGAINST OF SET INTO KEY UPDATE INDEX PARTITION COLUMNS
   PATH ESCAPE BINARY COLLATE GROUP WITHIN WINDOW END STRAIGHT_JOIN TABLE EXPLAIN JSON_TABLE
   CHAR CHARACTER VARCHAR NCHAR NVARCHAR VARBINARY DECIMAL DEC NUMERIC FIXED FLOAT DOUBLE REAL DATETIME TIME TIMESTAMP SIGNED UNSIGNED INTEGER INT BIGINT
   SMALLINT TINYINT MEDIUMINT BIT TEXT BLOB YEAR`.split(/\s+/),
)

function overlooked(source: Source, findings: Findings, profile: Profile): Reason | null {
  const { tokens } = source
  const place = new Place()
  for (const [at, token] of tokens.entries()) {
    place.take(token, tokens[at - 1])
    if (profile === 'mysql' && opensDollarString(token, source)) return doubt(source, token.start, token.end)
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') continue
    const name = token.text
    const next = tokens[at + 1]
    if (next?.kind === 'symbol' && next.text === '(') {
      const isKnown = isReadFunction(profile, name) || structural.has(name) || findings.names.has(name)
      if (isKnown && !(isDeniedFunction(name) && !findings.functions.some((called) => called.toUpperCase() === name))) continue
      return doubt(source, token.start, token.end)
    }
    const isRead = findings.class === 'read'
    if (isRead && neverInReads.has(name) && !(name === 'RETURNING' && place.call === 'JSON_VALUE'))
      return doubt(source, token.start, token.end)
    if (isRead && ((name === 'FOR' && /^(UPDATE|SHARE|SYSTEM_TIME)$/.test(next?.text ?? '')) || (name === 'LOCK' && next?.text === 'IN')))
      return doubt(source, token.start, token.end)
    if (/^(NEXT|PREVIOUS)$/.test(name) && next?.text === 'VALUE' && tokens[at + 2]?.text === 'FOR')
      return doubt(source, token.start, token.end)
  }
  return null
}

/** `$$…$$` and `$tag$…$tag$` are strings to MySQL from 9 on, but right behind a dot. */
function opensDollarString(token: Token, { sql }: Source): boolean {
  return token.kind === 'word' && token.text.startsWith('$') && sql[token.start - 1] !== '.'
}

const neverInReads: ReadonlySet<string> = new Set(['INTO', 'OUTFILE', 'DUMPFILE', 'PROCEDURE', 'RETURNING'])

function doubt(source: Source, start: number, end: number): Reason {
  return {
    code: 'guard.two-readings',
    message: `“${source.sql.slice(start, Math.min(end, start + 40))}” may mean something else to the server than it does here, so the statement is refused.`,
    span: spanOf(source.sql, start, end),
    hint: 'Write it more simply, with names in backticks.',
  }
}
