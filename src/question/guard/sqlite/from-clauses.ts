import type { Token } from './tokenize.ts'

/** What the FROM clauses of a statement name, as far as SQLite’s authorizer does not tell: it is not asked about the columns tables are joined by. */
export interface FromClauses {
  /** Every name that stands where a table does and that no WITH query takes. */
  readonly tables: readonly string[]
  readonly joins: readonly JoinColumns[]
}

/** Tables joined by columns of the same name. */
export interface JoinColumns {
  /** Those of USING; null: NATURAL, which means all they share. */
  readonly columns: readonly string[] | null
  /** The tables joined so far, the right one among them; null for a sub-select or a WITH query. */
  readonly sides: readonly (string | null)[]
}

/** One bracket, or the whole statement. */
interface Frame {
  readonly withNames: Set<string>
  /** Of the FROM it is in; brackets around joins belong to the FROM around them. */
  sides: (string | null)[]
  isFrom: boolean
  isTableNext: boolean
  /** Joins begun here whose right side has not been read. */
  isNatural: boolean
}

const endsFrom: ReadonlySet<string> = new Set(
  'WHERE GROUP ORDER HAVING LIMIT RETURNING SET UNION EXCEPT INTERSECT SELECT VALUES'.split(' '),
)

/** SQLite takes no more of them in one FROM. */
const mostSides = 200

/** Reads them from SQLite’s tokens: FROM, JOIN, USING and the brackets are words and signs nothing else can be. */
export function readFromClauses(tokens: readonly Token[]): FromClauses {
  return new Reader(tokens).read()
}

class Reader {
  readonly #tokens: readonly Token[]
  readonly #tables = new Set<string>()
  readonly #joins: JoinColumns[] = []
  readonly #frames: Frame[] = []
  /** Where it goes on behind each bracket that is closed. */
  readonly #behind: ReadonlyMap<number, number>

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
    this.#behind = bracketEnds(tokens)
  }

  read(): FromClauses {
    this.#frames.push(newFrame())
    for (let at = 0; at < this.#tokens.length; at++) at = this.#step(at)
    return { tables: [...this.#tables], joins: this.#joins }
  }

  /** Takes one token, or a name of several; gives the place of the last one taken. */
  #step(at: number): number {
    const frame = this.#frames.at(-1)
    const token = this.#tokens[at]
    if (frame === undefined || token === undefined) return at // more brackets close than open: SQLite has refused it
    if (token.kind === 'sign') this.#sign(token.text, at, frame)
    else if (frame.isTableNext) return this.#table(at, frame)
    else if (token.kind === 'word') this.#word(token.text.toUpperCase(), at, frame)
    return at
  }

  #sign(text: string, at: number, frame: Frame): void {
    if (text === ')') this.#close()
    else if (text === ',' && frame.isFrom) frame.isTableNext = true
    else if (text === '(') this.#open(at, frame)
  }

  #open(at: number, frame: Frame): void {
    const isQuery = this.#isQuery(at + 1)
    const inner = newFrame()
    if (frame.isTableNext && isQuery) this.#joined(null, frame)
    else if (frame.isTableNext) Object.assign(inner, { sides: frame.sides, isFrom: true, isTableNext: true })
    if (!isQuery) frame.isTableNext = false
    this.#frames.push(inner)
  }

  #close(): void {
    const closed = this.#frames.pop()
    const frame = this.#frames.at(-1)
    // The join of a bracket is one of natural columns to what stands before it.
    if (closed?.isFrom === true && frame?.isNatural === true && closed.sides === frame.sides) this.#natural(frame)
  }

  #word(word: string, at: number, frame: Frame): void {
    if (word === 'WITH') for (const name of this.#namesOfWith(at + 1) ?? []) frame.withNames.add(name)
    if (word === 'FROM' && !this.#isWord(at - 1, 'DISTINCT')) Object.assign(frame, { sides: [], isFrom: true, isTableNext: true })
    else if (word === 'IN' && this.#isName(at + 1)) frame.isTableNext = true
    else if (!frame.isFrom) return
    else if (word === 'JOIN') Object.assign(frame, { isTableNext: true, isNatural: this.#isNaturalJoin(at) })
    else if (word === 'USING') this.#joins.push({ columns: this.#listAt(at + 1), sides: [...frame.sides] })
    else if (endsFrom.has(word) || (word === 'WINDOW' && this.#isWord(at + 2, 'AS'))) frame.isFrom = false
  }

  /** `name`, `schema.name`; a name with a bracket behind it is a call. */
  #table(at: number, frame: Frame): number {
    const last = this.#isSign(at + 1, '.') ? at + 2 : at
    const name = this.#tokens[last]?.text ?? ''
    const isCall = this.#isSign(last + 1, '(')
    const isShadowed = last === at && this.#frames.some(({ withNames }) => withNames.has(name.toLowerCase()))
    if (!isCall && !isShadowed) this.#tables.add(name)
    this.#joined(isCall || isShadowed ? null : name, frame)
    return last
  }

  #joined(side: string | null, frame: Frame): void {
    frame.isTableNext = false
    if (!frame.isFrom) return // behind IN
    if (frame.sides.length < mostSides) frame.sides.push(side)
    if (frame.isNatural) this.#natural(frame)
  }

  #natural(frame: Frame): void {
    frame.isNatural = false
    this.#joins.push({ columns: null, sides: [...frame.sides] })
  }

  /** NATURAL stands somewhere among the words that say how to join. */
  #isNaturalJoin(at: number): boolean {
    let word = at - 1
    while (/^(LEFT|RIGHT|FULL|INNER|CROSS|OUTER)$/.test(this.#upper(word))) word -= 1
    return this.#isWord(word, 'NATURAL')
  }

  #isQuery(at: number): boolean {
    const word = this.#upper(at)
    return word === 'SELECT' || word === 'VALUES' || (word === 'WITH' && this.#namesOfWith(at + 1) !== null)
  }

  /** `[RECURSIVE] name [(a, b)] AS [[NOT] MATERIALIZED] (…), …`; null: this WITH is a name. */
  #namesOfWith(from: number): readonly string[] | null {
    const found: string[] = []
    let at = this.#isWord(from, 'RECURSIVE') && this.#isName(from + 1) && !this.#isWord(from + 1, 'AS') ? from + 1 : from
    for (;;) {
      const name = this.#tokens[at]
      if (name === undefined || !this.#isName(at)) return null
      at = this.#isSign(at + 1, '(') ? this.#behindBracket(at + 1) : at + 1
      if (!this.#isWord(at, 'AS')) return null
      at += this.#isWord(at + 1, 'NOT') ? 2 : 1
      if (this.#isWord(at, 'MATERIALIZED')) at += 1
      if (!this.#isSign(at, '(')) return null
      found.push(name.text.toLowerCase())
      at = this.#behindBracket(at)
      if (!this.#isSign(at, ',')) return found
      at += 1
    }
  }

  #behindBracket(open: number): number {
    return this.#behind.get(open) ?? this.#tokens.length
  }

  #listAt(open: number): string[] {
    const close = this.#behindBracket(open)
    return this.#tokens.slice(open, close).flatMap(({ kind, text }) => (kind === 'sign' ? [] : [text]))
  }

  #upper(at: number): string {
    const token = this.#tokens[at]
    return token?.kind === 'word' ? token.text.toUpperCase() : ''
  }

  #isWord(at: number, word: string): boolean {
    return this.#upper(at) === word
  }

  #isSign(at: number, text: string): boolean {
    const token = this.#tokens[at]
    return token?.kind === 'sign' && token.text === text
  }

  #isName(at: number): boolean {
    const kind = this.#tokens[at]?.kind
    return kind === 'word' || kind === 'quoted' || kind === 'string'
  }
}

function bracketEnds(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'sign') continue
    if (text === '(') open.push(at)
    const start = text === ')' ? open.pop() : undefined
    if (start !== undefined) ends.set(start, at + 1)
  }
  return ends
}

function newFrame(): Frame {
  return { withNames: new Set(), sides: [], isFrom: false, isTableNext: false, isNatural: false }
}
