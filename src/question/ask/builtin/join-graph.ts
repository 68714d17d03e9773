import type { Catalog, Relation } from '../../../domain/index.ts'
import { nameStems, root } from '../words.ts'

/** One step between two relations over a key. */
export interface Edge {
  readonly from: Relation
  readonly to: Relation
  readonly pairs: readonly (readonly [fromColumn: string, toColumn: string])[]
  /** true: several rows of `to` may belong to one row of `from`. */
  readonly fansOut: boolean
}

const graphs = new WeakMap<Catalog, ReadonlyMap<Relation, readonly Edge[]>>()

/** Foreign keys in both directions; where a database declares none, columns named like another table's key. */
export function joinGraph(catalog: Catalog): ReadonlyMap<Relation, readonly Edge[]> {
  const known = graphs.get(catalog)
  if (known !== undefined) return known
  const edges = new Map<Relation, Edge[]>(catalog.relations.map((relation) => [relation, []]))
  const add = (from: Relation, to: Relation, pairs: Edge['pairs']): void => {
    edges.get(from)?.push({ from, to, pairs, fansOut: false })
    edges.get(to)?.push({
      from: to,
      to: from,
      pairs: pairs.map(([a, b]) => [b, a] as const),
      fansOut: !isUnique(
        from,
        pairs.map(([a]) => a),
      ),
    })
  }
  const referred = byReference(catalog)
  for (const relation of catalog.relations) {
    for (const key of relation.foreignKeys) {
      const target = catalog.relations.find((other) => other.schema === key.target.schema && other.name === key.target.name)
      if (target !== undefined)
        add(
          relation,
          target,
          key.columns.map((column, at) => [column, key.target.columns[at] ?? column] as const),
        )
    }
    if (relation.foreignKeys.length === 0) addByName(referred, relation, add)
  }
  graphs.set(catalog, edges)
  return edges
}

function isUnique(relation: Relation, columns: readonly string[]): boolean {
  const covers = (key: readonly string[]): boolean => key.length > 0 && key.every((column) => columns.includes(column))
  return covers(relation.primaryKey) || relation.uniqueKeys.some(covers)
}

/** A relation's single key: the declared one; where a database declares no keys at all of it, its first column, as people write tables. */
export function singleKey(relation: Relation): string | null {
  if (relation.primaryKey.length > 0) return relation.primaryKey.length === 1 ? (relation.primaryKey[0] ?? null) : null
  const first = relation.columns[0]?.name
  return relation.kind === 'table' && relation.foreignKeys.length === 0 && relation.uniqueKeys.length === 0 && first !== undefined
    ? first
    : null
}

/** Relations by how another one would name a column that refers to them: `restaurant_id` to the `id` of restaurant, or by a key of two words. */
function byReference(catalog: Catalog): ReadonlyMap<string, readonly Relation[]> {
  return Map.groupBy(
    catalog.relations.filter((relation) => singleKey(relation) !== null),
    (relation) => {
      const key = singleKey(relation) ?? ''
      return /^id$/i.test(key) ? [...nameStems(relation.name), 'id'].join(' ') : nameStems(key).join(' ')
    },
  )
}

function addByName(
  referred: ReadonlyMap<string, readonly Relation[]>,
  relation: Relation,
  add: (from: Relation, to: Relation, pairs: Edge['pairs']) => void,
): void {
  for (const { name } of relation.columns) {
    const wanted = nameStems(name).join(' ')
    if (!wanted.includes(' ')) continue
    for (const other of referred.get(wanted) ?? []) {
      const key = singleKey(other)
      const isOwnKey = relation.primaryKey.includes(name) || (singleKey(relation) === name && !/^id$/i.test(key ?? ''))
      if (other !== relation && key !== null && !isOwnKey) add(relation, other, [[name, key]])
    }
  }
}

/** The joins that connect all of `wanted`, starting from the first; null when they are not connected. `said`: roots of the question's words. */
export function connect(catalog: Catalog, wanted: readonly Relation[], said: ReadonlySet<string> = new Set()): readonly Edge[] | null {
  const graph = joinGraph(catalog)
  const [first, ...rest] = wanted
  if (first === undefined) return []
  const joined = new Set([first])
  const edges: Edge[] = []
  for (const target of rest) {
    if (joined.has(target)) continue
    const path = shortestPath(graph, joined, target)
    if (path === null) return null
    for (const edge of path) {
      joined.add(edge.to)
      edges.push(parallels(graph, edge, said)[0] ?? edge)
    }
  }
  return edges
}

/** Steps between the same two relations over other keys that suit the question as well as this one. */
export function rivals(catalog: Catalog, edge: Edge, said: ReadonlySet<string>): readonly Edge[] {
  const all = parallels(joinGraph(catalog), edge, said)
  const best = all[0] === undefined ? 0 : suits(all[0], said)
  return all.filter((other) => suits(other, said) === best).slice(1)
}

function parallels(graph: ReadonlyMap<Relation, readonly Edge[]>, edge: Edge, said: ReadonlySet<string>): readonly Edge[] {
  const all = (graph.get(edge.from) ?? []).filter((other) => other.to === edge.to)
  return all.length < 2 ? all : all.toSorted((a, b) => suits(b, said) - suits(a, said))
}

/** A key the question names ("home team") suits best; else the one that is named like what it refers to. */
function suits(edge: Edge, said: ReadonlySet<string>): number {
  const isReferring = edge.from.foreignKeys.some(
    (key) => key.columns.includes(edge.pairs[0]?.[0] ?? '') && key.target.name === edge.to.name,
  )
  const [own, target] = isReferring ? (edge.pairs[0] ?? ['', '']) : [edge.pairs[0]?.[1] ?? '', edge.pairs[0]?.[0] ?? '']
  const referred = isReferring ? edge.to : edge.from
  const targetWords = [...nameStems(target), ...nameStems(referred.name)]
  const role = nameStems(own).filter((word) => word !== 'id' && !targetWords.includes(word))
  return role.length === 0 ? 1 : role.some((word) => said.has(root(word))) ? 2 : 0
}

/** true: one row of `from` meets several of `to` over the shortest way of keys. */
export function fansOut(catalog: Catalog, from: Relation, to: Relation): boolean {
  return shortestPath(joinGraph(catalog), new Set([from]), to)?.some((edge) => edge.fansOut) ?? false
}

/**
 * What is counted when a row of `of` has several of `relation`: that relation itself, or the one table that links the two where
 * each row knows but one ("two or more jobs": rows of the job history). null: there is nothing to count.
 */
export function countable(catalog: Catalog, of: Relation, relation: Relation): Relation | null {
  if (of === relation || fansOut(catalog, of, relation)) return relation
  const graph = joinGraph(catalog)
  const reaches = (from: Relation, to: Relation): boolean => (graph.get(from) ?? []).some((edge) => edge.to === to && !edge.fansOut)
  const links = catalog.relations.filter((link) => link !== of && link !== relation && reaches(link, of) && reaches(link, relation))
  return links.length === 1 && links[0] !== undefined ? links[0] : null
}

export function distance(catalog: Catalog, from: Relation, to: Relation): number {
  return shortestPath(joinGraph(catalog), new Set([from]), to)?.length ?? Infinity
}

interface Step {
  readonly at: Relation
  /** null: the path begins here. */
  readonly edge: Edge | null
  readonly before: Step | null
}

/** Up to a parent and down to another child of it: "customers of the same country as a supplier" is seldom what is meant by both. */
const cousinCost = 2.5

/** The cheapest way over keys; among equals the one found first. */
function shortestPath(graph: ReadonlyMap<Relation, readonly Edge[]>, from: ReadonlySet<Relation>, to: Relation): Edge[] | null {
  const settled = { up: new Set<Relation>(), down: new Set<Relation>() }
  const byCost: Step[][] = [Array.from(from, (at) => ({ at, edge: null, before: null }))] // in halves
  for (let cost = 0; cost < byCost.length; cost++) {
    for (const step of byCost[cost] ?? []) {
      const isUp = step.edge !== null && !step.edge.fansOut
      const seen = isUp ? settled.up : settled.down
      if (seen.has(step.at)) continue
      seen.add(step.at)
      if (step.at === to) return edgesOf(step)
      for (const edge of graph.get(step.at) ?? []) {
        const next = cost + 2 * (isUp && edge.fansOut ? 1 + cousinCost : 1)
        ;(byCost[next] ??= []).push({ at: edge.to, edge, before: step })
      }
    }
  }
  return null
}

function edgesOf(end: Step): Edge[] {
  const edges: Edge[] = []
  for (let step: Step | null = end; step !== null; step = step.before) if (step.edge !== null) edges.unshift(step.edge)
  return edges
}
