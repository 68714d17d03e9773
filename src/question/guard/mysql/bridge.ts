import { certain } from '../certain.ts'
import type { Token } from './tokens.ts'

/**
 * Spellings both servers have and the parser has not, written so that it can read them, letter for letter at the same
 * place. What runs is the original; each of these only changes how values are computed, never what is read.
 */
export function bridged(sql: string, tokens: readonly Token[]): string {
  const parts: string[] = []
  let copied = 0
  // What lies within something that was put before is gone already.
  const put = (from: Token, to: Token, written: string): void => {
    if (from.start < copied) return
    parts.push(sql.slice(copied, from.start), written.padEnd(to.end - from.start))
    copied = to.end
  }
  const place = new Place()
  const drop = (from: Token, to: Token | null): void => {
    if (to !== null) put(from, to, '')
  }
  for (const [at, token] of tokens.entries()) {
    place.take(token, tokens[at - 1])
    if (token.kind === 'symbol' && token.text === '{') put(token, token, '(')
    if (token.kind === 'symbol' && token.text === '}') put(token, token, ')')
    // `!` binds as close as `~`, which the parser knows as a sign before a value.
    if (token.kind === 'symbol' && token.text === '!') put(token, token, '~')
    if (token.kind !== 'word') continue
    const next = tokens[at + 1]
    const after = tokens[at + 2]
    if (at === 1 && (token.text === 'EXTENDED' || token.text === 'PARTITIONS') && isExplain(tokens[0])) put(token, token, '')
    else if (token.text === 'FORMAT' && is(next, '=') && is(after, 'TRADITIONAL') && isExplain(tokens[at - 1])) put(token, after, '')
    else if (token.text === 'RETURNING' && place.call === 'JSON_VALUE') drop(token, lastOfReturning(tokens, at))
    else if (is(next, 'ON') && place.call === 'JSON_VALUE') drop(token, lastOfOn(token, after))
    else if (token.text === 'WITH' && is(next, 'ROLLUP')) put(token, next, '')
    else if ((token.text === 'ASC' || token.text === 'DESC') && place.isGrouping) put(token, token, '')
    else if (token.text === 'LIMIT' && place.call === 'GROUP_CONCAT') drop(token, lastOfLimit(tokens, at))
    else if (token.text === 'SOUNDS' && is(next, 'LIKE')) put(token, next, '=')
    else if (token.text === 'MOD' && next?.text !== '(') put(token, token, '%')
    else if (compoundUnits.has(token.text) && (endsValue(tokens[at - 1]) || isExtracted(tokens, at))) put(token, token, 'DAY')
    else if (trimmedEnds.has(token.text) && is(next, 'FROM') && place.call === 'TRIM') put(token, next, '')
    else if (castTypes.has(token.text) && is(tokens[at - 1], 'AS') && place.call === 'CAST') put(token, token, 'DATE')
    else if ((token.text === 'CHARACTER' || token.text === 'CHAR') && is(next, 'SET') && after?.kind === 'word') put(token, after, '')
    else if (token.text === 'CHARSET' && next?.kind === 'word' && endsType(tokens[at - 1])) put(token, next, '')
    else if (token.text === 'DIV' || token.text === 'XOR') continue
    else if (token.text === 'USING' && next?.kind === 'word' && is(after, ')') && place.call === 'CHAR') put(token, next, '')
  }
  return parts.join('') + sql.slice(copied)
}

/** Where a token stands, bracket by bracket. */
export class Place {
  readonly #outer: { readonly isGrouping: boolean; readonly call: string }[] = []
  /** In the list of a GROUP BY; MariaDB lets it say ASC and DESC, which order what nobody sees. */
  isGrouping = false
  /** What stands before the innermost bracket. */
  call = ''

  take(token: Token, before: Token | undefined): void {
    if (is(token, '(')) {
      this.#outer.push({ isGrouping: this.isGrouping, call: this.call })
      this.isGrouping = false
      this.call = before?.kind === 'word' ? before.text : ''
    } else if (is(token, ')')) {
      const { isGrouping, call } = this.#outer.pop() ?? { isGrouping: false, call: '' }
      this.isGrouping = isGrouping
      this.call = call
    } else if (is(token, 'BY')) this.isGrouping = is(before, 'GROUP')
  }
}

/** Of `LIMIT 2`, `LIMIT 2, 3` or `LIMIT 3 OFFSET 2`, in numbers or bound values; null: it is none of them. */
function lastOfLimit(tokens: readonly Token[], at: number): Token | null {
  const isCount = (token: Token | undefined): token is Token => token?.kind === 'number' || token?.kind === 'param'
  const [count, comma, offset] = tokens.slice(at + 1, at + 4)
  if (!isCount(count)) return null
  return (is(comma, ',') || is(comma, 'OFFSET')) && isCount(offset) ? offset : count
}

/** Of `RETURNING DECIMAL(5, 2)` in a JSON_VALUE; null: it is none of MySQL's types. */
function lastOfReturning(tokens: readonly Token[], at: number): Token | null {
  const type = tokens[at + 1]
  if (type?.kind !== 'word' || !returnedTypes.has(type.text)) return null
  const rest = tokens.slice(at + 2, at + 10).map((token) => `${token.text} `)
  const [more] = certain(/^(INTEGER |\( \d+ (, \d+ )?\) )?((CHARACTER SET|CHARSET) \w+ )?/.exec(rest.join('')))
  return certain(tokens[at + more.split(' ').length]) // the type itself where nothing more is said of it
}

/** Of `NULL ON EMPTY`, `ERROR ON ERROR` and the like; null: it is none of them. */
function lastOfOn(what: Token, when: Token | undefined): Token | null {
  return (is(what, 'NULL') || is(what, 'ERROR')) && (is(when, 'EMPTY') || is(when, 'ERROR')) ? when : null
}

/** Of an INTERVAL: a unit of two fields, told by what stands before it. */
const compoundUnits: ReadonlySet<string> = new Set(
  `DAY_HOUR DAY_MICROSECOND DAY_MINUTE DAY_SECOND HOUR_MICROSECOND HOUR_MINUTE HOUR_SECOND MINUTE_MICROSECOND MINUTE_SECOND SECOND_MICROSECOND
   YEAR_MONTH`.split(/\s+/),
)

function is(token: Token | undefined, text: string): token is Token {
  return token?.text === text && token.kind !== 'quoted' && token.kind !== 'string'
}

function endsValue(token: Token | undefined): boolean {
  return token !== undefined && (token.kind !== 'symbol' || token.text === ')')
}

function endsType(token: Token | undefined): boolean {
  return is(token, ')') || is(token, 'CHAR') || is(token, 'VARCHAR')
}

function isExplain(token: Token | undefined): boolean {
  return is(token, 'EXPLAIN') || is(token, 'DESCRIBE') || is(token, 'DESC')
}

function isExtracted(tokens: readonly Token[], at: number): boolean {
  return is(tokens[at - 1], '(') && is(tokens[at - 2], 'EXTRACT')
}

const trimmedEnds: ReadonlySet<string> = new Set(['LEADING', 'TRAILING', 'BOTH'])
/** Types both servers cast to and the parser does not know. */
const castTypes: ReadonlySet<string> = new Set(['YEAR', 'NCHAR'])
const returnedTypes: ReadonlySet<string> = new Set('SIGNED UNSIGNED CHAR FLOAT DOUBLE DECIMAL DATE TIME DATETIME YEAR JSON'.split(' '))
