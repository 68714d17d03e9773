import type { Catalog, Relation } from '../../../domain/index.ts'

const indexes = new WeakMap<Catalog, ReadonlyMap<string, ReadonlyMap<Relation, number>>>()

/** All relations, likeliest first: words shared with names, comments and values, rare words counting more; then what keys connect to the best. */
export function rankRelations(view: Catalog, text: string): readonly Relation[] {
  const index = indexes.get(view) ?? buildIndex(view)
  indexes.set(view, index)
  const scores = new Map<Relation, number>()
  for (const word of new Set(wordsOf(text))) {
    const owners = index.get(word)
    if (owners === undefined) continue
    const rarity = Math.log(1 + view.relations.length / owners.size)
    for (const [relation, weight] of owners) scores.set(relation, (scores.get(relation) ?? 0) + rarity * weight)
  }
  for (const [relation, score] of [...scores].toSorted((a, b) => b[1] - a[1]).slice(0, 8)) {
    for (const { target } of relation.foreignKeys) {
      const other = view.relations.find((candidate) => candidate.schema === target.schema && candidate.name === target.name)
      if (other !== undefined) scores.set(other, (scores.get(other) ?? 0) + score * 0.3)
    }
  }
  return view.relations.toSorted((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0))
}

function buildIndex(view: Catalog): ReadonlyMap<string, ReadonlyMap<Relation, number>> {
  const index = new Map<string, Map<Relation, number>>()
  const add = (text: string | null, relation: Relation, weight: number): void => {
    for (const word of wordsOf(text ?? '')) {
      const owners = index.get(word) ?? new Map<Relation, number>()
      owners.set(relation, Math.max(owners.get(relation) ?? 0, weight))
      index.set(word, owners)
    }
  }
  for (const relation of view.relations) {
    add(relation.name, relation, 3)
    add(relation.comment, relation, 1.5)
    for (const column of relation.columns) {
      add(column.name, relation, 1.5)
      add(column.comment, relation, 1)
      for (const value of column.statistics?.values ?? []) add(value, relation, 1)
    }
  }
  return index
}

/** Lower case, split at case and punctuation, without the plural s. */
function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1)
    .map((word) => (word.length > 3 ? word.replace(/(?<=[^s])s$/, '') : word))
}
