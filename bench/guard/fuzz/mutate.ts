import type { Random } from './random.ts'

/** Words that change what a statement does when they land in the right place. */
const spices = [
  'INTO x',
  'FOR UPDATE',
  '; DROP TABLE item',
  'RETURNING *',
  'DELETE FROM item',
  'ANALYZE',
  'TEMP',
  '--',
  '/*',
  '*/',
  "'",
  '"',
  '$$',
  '(',
  ')',
  '::',
  'OPERATOR(',
  'LATERAL',
  'WITH x AS (',
  'NULL',
  '\u0000',
  '\ufeff',
  '\u00a0',
  'U&"\\0061"',
]

/** One small hurt to a text: cut, noise, swapped, doubled or spliced tokens, odd blanks, another letter case, a wrapping. */
export function mutate(random: Random, sql: string, other: string): string {
  const tokens = sql.match(/\s+|\w+|'[^']*'|"[^"]*"|[^]/g) ?? []
  const at = random.below(Math.max(1, tokens.length))
  switch (random.below(11)) {
    case 0:
      return sql.slice(0, random.below(sql.length + 1))
    case 1: {
      const bytes = Buffer.from(sql)
      for (let hits = 1 + random.below(3); hits > 0 && bytes.length > 0; hits--) bytes[random.below(bytes.length)] = random.below(256)
      return bytes.toString('utf8')
    }
    case 2: {
      const swapped = random.below(Math.max(1, tokens.length))
      const [a = '', b = ''] = [tokens[at], tokens[swapped]]
      return tokens.map((token, place) => (place === at ? b : place === swapped ? a : token)).join('')
    }
    case 3:
      return tokens.toSpliced(at, 1).join('')
    case 4:
      return tokens.toSpliced(at, 0, ` ${random.pick(spices)} `).join('')
    case 5:
      return sql.replaceAll(/\s+/g, () => random.pick(['\n', '\t', ' /* a */ ', ' -- a\n', '  ', '\f']))
    case 6:
      return random.chance(0.5) ? sql.toUpperCase() : sql.toLowerCase()
    case 7: {
      const others = other.match(/\s+|\w+|'[^']*'|"[^"]*"|[^]/g) ?? []
      return [...tokens.slice(0, at), ...others.slice(random.below(Math.max(1, others.length)))].join('')
    }
    case 8:
      return `${sql}${random.pick(['', ';', ' '])}${random.pick(['', '--', ' ; ;', other])}`
    case 9:
      return random.pick([
        `EXPLAIN ${sql}`,
        `SELECT * FROM (${sql}) AS q`,
        `WITH q AS (${sql}) SELECT * FROM q`,
        `SELECT EXISTS (${sql})`,
        `SELECT 1 WHERE 1 IN (${sql})`,
        `${sql} UNION ALL ${other}`,
      ])
    default:
      return tokens.map((token) => (random.chance(0.05) ? token + token : token)).join('')
  }
}
