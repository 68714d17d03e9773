import { Places } from './places.ts'
import { readTokens, type Tokens } from './tokens.ts'
import type { Reason } from '../../../domain/index.ts'

/** One text, as we have read it ourselves. */
export interface Source extends Tokens {
  readonly sql: string
  readonly places: Places
}

/** Text above this size is not parsed. */
const longestBytes = 100_000
const mostTokens = 10_000
const deepestNesting = 200

/** Caps and hazards first; the parser sees only what passes. */
export function readSource(sql: string): Source | Reason {
  const bytes = Buffer.byteLength(sql)
  if (bytes > longestBytes)
    return { code: 'guard.too-long', message: `The statement has ${bytes} bytes; ${longestBytes} are the most.`, hint: 'Shorten it.' }
  if (sql.includes('\0'))
    return { code: 'guard.nul-byte', message: 'The statement holds a NUL byte, at which parsers stop reading.', hint: 'Remove it.' }
  const tokens = readTokens(sql)
  if ('code' in tokens) return tokens
  if (tokens.tokens.length > mostTokens)
    return {
      code: 'guard.too-long',
      message: `The statement has ${tokens.tokens.length} words and signs; ${mostTokens} are the most.`,
      hint: 'Shorten it.',
    }
  let depth = 0
  for (const token of tokens.tokens) {
    if (token.kind !== 'symbol') continue
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    if (depth > deepestNesting) return { code: 'guard.too-deep', message: 'The statement is nested too deeply.', hint: 'Simplify it.' }
  }
  return { ...tokens, sql, places: new Places(sql) }
}
