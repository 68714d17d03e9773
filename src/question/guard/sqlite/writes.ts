import type { WriteVerb } from '../../../domain/index.ts'
import type { RelationUse, WriteUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import { tokenize, type Token } from './tokenize.ts'

/** One target's changes, as SQLite's authorizer reported them: verb, table, and for an update the column. */
export interface ReportedChange {
  readonly verb: WriteVerb
  readonly target: RelationUse
  readonly column: string | null
}

/** What a statement changes. The authorizer tells tables and updated columns; conditions and insert lists are read here. */
export function writesOf(sql: string, changes: readonly ReportedChange[]): WriteUse[] {
  if (changes.length === 0) return []
  const shape = shapeOf(sql)
  const uses = new Map<string, WriteUse>()
  const add = (target: RelationUse, verb: WriteVerb, columns: readonly string[], isWhole: boolean): void => {
    const key = `${target.name}\u0000${verb}`
    uses.set(key, { target, verb, columns: [...new Set([...(uses.get(key)?.columns ?? []), ...columns])], isWhole })
  }
  for (const { verb, target, column } of changes) {
    const all = certain(target.relation).columns.map((one) => one.name)
    if (verb === 'insert') {
      add(target, 'insert', columnsOfList(shape.insertColumns, all), false)
      if (shape.isReplace) add(target, 'delete', [], false)
    } else if (verb === 'update') {
      // An upsert changes only rows that are met; `UPDATE OR REPLACE` deletes those in the way.
      add(target, 'update', [certain(column)], shape.verb === 'UPDATE' && !shape.hasCondition)
      if (shape.isReplace) add(target, 'delete', [], false)
    } else add(target, 'delete', [], !shape.hasCondition)
  }
  return [...uses.values()]
}

/** EXPLAIN of a write shows a program of SQLite's, nothing an asker or an approver could use. */
export function isExplained(sql: string): boolean {
  return wordsOf(sql)[0]?.text.toUpperCase() === 'EXPLAIN'
}

interface Shape {
  readonly verb: string
  /** A WHERE outside all brackets that names something. */
  readonly hasCondition: boolean
  readonly isReplace: boolean
  /** null: the statement lists none, or they cannot be read. */
  readonly insertColumns: readonly string[] | null
}

type Word = Token & {
  /** Brackets around it. */
  readonly depth: number
}

function wordsOf(sql: string): Word[] {
  let depth = 0
  return tokenize(sql).map((token) => {
    if (token.kind === 'sign' && token.text === ')') depth -= 1
    const word = { ...token, depth }
    if (token.kind === 'sign' && token.text === '(') depth += 1
    return word
  })
}

function shapeOf(sql: string): Shape {
  const words = wordsOf(sql)
  const isKeyword = (word: Word | undefined, text: string): boolean =>
    word?.kind === 'word' && word.depth === 0 && word.text.toUpperCase() === text
  const at = words.findIndex((word) => ['INSERT', 'REPLACE', 'UPDATE', 'DELETE'].some((text) => isKeyword(word, text)))
  const verb = words[at]?.text.toUpperCase() ?? ''
  const where = words.findIndex((word, place) => place > at && isKeyword(word, 'WHERE'))
  const isReplace = verb === 'REPLACE' || (isKeyword(words[at + 1], 'OR') && isKeyword(words[at + 2], 'REPLACE'))
  return { verb, isReplace, hasCondition: where >= 0 && isCondition(words.slice(where + 1)), insertColumns: insertList(words, at) }
}

/** Of several arms (`OR true`) each must hold something back. */
function isCondition(words: readonly Word[]): boolean {
  const isOwn = (word: Word, pattern: RegExp): boolean => word.kind === 'word' && word.depth === 0 && pattern.test(word.text)
  const end = words.findIndex((word) => isOwn(word, /^(returning|order|limit)$/i))
  const own = end < 0 ? words : words.slice(0, end)
  const arms: Word[][] = [[]]
  for (const word of own) {
    if (isOwn(word, /^or$/i)) arms.push([])
    else arms.at(-1)?.push(word)
  }
  return arms.every(namesSomething)
}

/** `WHERE true`, `WHERE 1 = 1` and `WHERE abs(1)` name nothing. */
function namesSomething(words: readonly Word[]): boolean {
  return words.some(
    ({ kind, text }, at) =>
      kind === 'quoted' || (kind === 'word' && !(words[at + 1]?.kind === 'sign' && words[at + 1]?.text === '(') && !nameless.test(text)),
  )
}

const nameless =
  /^(and|or|not|null|true|false|is|in|between|like|glob|case|when|then|else|end|exists|select|distinct|cast|as|collate|escape|isnull|notnull|current_(date|time|timestamp))$/i

/** `INTO [schema.]table [AS alias] (a, b)`. */
function insertList(words: readonly Word[], from: number): readonly string[] | null {
  const into = words.findIndex((word, place) => place > from && word.kind === 'word' && word.text.toUpperCase() === 'INTO')
  if (into < 0) return null
  let at = into + 2
  if (words[at]?.text === '.') at += 2
  if (words[at]?.kind === 'word' && words[at]?.text.toUpperCase() === 'AS') at += 2
  if (words[at]?.text !== '(' || words[at]?.kind !== 'sign') return null
  const close = words.findIndex((word, place) => place > at && word.text === ')' && word.kind === 'sign' && word.depth === 0)
  return words.slice(at + 1, close).flatMap(({ kind, text }) => (kind === 'sign' ? [] : [text]))
}

/** The catalog's spelling of the listed columns; every column where there is no list, or one that cannot be followed. */
function columnsOfList(listed: readonly string[] | null, all: readonly string[]): readonly string[] {
  if (listed === null) return all
  const found = listed.map((name) => all.find((one) => one.toLowerCase() === name.toLowerCase()))
  return found.every((name) => name !== undefined) ? found : all
}
