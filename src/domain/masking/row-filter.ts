/**
 * A row filter: a predicate over a relation's own columns and the actor's attributes, the same text for every dialect.
 * It knows no functions and no sub-selects, so it can neither fail on a row nor read another table.
 *
 *   region = actor.region AND (status <> 'draft' OR owner = actor.name)
 *   team IN actor.teams AND NOT is_secret AND created >= '2024-01-01'
 */
export type RowFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly RowFilter[] }
  | { readonly kind: 'not'; readonly part: RowFilter }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: FilterOperand; readonly right: FilterOperand }
  | { readonly kind: 'in'; readonly left: FilterOperand; readonly items: readonly FilterOperand[] }
  | { readonly kind: 'is-null'; readonly column: FilterColumn }
  | { readonly kind: 'constant'; readonly value: boolean }

export const comparisons = ['=', '<>', '<', '<=', '>', '>=', 'like'] as const
export type Comparison = (typeof comparisons)[number]

export interface FilterColumn {
  readonly kind: 'column'
  readonly name: string
  /** false: letter case does not count. */
  readonly isQuoted: boolean
}

export type FilterOperand =
  | FilterColumn
  | { readonly kind: 'text'; readonly value: string }
  /** Digits as they are written. */
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'actor'; readonly name: string }

/** What is wrong with a filter's text, and at which character, from 1. */
export interface FilterProblem {
  readonly problem: string
  readonly at: number
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'sign' | 'end'
  readonly text: string
  readonly at: number
}

const longestFilter = 4_000
const deepest = 50
const tokens = /\s+|([\p{L}_][\p{L}\p{N}_$]*)|"((?:[^"]|"")+)"|'((?:[^']|'')*)'|(\d+(?:\.\d+)?)|(<=|>=|<>|!=|[=<>(),.-])/uy
const reserved = new Set(['and', 'or', 'not', 'in', 'is', 'null', 'like', 'between', 'true', 'false'])

/** Reads a filter; never throws. */
export function parseRowFilter(text: string): RowFilter | FilterProblem {
  if (text.length > longestFilter) return { problem: `it is longer than ${longestFilter} characters`, at: longestFilter }
  try {
    return new Parser(tokenise(text)).whole()
  } catch (error) {
    if (error instanceof Misread) return { problem: error.message, at: error.at }
    throw error
  }
}

class Misread extends Error {
  readonly at: number
  constructor(problem: string, at: number) {
    super(problem)
    this.at = at
  }
}

function tokenise(text: string): Token[] {
  const found: Token[] = []
  tokens.lastIndex = 0
  while (tokens.lastIndex < text.length) {
    const at = tokens.lastIndex
    const match = tokens.exec(text)
    if (match === null) throw new Misread(`“${text.slice(at, at + 10)}” is not understood`, at + 1)
    const [, word, quoted, literal, number, sign] = match
    if (word !== undefined) found.push({ kind: 'word', text: word, at })
    else if (quoted !== undefined) found.push({ kind: 'quoted', text: quoted.replaceAll('""', '"'), at })
    else if (literal !== undefined) found.push({ kind: 'text', text: literal.replaceAll("''", "'"), at })
    else if (number !== undefined) found.push({ kind: 'number', text: number, at })
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign, at })
  }
  found.push({ kind: 'end', text: '', at: text.length })
  return found
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(all: readonly Token[]) {
    this.#tokens = all
  }

  whole(): RowFilter {
    const filter = this.#either()
    if (this.#token.kind !== 'end') throw this.#misread('AND, OR or the end was expected')
    return filter
  }

  #either(): RowFilter {
    if (++this.#depth > deepest) throw this.#misread('it is nested too deeply')
    const parts = [this.#both()]
    while (this.#take('or')) parts.push(this.#both())
    this.#depth -= 1
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts }
  }

  #both(): RowFilter {
    const parts = [this.#negation()]
    while (this.#take('and')) parts.push(this.#negation())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts }
  }

  #negation(): RowFilter {
    if (!this.#take('not')) return this.#condition()
    if (++this.#depth > deepest) throw this.#misread('it is nested too deeply')
    const part = this.#negation()
    this.#depth -= 1
    return { kind: 'not', part }
  }

  #condition(): RowFilter {
    if (this.#take('(')) {
      const inner = this.#either()
      this.#expect(')')
      return inner
    }
    const left = this.#operand()
    if (this.#take('is')) return this.#nullTest(left)
    if (this.#take('not')) return { kind: 'not', part: this.#wordTest(left) }
    const sign = this.#token
    if (sign.kind === 'sign' && /^[=<>!]/.test(sign.text)) {
      this.#next += 1
      const operator = sign.text === '!=' ? '<>' : comparisons.find((one) => one === sign.text)
      if (operator === undefined) throw this.#misread('a comparison was expected')
      return { kind: 'compare', operator, left, right: this.#operand() }
    }
    if (this.#is('in') || this.#is('between') || this.#is('like')) return this.#wordTest(left)
    return this.#alone(left)
  }

  /** A truth value standing for itself. */
  #alone(operand: FilterOperand): RowFilter {
    if (operand.kind === 'boolean') return { kind: 'constant', value: operand.value }
    if (operand.kind === 'column') return { kind: 'compare', operator: '=', left: operand, right: { kind: 'boolean', value: true } }
    throw this.#misread('a comparison was expected')
  }

  #nullTest(left: FilterOperand): RowFilter {
    const isNot = this.#take('not')
    this.#expect('null')
    // An attribute an actor has not got must never open a filter.
    if (left.kind !== 'column') throw this.#misread('only a column can be asked for NULL')
    const test: RowFilter = { kind: 'is-null', column: left }
    return isNot ? { kind: 'not', part: test } : test
  }

  #wordTest(left: FilterOperand): RowFilter {
    if (this.#take('in')) return { kind: 'in', left, items: this.#items() }
    if (this.#take('like')) return { kind: 'compare', operator: 'like', left, right: this.#operand() }
    this.#expect('between')
    const low = this.#operand()
    this.#expect('and')
    return {
      kind: 'and',
      parts: [
        { kind: 'compare', operator: '>=', left, right: low },
        { kind: 'compare', operator: '<=', left, right: this.#operand() },
      ],
    }
  }

  #items(): FilterOperand[] {
    if (!this.#take('(')) {
      const list = this.#operand()
      if (list.kind !== 'actor') throw this.#misread('IN wants a list in brackets, or an attribute of the actor')
      return [list]
    }
    const items = [this.#operand()]
    while (this.#take(',')) items.push(this.#operand())
    this.#expect(')')
    return items
  }

  #operand(): FilterOperand {
    const token = this.#token
    this.#next += 1
    if (token.kind === 'text') return { kind: 'text', value: token.text }
    if (token.kind === 'number') return { kind: 'number', value: token.text }
    if (token.kind === 'quoted') return { kind: 'column', name: token.text, isQuoted: true }
    if (token.kind === 'sign' && token.text === '-' && this.#token.kind === 'number') return { kind: 'number', value: `-${this.#word()}` }
    const word = token.kind === 'word' ? token.text.toLowerCase() : ''
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' }
    if (word === '' || reserved.has(word)) throw new Misread('a column, a value or actor.… was expected', token.at + 1)
    if (word !== 'actor' || !this.#take('.')) return { kind: 'column', name: token.text, isQuoted: false }
    if (this.#token.kind !== 'word') throw this.#misread('actor. wants the name of an attribute')
    return { kind: 'actor', name: this.#word() }
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 }
  }

  #word(): string {
    const { text } = this.#token
    this.#next += 1
    return text
  }

  #is(word: string): boolean {
    const token = this.#token
    return (token.kind === 'word' || token.kind === 'sign') && token.text.toLowerCase() === word
  }

  #take(word: string): boolean {
    if (!this.#is(word)) return false
    this.#next += 1
    return true
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#misread(`${word.toUpperCase()} was expected`)
  }

  #misread(problem: string): Misread {
    return new Misread(problem, this.#token.at + 1)
  }
}

/** Every column a filter names. */
export function columnsOfFilter(filter: RowFilter): readonly FilterColumn[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.flatMap(columnsOfFilter)
    case 'not':
      return columnsOfFilter(filter.part)
    case 'compare':
      return [filter.left, filter.right].filter((operand) => operand.kind === 'column')
    case 'in':
      return [filter.left, ...filter.items].filter((operand) => operand.kind === 'column')
    case 'is-null':
      return [filter.column]
    case 'constant':
      return []
  }
}

/** The column of a relation that a filter means; null: it has none of that name, or several that differ in case only. */
export function columnNamed(columns: readonly { readonly name: string }[], wanted: FilterColumn): string | null {
  const exact = columns.find((column) => column.name === (wanted.isQuoted ? wanted.name : wanted.name.toLowerCase()))
  if (exact !== undefined) return exact.name
  if (wanted.isQuoted) return null
  const [only, second] = columns.filter((column) => column.name.toLowerCase() === wanted.name.toLowerCase())
  return only !== undefined && second === undefined ? only.name : null
}
