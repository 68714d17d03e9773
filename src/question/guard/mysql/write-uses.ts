import type { RelationUse, WriteUse } from '../analysis.ts'
import { certain, lastOf } from '../certain.ts'
import { identsOf, type Ident } from './names.ts'
import { kindOf, listOf, nodeOf, type Node } from './node.ts'
import { restricts } from './restricts.ts'
import type { Scope } from './scope.ts'

/** INSERT and REPLACE, with what they do to a row that is there already. */
export function insertUses(node: Node, target: RelationUse): WriteUse[] {
  const all = target.relation?.columns.map((column) => column.name) ?? []
  const named = [
    ...listOf(node['columns']).map((column) => lastOf(identsOf(column)).value),
    ...assigned(node['assignments']).map((path) => lastOf(path).value),
  ].map((name) => spelling(target, name))
  const [, on] = kindOf(node['on'])
  const updated = assigned(on).map((path) => spelling(target, lastOf(path).value))
  return [
    { target, verb: 'insert', columns: named.length === 0 ? all : named, isWhole: false },
    ...(node['replace_into'] === true ? [{ target, verb: 'delete', columns: [], isWhole: false } as const] : []),
    ...(updated.length === 0 ? [] : [{ target, verb: 'update', columns: updated, isWhole: false } as const]),
  ]
}

/** One per table that is given values; null: a value goes to no table that is known. */
export function updateUses(node: Node, scope: Scope, uses: readonly RelationUse[]): WriteUse[] | null {
  const byTarget = new Map<RelationUse, string[]>()
  for (const path of assigned(node['assignments'])) {
    const found = ownerOf(path, scope, uses)
    if (found === null) return null
    byTarget.set(found.target, [...(byTarget.get(found.target) ?? []), found.column])
  }
  const isWhole = !hasCondition(node, [nodeOf(node['table'])])
  return [...byTarget].map(([target, columns]) => ({ target, verb: 'update', columns, isWhole }))
}

/** The tables named before FROM, or the one there is. */
export function deleteUses(node: Node, scope: Scope, uses: readonly RelationUse[]): WriteUse[] | null {
  const [, from] = kindOf(node['from'])
  const named = listOf(node['tables']).map((name) => identsOf(name))
  const targets = named.length === 0 ? scope.entries.slice(0, 1).map((entry) => entry.alias) : named.map((path) => lastOf(path).value)
  const found = targets.map((alias) => useBehind(alias, scope, uses)).filter((use) => use !== null)
  const isWhole = !hasCondition(node, [...listOf(from), ...listOf(node['using'])])
  return found.length < targets.length ? null : found.map((target) => ({ target, verb: 'delete', columns: [], isWhole }))
}

/** Whether WHERE, LIMIT or what tables are joined by holds back some of the rows. */
function hasCondition(node: Node, from: readonly Node[]): boolean {
  const constraints = from.flatMap((one) => listOf(one['joins']).map((join) => kindOf(join['join_operator'])[1]))
  return isGiven(node['limit']) || restricts(node['selection']) || constraints.some((one) => kindOf(one)[0] === 'Natural' || restricts(one))
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined
}

function assigned(value: unknown): Ident[][] {
  return listOf(value).map((assignment) => identsOf(kindOf(assignment['target'])[1]))
}

function ownerOf(
  path: readonly Ident[],
  scope: Scope,
  uses: readonly RelationUse[],
): { readonly target: RelationUse; readonly column: string } | null {
  const name = lastOf(path).value.toLowerCase()
  const entry =
    path.length > 1
      ? scope.findEntries(certain(path.at(-2)).value, path.at(-3)?.value ?? null)[0]
      : scope.entries.find((one) => one.columns?.has(name) === true)
  const [origin] = entry?.columns?.get(name) ?? []
  const target = uses.find((use) => use.relation !== null && use.relation === origin?.relation)
  return target === undefined || origin === undefined ? null : { target, column: origin.column }
}

function useBehind(alias: string, scope: Scope, uses: readonly RelationUse[]): RelationUse | null {
  const [first] = scope.findEntries(alias, null)[0]?.columns?.values() ?? []
  return uses.find((use) => use.relation !== null && use.relation === first?.[0]?.relation) ?? null
}

function spelling(target: RelationUse, name: string): string {
  return target.relation?.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name ?? name
}
