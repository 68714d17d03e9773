import type { Period } from './dates.ts'
import { readPeriod } from './dates.ts'
import { isRelatingVerb } from './operators.ts'
import type { Token } from './tokens.ts'
import { classOf } from '../synonyms.ts'
import { nameStems, root } from '../words.ts'
import { isDateType, isYearColumn, type ColumnWords, type StoredValue, type TableWords, type Vocabulary } from './vocabulary.ts'

interface At {
  /** Token offsets, end exclusive. */
  readonly from: number
  readonly to: number
}

export type Mention =
  | (At & {
      readonly kind: 'table'
      readonly tables: readonly TableWords[]
      readonly score: number
      /** A comma stands before it. */
      readonly isApart: boolean
    })
  | (At & {
      readonly kind: 'column'
      readonly columns: readonly ColumnWords[]
      readonly score: number
      /** Columns these words name less well: meant where the table beside them has no better. */
      readonly others: readonly ColumnWords[]
    })
  | (At & { readonly kind: 'value'; readonly values: readonly StoredValue[]; readonly text: string })
  | (At & { readonly kind: 'number'; readonly value: number; readonly text: string })
  | (At & { readonly kind: 'period'; readonly period: Period })

const longestName = 5

/** Words that say what to do with what follows; a column is meant only where it is named exactly so. */
const operators =
  /^(number|numbers|count|counts|total|average|mean|sum|maximum|minimum|max|min|order|orders|ordered|sorted|group|grouped|distinct|different|unique|most|least|highest|lowest|largest|smallest|more|less|than|top|average|each|every|per|value|values|time|times)$/

/** Finds what the words of a question stand for, longest first, left to right; words that stand for nothing stay out. */
export function findMentions(tokens: readonly Token[], vocabulary: Vocabulary, today: string): Mention[] {
  const found: Mention[] = []
  const hasDates = vocabulary.tables.some((table) => table.columns.some((one) => isDateType(one.column.type) || isYearColumn(one)))
  for (let at = 0; at < tokens.length;) {
    const period = hasDates ? readPeriod(tokens, at, today) : null
    const mention: Mention | null =
      period === null
        ? (valueAt(tokens, at, vocabulary) ?? nameAt(tokens, at, vocabulary) ?? numberAt(tokens, at))
        : { kind: 'period', from: at, to: at + period.tokens, period: period.period }
    // "which salesperson sold the most cars": what the thing does, not another thing.
    const isDone =
      mention?.kind === 'table' && found.at(-1)?.kind === 'table' && found.at(-1)?.to === at && participle.test(tokens[at]?.lower ?? '')
    if (mention !== null && !isDone) pushMention(found, mention)
    at = mention?.to ?? at + 1
  }
  return found
}

/** "movie theater", "customer order": of two things named in one breath the last is meant, and the first only tells which. */
function pushMention(found: Mention[], mention: Mention): void {
  const last = found.at(-1)
  if (mention.kind === 'table' && last?.kind === 'table' && last.to === mention.from && !mention.isApart)
    found.splice(-1, 1, { ...mention, from: last.from })
  else found.push(mention)
}

function valueAt(tokens: readonly Token[], at: number, vocabulary: Vocabulary): Mention | null {
  const token = tokens[at]
  if (token === undefined) return null
  if (token.isQuoted)
    return { kind: 'value', from: at, to: at + 1, text: token.text, values: vocabulary.values.get(token.text.toLowerCase()) ?? [] }
  if (/^(letter|letters|substring|prefix|suffix)$/.test(tokens[at - 1]?.lower ?? '') && token.text.length <= 3)
    return { kind: 'value', from: at, to: at + 1, text: token.text, values: [] }
  // "starts with E": a single letter is a text.
  if (token.text.length === 1 && /^(start|begin|end)(s|ing|ning)? with$/.test(lowerWords(tokens, at - 2, at)))
    return { kind: 'value', from: at, to: at + 1, text: token.text, values: [] }
  // "have Dummy in their title": a name nobody knows, looked for inside a column.
  const isInside =
    token.isName && !vocabulary.values.has(token.lower) && /^in (the|their|its|his|her)$/.test(lowerWords(tokens, at + 1, at + 3))
  if (isInside && nameAt(tokens, at, vocabulary) === null && nameAt(tokens, at + 3, vocabulary)?.kind === 'column')
    return { kind: 'value', from: at, to: at + 1, text: token.text, values: [] }
  for (let length = Math.min(vocabulary.longestValue, tokens.length - at); length > 0; length--) {
    const part = tokens.slice(at, at + length)
    const said = part.map((one) => one.text).join(' ')
    const text = vocabulary.values.has(said.toLowerCase()) ? said : said.replace(/['’]s?$/, '') // "Camp Stove's price"
    const values =
      vocabulary.values.get(text.toLowerCase()) ?? (token.isName ? vocabulary.values.get(text.toLowerCase().replace(/s$/, '')) : undefined)
    if (values === undefined) continue
    // A single plain word that also names a table or a column is that name.
    const isPlain = length === 1 && !token.isName
    // "were cancelled" says a stored state; "were shipped" is a date's verb where there is such a date.
    if (isPlain && isVerb(tokens, at) && !isState(tokens, at, vocabulary)) continue
    if (isPlain && isDated(tokens, at, vocabulary)) continue
    if (isPlain && (token.isFiller || text.length < 3 || nameAt(tokens, at, vocabulary)?.kind === 'table')) continue
    const name = nameAt(tokens, at, vocabulary)
    if (isPlain && name?.kind === 'column' && name.score >= 0.95) continue
    return { kind: 'value', from: at, to: at + length, text, values }
  }
  return null
}

function lowerWords(tokens: readonly Token[], from: number, to: number): string {
  return tokens
    .slice(from, to)
    .map((token) => token.lower)
    .join(' ')
}

/** "orders shipped last month": the verb of a date, with a time behind it. */
function isDated(tokens: readonly Token[], at: number, vocabulary: Vocabulary): boolean {
  return (
    participle.test(tokens[at]?.lower ?? '') &&
    /^(last|this|past|yesterday|today|since|before|after|between|during|in|on)$/.test(tokens[at + 1]?.lower ?? '') &&
    datesOf(tokens, at, vocabulary).length > 0
  )
}

function datesOf(tokens: readonly Token[], at: number, vocabulary: Vocabulary): readonly ColumnWords[] {
  return (vocabulary.columnsBy.get(tokens[at]?.root ?? '') ?? []).filter(({ column }) => isDateType(column.type))
}

function isState(tokens: readonly Token[], at: number, vocabulary: Vocabulary): boolean {
  return datesOf(tokens, at, vocabulary).length === 0 && /^(is|are|was|were|been|be)$/.test(tokens[at - 1]?.lower ?? '')
}

function numberAt(tokens: readonly Token[], at: number): Mention | null {
  const token = tokens[at]
  return token?.number == null
    ? null
    : { kind: 'number', from: at, to: at + 1, value: token.number, text: token.text.replaceAll(/[,%]/g, '') }
}

function nameAt(tokens: readonly Token[], at: number, vocabulary: Vocabulary): Mention | null {
  for (let length = Math.min(longestName, tokens.length - at); length > 0; length--) {
    const part = tokens.slice(at, at + length)
    const first = part[0]
    const last = part.at(-1)
    if (first === undefined || last === undefined || part.some((token) => token.isQuoted || token.number !== null)) continue
    if (length > 1 && (part.slice(1).some((token) => token.isAfterComma || token.isStart) || !isOneName(part))) continue
    // A name as the database writes it, "order_items", is its words.
    const isGroup = length === 1 && isGrammar(first) && /^(by|per|each|every)$/.test(tokens[at - 1]?.lower ?? '')
    const words = part
      .filter((token) => isGroup || !isGrammar(token))
      .flatMap((token) => (token.lower.includes('_') ? nameStems(token.text) : [token.stem]))
    const least = first.isFiller && length === 1 ? 0.95 : length > 1 ? 0.8 : 0.45
    if (words.length === 0 || (length === 1 && isGrammar(first) && !isGroup)) continue
    if (length === 1 && isOperator(tokens, at)) continue
    const tables = best(candidates(words, vocabulary.tablesBy), (table) => tableScore(words, table), least)
    const columns = unambiguous(
      best(candidates(words, vocabulary.columnsBy), (column) => columnScore(words, column), least),
      isVerb(tokens, at) || isSaidOfNoun(tokens, at),
    )
    if (tables.score >= columns.score && tables.found.length > 0)
      return {
        kind: 'table',
        from: at,
        to: at + length,
        tables: tables.found,
        score: tables.score,
        isApart: first.isAfterComma || first.isStart,
      }
    if (columns.found.length > 0)
      return {
        kind: 'column',
        from: at,
        to: at + length,
        columns: columns.found,
        score: columns.score,
        others: weaker(words, columns.found, vocabulary),
      }
  }
  return null
}

/** Names that share a word with these. */
function candidates<Item>(words: readonly string[], by: ReadonlyMap<string, readonly Item[]>): readonly Item[] {
  const keys = words.flatMap((word) => [word, root(word), classOf(word), ...(word === 'identifier' ? ['id'] : [])])
  return [...new Set(keys.flatMap((key) => by.get(key) ?? []))]
}

function weaker(words: readonly string[], found: readonly ColumnWords[], vocabulary: Vocabulary): readonly ColumnWords[] {
  return vocabulary.tables.flatMap((table) =>
    table.columns.filter((column) => !found.includes(column) && columnScore(words, column) >= 0.45),
  )
}

/** A name of several words has no grammar inside, but for the "of" of "date of birth". */
function isOneName(part: readonly Token[]): boolean {
  const [first] = part
  const inner = part.slice(1, -1)
  if (first === undefined || isGrammar(first) || part.slice(1).some((token, at) => isGrammar(token) && at === part.length - 2)) return false
  const grammar = inner.filter(isGrammar)
  return (
    grammar.length === 0 ||
    (grammar.every((token) => token.lower === 'of') &&
      /^(date|place|year|time|type|kind|country|state|city|level|day|month|hour|point)s?$/.test(first.lower))
  )
}

function isOperator(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at]
  if (token === undefined) return false
  if (/^(starts?|starting|begins?|beginning|ends?|ending)$/.test(token.lower)) return /^(with|in|by)$/.test(tokens[at + 1]?.lower ?? '')
  if (/^(first|last)$/.test(token.lower)) return !/^and (first|last)\b/.test(lowerWords(tokens, at + 1, at + 3))
  if (/^(percentage|percent|proportion|share|fraction)$/.test(token.lower)) return tokens[at + 1]?.lower === 'of'
  if (!operators.test(token.lower)) return false
  if (/^orders?$/.test(token.lower))
    return (
      /^(by|of|in)$/.test(tokens[at + 1]?.lower ?? '') &&
      /^(in|and|alphabetical|alphabetic|ascending|descending|the)$/.test(tokens[at - 1]?.lower ?? 'the') &&
      tokens[at + 1]?.lower === 'by'
    )
  return true
}

/** "has opened", "were shipped": a verb, not the column that shares its word. */
function isVerb(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.lower ?? ''
  if (/^(who|do|does|did|not|never|to|they|still|already|yet)$/.test(before) || /^earns?$/.test(tokens[at]?.lower ?? '')) return true
  // "pupils take the harp": a verb in its base form, unless an article makes it a noun.
  if (isRelatingVerb(tokens[at]?.lower ?? '') && at > 0 && !/^(a|an|the|of|each|every|all|by|their|its|and)$/.test(before)) return true
  // "How many orders did each customer place?"
  if (at === tokens.length - 1 && tokens.slice(0, at).some((token) => /^(do|does|did)$/.test(token.lower))) return true
  return (
    participle.test(tokens[at]?.lower ?? '') &&
    /^(have|has|had|was|were|been|is|are|be|who|that|which|not|never|ever|most|customers)$/.test(before)
  )
}

/** "orders paid by card", "by amount paid": said of the noun before it. */
function isSaidOfNoun(tokens: readonly Token[], at: number): boolean {
  return (
    at > 0 &&
    participle.test(tokens[at]?.lower ?? '') &&
    /^(by|in|on|to|from|for|with|at|via|through|since|before|after|between|during|last|this|past|yesterday|today)?$/.test(
      tokens[at + 1]?.lower ?? '',
    ) &&
    !/^(a|an|the|of|each|every|per|by|and|or|all|total|average)$/.test(tokens[at - 1]?.lower ?? '')
  )
}

const participle = /(ed|ing)$|^(paid|sold|bought|spent|sent|built|given|taken|written|held|made|won|lost)$/

/** A word that is only part of a name must be part of one name alone. */
function unambiguous(
  found: { readonly found: readonly ColumnWords[]; readonly score: number },
  isVerbForm: boolean,
): { readonly found: readonly ColumnWords[]; readonly score: number } {
  const names = new Set(found.found.map(({ column }) => column.name))
  if (found.score <= 0.6 && names.size > 1) return { found: [], score: 0 }
  return isVerbForm && found.score < 0.8 ? { found: [], score: 0 } : found
}

function isGrammar(token: Token): boolean {
  return token.isFiller && token.lower.length <= 5 && !/^(state|total|first|last)$/.test(token.lower)
}

function best<Item>(
  items: readonly Item[],
  score: (item: Item) => number,
  least: number,
): { readonly found: readonly Item[]; readonly score: number } {
  let top = least
  let found: Item[] = []
  for (const item of items) {
    const own = score(item)
    if (own > top + 1e-9) [top, found] = [own, [item]]
    else if (own >= top - 1e-9 && own >= least) found.push(item)
  }
  return { found, score: found.length === 0 ? 0 : top }
}

function tableScore(words: readonly string[], table: TableWords): number {
  if (same(words, table.stems)) return 1
  if (endsWith(table.stems, words)) return 0.75
  if (words.length === 1 && table.stems[0] === words[0]) return 0.5
  if (same(words.map(classOf), table.stems.map(classOf))) return 0.6
  return 0
}

function columnScore(words: readonly string[], column: ColumnWords): number {
  const { stems, shortStems, commentStems } = column
  if (words.join(' ') === 'nam') return column.isLabel ? 0.96 : same(shortStems, words) ? 0.96 : 0
  const isOwnKey = column.relation.primaryKey.length === 1 && column.relation.primaryKey[0] === column.column.name
  if (words.length === 1 && (words[0] === 'id' || words[0] === 'identifier')) return isOwnKey ? 0.96 : 0
  if (same(words, stems)) return 1
  if (same(words, shortStems)) return 0.96
  if (isRole(column, words)) return 0.9
  if (same(words, commentStems)) return 0.92
  if (sameSet(words, stems) || sameSet(words, shortStems)) return 0.88
  if (endsWith(stems, words)) return 0.7 + 0.05 * Math.min(2, words.length - 1)
  if (words.length >= 2 && words.every((word) => stems.includes(word))) return 0.82
  if (words.length >= 2 && includesRoots(stems, words)) return 0.8
  if (isOwnKey && words.length >= 2 && words.at(-1) === 'number' && sameSet([...words.slice(0, -1), 'id'], stems)) return 0.8
  if (
    words.length === 1 &&
    (stems.includes(words[0] ?? '') || stems.some((word) => word.length > 3 && root(word) === root(words[0] ?? '')))
  )
    return 0.5
  const classes = words.map(classOf)
  if (same(classes, stems.map(classOf)) || same(classes, shortStems.map(classOf))) return 0.6
  return endsWith(stems.map(classOf), classes) ? 0.46 : 0
}

/** "manager" of `manager_id`, which refers to employees: a role, not a thing that has a table. */
function isRole({ relation, column, stems }: ColumnWords, words: readonly string[]): boolean {
  if (stems.at(-1) !== 'id' || !same(words, stems.slice(0, -1))) return false
  const key = relation.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === column.name)
  return key !== undefined && !nameStems(key.target.name).some((word) => words.includes(word))
}

/** "placement date" of `date_order_placed`. */
function includesRoots(stems: readonly string[], words: readonly string[]): boolean {
  const roots = stems.map(root)
  return words.every((word) => word.length > 3 && roots.includes(root(word)))
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at])
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word) => b.includes(word))
}

function endsWith(whole: readonly string[], end: readonly string[]): boolean {
  return end.length < whole.length && end.every((word, at) => word === whole[whole.length - end.length + at])
}
