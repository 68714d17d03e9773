/** A node of the parser's tree: plain data. */
export type Node = { readonly [field: string]: unknown }

export function nodeOf(value: unknown): Node {
  return value !== null && typeof value === 'object' ? (value as Node) : {} // plain objects only
}

export function listOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : [] // as above
}

/** The kind and the content of `{ Kind: content }`, or of a kind without content. */
export function kindOf(value: unknown): readonly [kind: string, content: unknown] {
  if (typeof value === 'string') return [value, null]
  const node = nodeOf(value)
  const [kind = ''] = Object.keys(node)
  return [kind, node[kind]]
}

/** A query with its WITH, ORDER BY and LIMIT, wherever it is nested. */
export function isQuery(node: Node): boolean {
  return 'body' in node && 'locks' in node && 'pipe_operators' in node
}
