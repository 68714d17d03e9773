import type { Catalog, Relation } from '../../../domain/index.ts'

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
    if (relation.foreignKeys.length === 0) addByName(catalog, relation, add)
  }
  graphs.set(catalog, edges)
  return edges
}

function isUnique(relation: Relation, columns: readonly string[]): boolean {
  const covers = (key: readonly string[]): boolean => key.length > 0 && key.every((column) => columns.includes(column))
  return covers(relation.primaryKey) || relation.uniqueKeys.some(covers)
}

function addByName(catalog: Catalog, relation: Relation, add: (from: Relation, to: Relation, pairs: Edge['pairs']) => void): void {
  for (const other of catalog.relations) {
    const [key] = other.primaryKey
    if (other === relation || key === undefined || other.primaryKey.length !== 1 || /^id$/i.test(key)) continue
    const own = relation.columns.find((column) => column.name.toLowerCase() === key.toLowerCase())
    if (own !== undefined && !relation.primaryKey.includes(own.name)) add(relation, other, [[own.name, key]])
  }
}

/** The joins that connect all of `wanted`, starting from the first; null when they are not connected. */
export function connect(catalog: Catalog, wanted: readonly Relation[]): readonly Edge[] | null {
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
      edges.push(edge)
    }
  }
  return edges
}

export function distance(catalog: Catalog, from: Relation, to: Relation): number {
  return shortestPath(joinGraph(catalog), new Set([from]), to)?.length ?? Infinity
}

function shortestPath(graph: ReadonlyMap<Relation, readonly Edge[]>, from: ReadonlySet<Relation>, to: Relation): Edge[] | null {
  const arrived = new Map<Relation, Edge | null>([...from].map((relation) => [relation, null]))
  const queue = [...from]
  for (const at of queue) {
    if (at === to) break
    for (const edge of graph.get(at) ?? []) {
      if (arrived.has(edge.to)) continue
      arrived.set(edge.to, edge)
      queue.push(edge.to)
    }
  }
  if (!arrived.has(to)) return null
  const path: Edge[] = []
  for (let edge = arrived.get(to) ?? null; edge !== null; edge = arrived.get(edge.from) ?? null) path.unshift(edge)
  return path
}
