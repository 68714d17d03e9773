import type { Reason } from '../../../domain/index.ts'
import type { ColumnUse, RelationUse } from '../analysis.ts'
import { bareType, type CatalogIndex } from '../catalog-index.ts'
import { lastOf } from '../certain.ts'
import { denyType, type CallRules } from './call-rules.ts'
import { names, type Node } from './parse.ts'

/** A call that casts to text or json, or checks a row, whatever the type of its value. */
export interface Conversion {
  readonly to: 'text' | 'json' | 'row'
  readonly node: Node
}

/** What the statement does that may run code of the database nobody names. */
interface Doings {
  readonly casts: readonly Node[]
  readonly conversions: readonly Conversion[]
}

interface Reach {
  readonly relations: readonly RelationUse[]
  readonly columns: readonly ColumnUse[]
}

/** The server's own functions for text whose bodies cast a value of any type. */
const textFunctions = /^(quote_literal|quote_nullable|textanycat|anytextcat)$/

export function conversionOf(kind: string, node: Node): Conversion | null {
  switch (kind) {
    case 'FuncCall':
      return callOf(names(node['funcname']), node)
    // `(value).name` and `alias.name` may be calls too.
    case 'A_Indirection':
      return callOf(names(node['indirection']), node)
    case 'ColumnRef':
      return callOf(names(node['fields']), node)
    case 'A_Expr':
      return names(node['name']).at(-1) === '||' ? { to: 'text', node } : null
    default:
      return kind.startsWith('Json') ? { to: 'json', node } : null
  }
}

function callOf(path: readonly string[], node: Node): Conversion | null {
  for (const name of path) {
    if (/^jsonb?_populate_/.test(name)) return { to: 'row', node }
    if (name.includes('json')) return { to: 'json', node }
    if (textFunctions.test(name)) return { to: 'text', node }
  }
  return null
}

/**
 * Values of the database's own types run its code where somebody has made casts for them, asked for or not, and where a row
 * of them is checked: then none may be in reach of a statement that does so.
 */
export function ownCodeProblem({ casts, conversions }: Doings, reach: Reach, { index, safeFunctions }: CallRules): Reason | null {
  if (index?.hasOwnTypes !== true) return null
  const isTarget = (name: string): boolean => index.userCastTargets.has(name) && !safeFunctions.has(`pg_catalog.${name}`)
  const isOwn = (type: string): boolean => (index.userTypes.get(type) ?? []).some((owner) => !safeFunctions.has(`${owner}.${type}`))
  const isAnyOwn = isTarget('anyelement')
  if (!isAnyOwn && !reach.relations.some(({ relation }) => relation !== null && [...index.typesOf(relation)].some(isOwn))) return null
  const cast = casts.find((node) => isTarget(lastOf(names(node['names']))))
  if (cast !== undefined) return madeCast(cast, lastOf(names(cast['names'])))
  const conversion = conversions.find(({ to }) => to === 'row' || isTarget(to))
  if (conversion !== undefined) return madeCast(conversion.node, conversion.to)
  const isUsed = isAnyOwn || reach.columns.some((use) => isOwn(bareType(typeOf(use, index))))
  return isTarget('any') && isUsed ? madeCast({}, 'any') : null
}

function typeOf({ schema, relation, column }: ColumnUse, index: CatalogIndex): string {
  return index.find(schema, relation)?.columns.find(({ name }) => name === column)?.type ?? ''
}

function madeCast(node: Node, name: string): Reason {
  const to = name === 'any' ? '' : ` to ${name}`
  return denyType(node, name, `A cast${to} may run code of this database, which has made a cast or a check of its own for it.`)
}
