import { identOf, identsOf } from './names.ts'
import { kindOf, nodeOf, type Node } from './node.ts'

/** The name of a select-list item that others can use; null: a text of the server's, or a star. */
export function outputName(item: Node): string | null {
  const [kind, content] = kindOf(item)
  if (kind === 'ExprWithAlias') return identOf(nodeOf(content)['alias'])?.value ?? null
  if (kind !== 'UnnamedExpr') return null
  const [expression, inner] = kindOf(content)
  if (expression === 'Identifier') return identOf(inner)?.value ?? null
  return expression === 'CompoundIdentifier' ? (identsOf(inner).at(-1)?.value ?? null) : null
}
