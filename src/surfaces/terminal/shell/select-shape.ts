/** A word, a value, an operator or a mark of punctuation. */
type Token = { readonly kind: 'word' | 'value' | 'operator' | 'mark'; readonly text: string }

const clauseWords = new Set(
  `where join left right inner full cross natural group order having limit offset fetch union intersect except window for
   tablesample using on`.split(/\s+/),
)
/** Words that stand between two operands, or before one, like an operator. */
const operatorWords = new Set(
  'and or not is in like ilike between over filter case when then else end as collate at within distinct all'.split(' '),
)

/** `select a, b x from t where …`: every item is an expression with at most an alias, and a clause or nothing follows the table. */
export function looksLikeSelect(sql: string): boolean {
  const tokens = tokensOf(sql).slice(1)
  const from = topLevelIndex(tokens, 'from')
  if (from <= 0) return false
  return itemsOf(tokens.slice(0, from)).every(isItem) && isSource(tokens.slice(from + 1))
}

function tokensOf(sql: string): Token[] {
  const pattern = /('(?:[^']|'')*'|\d[\d.]*)|("[^"]*"|`[^`]*`|[\p{L}_][\p{L}\p{N}_$]*)|([-+*/%<>=|:!~^]+)|([(),;.[\]])/gu
  return Array.from(sql.matchAll(pattern), ([text, value, word, operator]) => {
    if (value !== undefined) return { kind: 'value', text }
    if (word !== undefined) return operatorWords.has(text.toLowerCase()) ? { kind: 'operator', text } : { kind: 'word', text }
    return { kind: operator === undefined ? 'mark' : 'operator', text }
  })
}

function topLevelIndex(tokens: readonly Token[], word: string): number {
  let depth = 0
  return tokens.findIndex(({ text }) => {
    if (text === '(') depth++
    else if (text === ')') depth--
    return depth === 0 && text.toLowerCase() === word
  })
}

/** Splits at commas outside of parentheses; a parenthesis and what is in it count as one value. */
function itemsOf(tokens: readonly Token[]): Token[][] {
  const items: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text === ')') depth--
    if (depth === 0 && token.text === ',') items.push([])
    else if (depth === 0 && token.text !== ')') items.at(-1)?.push(token)
    if (token.text === '(') depth++
  }
  return items
}

/** Operands side by side: none, or one for the alias at the end. Prose puts many words side by side. */
function isItem(tokens: readonly Token[]): boolean {
  let neighbours = 0
  for (let at = 1; at < tokens.length; at++) {
    if (isOperand(tokens[at]) && isOperand(tokens[at - 1])) neighbours++
    if (neighbours > 0 && at < tokens.length - 1) return false
  }
  return tokens.length > 0 && neighbours <= 1
}

function isOperand(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'value'
}

function isSource(tokens: readonly Token[]): boolean {
  let at = 0
  const word = (offset: number): string => tokens[at + offset]?.text.toLowerCase() ?? ''
  if (word(0) === 'only' || word(0) === 'lateral') at++
  if (word(0) === '(') return true
  if (tokens[at]?.kind !== 'word') return false
  while (word(1) === '.') at += 2
  at++
  if (endsTable(word(0))) return true
  if (word(0) === 'as') at++
  return tokens[at]?.kind === 'word' && endsTable(word(1))
}

function endsTable(word: string): boolean {
  return word === '' || word === ',' || word === ';' || word === '(' || clauseWords.has(word)
}
