import type { WriteVerb } from '../../../domain/index.ts'
import { certain } from '../certain.ts'
import { list, type Node } from './parse.ts'
import { isSameTree } from '../same-tree.ts'
import { isPlace } from './tree-nodes.ts'

/** What one INSERT, UPDATE, DELETE or MERGE does to its target, by its grammar alone. */
export interface WrittenColumns {
  readonly verb: WriteVerb
  /** The items of the list that name columns; null: every column, for the statement names none. */
  readonly targets: readonly Node[] | null
  readonly isWhole: boolean
}

/** Of an upsert and of MERGE, each thing that may be done. */
export function writtenColumns(kind: string, node: Node): readonly WrittenColumns[] {
  return certain(writers[kind])(node)
}

type Writer = (node: Node) => readonly WrittenColumns[]

const writers: Readonly<Record<string, Writer>> = {
  InsertStmt: (node) => {
    const conflict = node['onConflictClause'] as Node | undefined
    const insert: WrittenColumns = { verb: 'insert', targets: targetsOrAll(node['cols']), isWhole: false }
    if (conflict?.['action'] !== 'ONCONFLICT_UPDATE') return [insert]
    return [insert, { verb: 'update', targets: targetsOf(conflict['targetList']), isWhole: false }]
  },
  UpdateStmt: (node) => [{ verb: 'update', targets: targetsOf(node['targetList']), isWhole: !hasCondition(node['whereClause']) }],
  DeleteStmt: (node) => [{ verb: 'delete', targets: [], isWhole: !hasCondition(node['whereClause']) }],
  MergeStmt: (node) => {
    const isWhole = !hasCondition(node['joinCondition'])
    const actions = list(node['mergeWhenClauses']).map((item) => item['MergeWhenClause'] as Node)
    return actions.flatMap((action) => certain(mergers[String(action['commandType'])])(action, isWhole))
  },
}

const mergers: Readonly<Record<string, (node: Node, isWhole: boolean) => readonly WrittenColumns[]>> = {
  CMD_INSERT: (node) => [{ verb: 'insert', targets: targetsOrAll(node['targetList']), isWhole: false }],
  CMD_UPDATE: (node, isWhole) => [{ verb: 'update', targets: targetsOf(node['targetList']), isWhole }],
  CMD_DELETE: (_, isWhole) => [{ verb: 'delete', targets: [], isWhole }],
  CMD_NOTHING: () => [],
}

function targetsOrAll(value: unknown): readonly Node[] | null {
  return value === undefined ? null : targetsOf(value)
}

function targetsOf(value: unknown): readonly Node[] {
  return list(value).map((item) => item['ResTarget'] as Node)
}

/** A condition that names no column (`WHERE true`, `1 = 1`), compares one with itself or stands beside one that does (`OR true`) is none. */
function hasCondition(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasCondition)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([field, inner]) => {
    if (field === 'ColumnRef' || field === 'CurrentOfExpr') return true
    const node = inner as Node // of the two kinds below
    if (field === 'BoolExpr' && node['boolop'] === 'OR_EXPR') return list(node['args']).every(hasCondition)
    if (field === 'A_Expr' && isSameTree(node['lexpr'], node['rexpr'], isPlace)) return false
    return hasCondition(inner)
  })
}
