import { certain, lastOf } from '../certain.ts'
import { identOf, identsOf } from './names.ts'
import { kindOf, nodeOf, type Node } from './node.ts'

/** The name of a select-list item that others can use; null: a text of the server's, or a star. */
export function outputName(item: Node): string | null {
  const [kind, content] = kindOf(item)
  if (kind === 'ExprWithAlias') return certain(identOf(nodeOf(content)['alias'])).value
  if (kind !== 'UnnamedExpr') return null
  const [expression, inner] = kindOf(content)
  if (expression === 'Identifier') return certain(identOf(inner)).value
  return expression === 'CompoundIdentifier' ? lastOf(identsOf(inner)).value : null
}
