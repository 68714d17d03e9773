import type { Node } from './parse.ts'

/** Fields that say where something stands, not what it is. */
const placeField = /(location|^list_start|^list_end|^rexpr_list_start|^rexpr_list_end|^stmt_len)$/

/** Whether two trees of the parser say the same, wherever their parts stand. */
export function isSameTree(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other))
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, at) => isSameTree(item, other[at]))
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return one === other
  const [left, right] = [one as Node, other as Node] // the parser gives plain objects only
  const fields = fieldsOf(left)
  return fields.length === fieldsOf(right).length && fields.every((field) => field in right && isSameTree(left[field], right[field]))
}

function fieldsOf(node: Node): string[] {
  return Object.keys(node).filter((field) => !placeField.test(field))
}

/** A copy of a tree in which some wrapped nodes are others: `change` is asked for each, and null leaves one as it is. */
export function changeTree(value: unknown, change: (kind: string, node: Node) => Node | null): unknown {
  if (Array.isArray(value)) return value.map((item) => changeTree(item, change))
  if (value === null || typeof value !== 'object') return value
  const node = value as Node // the parser gives plain objects only
  const [kind = '', second] = Object.keys(node)
  const changed = second === undefined && isKind(kind) ? change(kind, node[kind] as Node) : null
  return changed ?? Object.fromEntries(Object.entries(node).map(([field, inner]) => [field, changeTree(inner, change)]))
}

/** Every wrapped node, outermost first. */
export function eachNode(value: unknown, visit: (kind: string, node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) eachNode(item, visit)
  else if (value !== null && typeof value === 'object') {
    const node = value as Node // the parser gives plain objects only
    for (const field of Object.keys(node)) {
      if (isKind(field)) visit(field, node[field] as Node)
      eachNode(node[field], visit)
    }
  }
}

function isKind(field: string): boolean {
  return field.charCodeAt(0) >= 65 && field.charCodeAt(0) <= 90
}
