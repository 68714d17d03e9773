import { certain } from '../certain.ts'
import { isSameTree } from '../same-tree.ts'
import { bareCalls } from './inspect.ts'
import { identOf } from './names.ts'
import { kindOf, nodeOf, type Node } from './node.ts'

/** A condition that names no column (`WHERE 1`, `1 = 1`), compares one with itself or stands beside one that does (`OR true`) is none. */
export function restricts(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(restricts)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([field, inner]) => restrictsIn(field, inner))
}

function restrictsIn(field: string, inner: unknown): boolean {
  switch (field) {
    case 'name': // of a table or a function
    case 'alias':
      return false
    case 'Identifier': {
      const { isQuoted, value } = certain(identOf(inner))
      return isQuoted || !bareCalls.has(value.toUpperCase())
    }
    case 'CompoundIdentifier':
      return true
    case 'BinaryOp':
      return restrictsTwo(nodeOf(inner))
    default:
      return restricts(inner)
  }
}

function restrictsTwo({ op, left, right }: Node): boolean {
  if (op === 'Or' || kindOf(op)[0] === 'Or') return restricts(left) && restricts(right)
  return !isSameTree(left, right, (field) => field === 'span') && (restricts(left) || restricts(right))
}
