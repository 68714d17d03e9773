type Node = { readonly [field: string]: unknown }

/** Whether two trees of a parser say the same, wherever their parts stand: `isPlace` tells the fields that say no more than where. */
export function isSameTree(one: unknown, other: unknown, isPlace: (field: string) => boolean): boolean {
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, at) => isSameTree(item, other[at], isPlace))
    )
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return one === other
  const [left, right] = [one as Node, other as Node] // parsers give plain objects only
  const fieldsOf = (node: Node): string[] => Object.keys(node).filter((field) => !isPlace(field))
  const fields = fieldsOf(left)
  return (
    fields.length === fieldsOf(right).length && fields.every((field) => field in right && isSameTree(left[field], right[field], isPlace))
  )
}

/** A copy of a tree in which some nodes of one field are others: `change` is asked for each, and null leaves one as it is. */
export function changeTree(value: unknown, change: (kind: string, content: unknown) => Node | null): unknown {
  if (Array.isArray(value)) return value.map((item) => changeTree(item, change))
  if (value === null || typeof value !== 'object') return value
  const node = value as Node // as above
  const [kind = '', second] = Object.keys(node)
  const changed = second === undefined ? change(kind, node[kind]) : null
  return changed ?? Object.fromEntries(Object.entries(node).map(([field, inner]) => [field, changeTree(inner, change)]))
}

/** Every field of every node, outermost first. */
export function eachField(value: unknown, visit: (field: string, content: unknown) => void): void {
  if (Array.isArray(value)) for (const item of value) eachField(item, visit)
  else if (value !== null && typeof value === 'object')
    for (const [field, content] of Object.entries(value)) {
      visit(field, content)
      eachField(content, visit)
    }
}
