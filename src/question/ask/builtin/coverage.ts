import { measuredBy } from './measures.ts'
import type { Mention } from './mentions.ts'
import { isOperatorWord, isRelatingVerb } from './operators.ts'
import type { Relation } from '../../../domain/index.ts'
import type { Reader } from './reader.ts'
import { nameStems, root } from '../words.ts'

/**
 * What the reading has left out. Every word with a meaning and every word that changes what a statement asks (a negation,
 * a comparison, a superlative, a quantifier) must have been used by some reader; otherwise the reading is of another question.
 */
export function leftOut(reader: Reader, subject: Relation): string | null {
  const unknown = reader.tokens.filter((_, at) => !reader.understood.has(at) && isMeaningful(reader, at))
  if (unknown.length > 0) {
    const words = [...new Set(unknown.map((token) => `“${token.text}”`))].join(', ')
    return `I do not know what ${words} means in this database.`
  }
  const operator = reader.tokens.find((_, at) => !reader.understood.has(at) && isOperator(reader, at))
  if (operator !== undefined) return `I cannot place “${operator.text}” in this question.`
  const again = reader.namedTables.filter(({ mention, table }) => table.relation === subject && reader.isFree(mention))
  const other = again
    .slice(1)
    .find(
      ({ mention }) =>
        !reader.isSelected(mention) && /^(a|an|any|some|another|other|those|someone)$/.test(reader.words(mention.from - 1, mention.from)),
    )
  if (other !== undefined) return `I cannot tell the two ${subject.name} in this question apart.`
  const idle = reader.namedTables.find(
    ({ mention, table }) =>
      reader.isFree(mention) && !isSorting(reader, mention) && !reader.usedRelations.has(table.relation) && isAlone(reader, table.relation),
  )
  if (idle !== undefined) return `I cannot tell what “${reader.words(idle.mention.from, idle.mention.to)}” is for in this question.`
  const column = reader.free.find((mention) => mention.kind === 'column' && !isRepeated(reader, mention))
  return column === undefined ? null : `I cannot tell what “${reader.words(column.from, column.to)}” is for in this question.`
}

function isMeaningful(reader: Reader, at: number): boolean {
  const token = reader.tokens[at]
  if (token === undefined || token.isFiller || token.number !== null) return false
  if (structural.test(token.lower) || isOperatorWord(token.lower)) return false
  if (isMeasured(reader, token.lower) || isRelating(reader, at) || isKeyVerb(reader, at)) return false
  return !(reader.tableRoots.has(token.root) && verbForm.test(token.lower))
}

/** "earning a salary", "the oldest … by age": the word measures a column that has its role. */
function isMeasured(reader: Reader, word: string): boolean {
  return reader.vocabulary.tables.some((table) => {
    const measured = measuredBy(reader, table.relation, word)
    return measured !== null && reader.used.has(measured.column.column)
  })
}

/** "employees manage customers" by `account_manager_id`: the verb is the key's between two things the statement reads. */
function isKeyVerb(reader: Reader, at: number): boolean {
  const verb = reader.tokens[at]?.root ?? ''
  return [...reader.usedRelations].some((relation) =>
    relation.foreignKeys.some(
      ({ columns, target }) =>
        target.name !== relation.name &&
        [...reader.usedRelations].some((used) => used.schema === target.schema && used.name === target.name) &&
        columns.some((column) => nameStems(column).some((word) => word === verb || root(word) === verb)),
    ),
  )
}

/** Such a verb beside a thing it may be said of: "employees assigned to departments", "issued by the bank". */
function isRelating(reader: Reader, at: number): boolean {
  if (!isRelatingVerb(reader.tokens[at]?.lower ?? '')) return false
  const isNear = (mention: Mention): boolean => mention.kind !== 'number' && mention.from <= at + 4 && mention.to >= at - 3
  return reader.mentions.filter(isNear).length >= 2
}

/** A verb may share its root with a table or a date it belongs to: ordered, shipped, sold. */
const verbForm = /(ed|ing)$|^(sold|bought|born|paid|made|spent|sell|ship|order|pay|buy)$/

/** Words that only say that something is asked, or of what sort. */
const structural =
  /^(how|different|distinct|unique|all|everything|information|separately|individual|corresponding|respective|whether|kind|type|types|associated|currently|ids|id|details|detail|correspond|corresponds|list|lists|include|including|each|every|group|grouped|value|values|result|results|presently|actually|regarding|concerning|he|she|his|her|s)$/

function isOperator(reader: Reader, at: number): boolean {
  const word = reader.tokens[at]?.lower ?? ''
  if (at === 0 && /^(when|where)$/.test(word)) return true
  if (at === 1 && /^how much$/.test(reader.words(0, 2))) return true
  if (!isOperatorWord(word)) return false
  if (word === 'or') return reader.isAlternative(at)
  // "How many … in total" is a count; "more than 50 seats in total" is a sum.
  return !(/^in total$/.test(reader.words(at - 1, at + 1)) && /^(how many|number of|count)\b/.test(reader.words(0, 2)))
}

/** The order of "alphabetical order" is no table. */
function isSorting(reader: Reader, { from, to }: Mention): boolean {
  return /^orders?$/.test(reader.words(from, to)) && /(al|ic|ing|in)$/.test(reader.words(from - 1, from))
}

/** true: no column of what is asked comes from it, nor leads to it: "names of the heads of departments" speaks of heads alone. */
function isAlone(reader: Reader, relation: Relation): boolean {
  return ![...reader.usedRelations].some((used) => used.foreignKeys.some(({ target }) => target.name === relation.name))
}

/** The same column said twice is one: "the name of … whose name". */
function isRepeated(reader: Reader, mention: Extract<Mention, { kind: 'column' }>): boolean {
  return mention.columns.some((column) => reader.used.has(column.column))
}
