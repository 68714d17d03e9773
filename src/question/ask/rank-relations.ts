import type { Catalog, Relation } from '../../domain/index.ts'
import { isFiller } from './words.ts'
import { searchIndexOf, type SearchIndex } from './search-index.ts'
import { classesOf, termsOf } from './terms.ts'

/** A word that stands in more than this part of a large catalog tells nothing apart. */
const commonPart = 0.2
const largeCatalog = 400
/** More than any prompt has room for. */
const mostRanked = 600
/** Seeds whose neighbours are looked at. */
const mostSeeds = 16
/** Words of grammar may be a table's name ("state", "record"), but seldom are. */
const fillerWeight = 0.25
const synonymWeight = 0.5
const prefixWeight = 0.4
/** A question is about one schema as a rule: the best of each are its score, and a part of that goes to all its relations. */
const schemaBest = 4
const schemaShare = 0.12
/** A part of what a relation scores goes to those its keys lead to, the less the more there are. */
const neighbourShare = 0.3
/** And more to one that stands between two of them: a question seldom names the table that links. */
const linkShare = 0.5

/** Relations the question speaks of, likeliest first: words shared with names, comments and values, rare ones counting more (BM25), then what their keys lead to. Those it says nothing of are not among them. */
export function rankRelations(view: Catalog, text: string): readonly Relation[] {
  const index = searchIndexOf(view)
  const scores = new Float64Array(index.size)
  for (const [term, weight] of queryTerms(text)) addScores(index, scores, term, weight)
  spread(index, scores)
  favourSchemas(index, scores)
  return best(scores, mostRanked).flatMap((at) => view.relations[at] ?? [])
}

/** Places of the largest scores above none, largest first. */
function best(scores: Float64Array, count: number): number[] {
  const places: number[] = []
  for (let at = 0; at < scores.length; at++) if ((scores[at] ?? 0) > 0) places.push(at)
  if (places.length > 4 * count) {
    const least = scores.toSorted()[scores.length - count] ?? 0
    return best(
      scores.map((score) => (score >= least ? score : 0)),
      places.length,
    )
  }
  return places.toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b).slice(0, count)
}

function queryTerms(text: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  const add = (term: string, weight: number): void => {
    weights.set(term, Math.max(weights.get(term) ?? 0, weight))
  }
  const words = text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== '')
  for (const word of words) {
    const weight = isFiller(word.toLowerCase()) ? fillerWeight : 1
    for (const term of termsOf(word)) add(term, weight)
    for (const other of classesOf(word)) add(other, weight * synonymWeight)
  }
  // Two words that a schema may have written as one: "sales person" of `salesperson`.
  for (const [at, word] of words.entries()) {
    const next = words[at + 1]
    if (next !== undefined) for (const term of termsOf(word.toLowerCase() + next.toLowerCase())) add(term, 0.8)
    for (let length = 1; length <= 4; length++)
      add(
        `=${words
          .slice(at, at + length)
          .join(' ')
          .toLowerCase()}`,
        1,
      )
  }
  return weights
}

function addScores(index: SearchIndex, scores: Float64Array, term: string, weight: number): void {
  const exact = index.postings.get(term)
  const found: (readonly [readonly number[], readonly number[], number])[] =
    exact === undefined ? [] : [[exact.relations, exact.weights, weight]]
  if (exact === undefined && !term.startsWith('='))
    for (const longer of index.startingWith(term)) found.push([longer.relations, longer.weights, weight * prefixWeight])
  for (const [relations, weights, factor] of found) {
    if (index.size > largeCatalog && relations.length > index.size * commonPart) continue
    const rarity = Math.log(1 + (index.size - relations.length + 0.5) / (relations.length + 0.5))
    for (const [place, relation] of relations.entries())
      scores[relation] = (scores[relation] ?? 0) + factor * rarity * (weights[place] ?? 0)
  }
}

/** Scores flow along keys, one step, from the best. */
function spread(index: SearchIndex, scores: Float64Array): void {
  const reached = new Map<number, number[]>()
  for (const seed of best(scores, mostSeeds)) {
    const score = scores[seed] ?? 0
    const neighbours = index.neighbours[seed] ?? []
    for (const other of neighbours) {
      const given = score / Math.sqrt(1 + neighbours.length)
      const known = reached.get(other)
      if (known === undefined) reached.set(other, [given])
      else known.push(given)
    }
  }
  for (const [other, given] of reached) {
    const [first = 0, second = 0] = given.toSorted((a, b) => b - a)
    scores[other] = (scores[other] ?? 0) + first * neighbourShare + second * linkShare
  }
}

function favourSchemas(index: SearchIndex, scores: Float64Array): void {
  if (index.schemas.length < 2) return
  for (const places of index.schemas) {
    const found = places.map((at) => scores[at] ?? 0).toSorted((a, b) => b - a)
    const share = found.slice(0, schemaBest).reduce((sum, score) => sum + score, 0) * schemaShare
    if (share > 0) for (const at of places) scores[at] = (scores[at] ?? 0) + share
  }
}
