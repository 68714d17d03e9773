import { eachField } from '../same-tree.ts'
import type { Node } from './parse.ts'

/** Fields that say where something stands, not what it is. */
const placeField = /(location|^list_start|^list_end|^rexpr_list_start|^rexpr_list_end|^stmt_len)$/

export function isPlace(field: string): boolean {
  return placeField.test(field)
}

/** Every wrapped node, outermost first: the parser wraps each in a field that is its kind. */
export function eachNode(value: unknown, visit: (kind: string, node: Node) => void): void {
  eachField(value, (field, content) => {
    if (isKind(field)) visit(field, content as Node) // what a kind wraps is a node
  })
}

function isKind(field: string): boolean {
  return field.charCodeAt(0) >= 65 && field.charCodeAt(0) <= 90
}
