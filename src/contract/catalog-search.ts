import type { RelationBody } from './catalog.ts'

/**
 * Relations that share words with `text`, best first: a word in a table's name counts most, then in its columns, then in
 * comments. Words match by their beginning, singular and plural alike. For browsing; drafters ground questions themselves.
 */
export function searchRelations<Item extends RelationBody>(relations: readonly Item[], text: string, limit: number): Item[] {
  const wanted = wordsOf(text)
  if (wanted.length === 0) return []
  const scored = relations.map((relation) => ({ relation, score: scoreOf(relation, wanted) }))
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || nameOf(a.relation).localeCompare(nameOf(b.relation)))
    .slice(0, limit)
    .map(({ relation }) => relation)
}

function scoreOf(relation: RelationBody, wanted: readonly string[]): number {
  const name = wordsOf(nameOf(relation))
  const columns = relation.columns.flatMap((column) => wordsOf(column.name))
  const comments = wordsOf([relation.comment, ...relation.columns.map((column) => column.comment)].join(' '))
  let score = 0
  for (const word of wanted) {
    if (matches(name, word)) score += 8
    else if (matches(columns, word)) score += 3
    else if (matches(comments, word)) score += 1
  }
  return score
}

function matches(words: readonly string[], wanted: string): boolean {
  return words.some((word) => word.startsWith(wanted) || (wanted.length > 3 && wanted.startsWith(word) && wanted.length - word.length < 3))
}

function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1)
    .map((word) => (word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word))
}

function nameOf(relation: RelationBody): string {
  return `${relation.schema}.${relation.name}`
}
