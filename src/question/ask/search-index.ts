import { setImmediate } from 'node:timers/promises'
import type { Catalog, Relation } from '../../domain/index.ts'
import { classesOf, termsOf } from './terms.ts'

/** Where a term stands: relations by their place in the catalog, and how much it weighs in each. */
export interface Postings {
  readonly relations: readonly number[]
  readonly weights: readonly number[]
}

export interface SearchIndex {
  /** Relations of the catalog. */
  readonly size: number
  /** By stem, by `~class` of synonyms, and by `=stored value`. */
  readonly postings: ReadonlyMap<string, Postings>
  /** Places of the relations of each schema. */
  readonly schemas: readonly (readonly number[])[]
  /** Relations one key away, in either direction, by place. */
  readonly neighbours: readonly (readonly number[])[]
  /** Terms that begin with this one, when it has at least four letters: `territoryid` of "territory". */
  readonly startingWith: (term: string) => readonly Postings[]
}

const weightOfName = 3
const weightOfColumn = 1
const weightOfComment = 1
const weightOfValue = 1.5
/** BM25: how soon more of a word stops counting, and how much long relations are held back. */
const saturation = 1.2
const lengthPart = 0.3
const longestValue = 40
const mostValues = 50
const mostLonger = 8

/** The event loop is let go of about this often while an index is built. */
const sliceMs = 8
const relationsAtOnce = 32

const indexes = new WeakMap<Catalog, SearchIndex>()
const preparing = new WeakMap<Catalog, Promise<void>>()

/** Built once for each view; a view stays the same object while catalog, policy and roles do. */
export function searchIndexOf(view: Catalog): SearchIndex {
  const known = indexes.get(view)
  if (known !== undefined) return known
  const steps = build(view)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  indexes.set(view, step.value)
  return step.value
}

/** Builds the index in slices, so that nobody else waits for a catalog of thousands of tables. */
export async function prepareSearch(view: Catalog): Promise<void> {
  if (indexes.has(view)) return
  const known = preparing.get(view) ?? buildInSlices(view)
  preparing.set(view, known)
  await known
}

async function buildInSlices(view: Catalog): Promise<void> {
  const steps = build(view)
  let sliceEndMs = performance.now() + sliceMs
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return void indexes.set(view, step.value)
    if (performance.now() < sliceEndMs) continue
    await setImmediate()
    sliceEndMs = performance.now() + sliceMs
  }
}

/** Yields between two pieces of work, each far shorter than a slice. */
function* build(view: Catalog): Generator<void, SearchIndex> {
  // The same names come again and again in a large catalog; taking one apart costs most of the build.
  const parts = new Map<string, readonly string[]>()
  const partsOf = (text: string): readonly string[] => {
    const known = parts.get(text)
    if (known !== undefined) return known
    const made = [...termsOf(text), ...classesOf(text)]
    parts.set(text, made)
    return made
  }
  const found: ReadonlyMap<string, number>[] = []
  for (const [at, relation] of view.relations.entries()) {
    found.push(wordsOf(relation, partsOf))
    if (at % relationsAtOnce === 0) yield
  }
  const lengths = found.map((words) => [...words.values()].reduce((sum, weight) => sum + weight, 0))
  const usual = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)
  const postings = new Map<string, { relations: number[]; weights: number[] }>()
  for (const [at, words] of found.entries()) {
    if (at % relationsAtOnce === 0) yield
    const held = saturation * (1 - lengthPart + (lengthPart * (lengths[at] ?? 0)) / Math.max(1, usual))
    for (const [term, weight] of words) {
      const list = postings.get(term) ?? { relations: [], weights: [] }
      list.relations.push(at)
      list.weights.push((weight * (saturation + 1)) / (weight + held))
      postings.set(term, list)
    }
  }
  yield
  const sorted = [...postings.keys()].filter((term) => /^[\p{L}]/u.test(term)).toSorted()
  const schemas = [...Map.groupBy(view.relations.keys(), (at) => view.relations[at]?.schema ?? '').values()]
  return {
    size: view.relations.length,
    postings,
    schemas,
    neighbours: yield* neighboursOf(view),
    startingWith: (term) => startingWith(sorted, postings, term),
  }
}

function wordsOf(relation: Relation, partsOf: (text: string) => readonly string[]): ReadonlyMap<string, number> {
  const words = new Map<string, number>()
  const add = (term: string, weight: number): void => {
    words.set(term, (words.get(term) ?? 0) + weight)
  }
  const addText = (text: string | null, weight: number): void => {
    if (text !== null) for (const term of partsOf(text)) add(term, weight)
  }
  addText(relation.name, weightOfName)
  addText(relation.comment, weightOfComment)
  for (const column of relation.columns) {
    addText(column.name, weightOfColumn)
    addText(column.comment, weightOfComment / 2)
    for (const value of new Set(column.statistics?.values.slice(0, mostValues)))
      if (value.length <= longestValue && !/^[\d\s.,:-]*$/.test(value)) add(`=${value.toLowerCase()}`, weightOfValue)
  }
  return words
}

/** Declared keys; where a relation declares none, columns named after another relation's key. */
function* neighboursOf({ relations }: Catalog): Generator<void, readonly (readonly number[])[]> {
  const places = new Map(relations.map((relation, at) => [`${relation.schema}.${relation.name}`, at]))
  const byKey = new Map<string, number>()
  const keys = new Map<string, string>()
  for (const [at, { schema, name }] of relations.entries()) byKey.set(`${schema} ${termsOf(name).join(' ')} id`, at)
  const found = relations.map(() => new Set<number>())
  const connect = (from: number, to: number | undefined): void => {
    if (to === undefined || to === from) return
    found[from]?.add(to)
    found[to]?.add(from)
  }
  for (const [at, relation] of relations.entries()) {
    if (at % relationsAtOnce === 0) yield
    for (const { target } of relation.foreignKeys) connect(at, places.get(`${target.schema}.${target.name}`))
    if (relation.foreignKeys.length > 0) continue
    for (const { name } of relation.columns) {
      if (!/id$/i.test(name)) continue
      const key = keys.get(name) ?? keyTerms(name)
      keys.set(name, key)
      connect(at, byKey.get(`${relation.schema} ${key}`))
    }
  }
  return found.map((set) => [...set])
}

/** `customer_id`, `customerid` and `CustomerID` alike. */
function keyTerms(name: string): string {
  return [...termsOf(name.replace(/_?id$/i, '')), 'id'].join(' ')
}

function startingWith(sorted: readonly string[], postings: ReadonlyMap<string, Postings>, term: string): readonly Postings[] {
  if (term.length < 4) return []
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < term) low = middle + 1
    else high = middle
  }
  const longer: Postings[] = []
  for (let at = low; at < sorted.length && longer.length < mostLonger && sorted[at]?.startsWith(term) === true; at++) {
    const found = postings.get(sorted[at] ?? '')
    if (found !== undefined) longer.push(found)
  }
  return longer
}
