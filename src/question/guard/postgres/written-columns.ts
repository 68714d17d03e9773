import type { WriteVerb } from '../../../domain/index.ts'
import { list, type Node } from './parse.ts'

/** What one INSERT, UPDATE, DELETE or MERGE does to its target, by its grammar alone. */
export interface WrittenColumns {
  readonly verb: WriteVerb
  /** The items of the list that name columns; null: every column, for the statement names none. */
  readonly targets: readonly Node[] | null
  readonly isWhole: boolean
}

/** Of an upsert and of MERGE, each thing that may be done. */
export function writtenColumns(kind: string, node: Node): readonly WrittenColumns[] {
  switch (kind) {
    case 'InsertStmt': {
      const conflict = node['onConflictClause'] as Node | undefined
      const insert: WrittenColumns = {
        verb: 'insert',
        targets: node['cols'] === undefined ? null : targetsOf(node['cols']),
        isWhole: false,
      }
      if (conflict?.['action'] !== 'ONCONFLICT_UPDATE') return [insert]
      return [insert, { verb: 'update', targets: targetsOf(conflict['targetList']), isWhole: false }]
    }
    case 'UpdateStmt':
      return [{ verb: 'update', targets: targetsOf(node['targetList']), isWhole: !hasCondition(node['whereClause']) }]
    case 'DeleteStmt':
      return [{ verb: 'delete', targets: [], isWhole: !hasCondition(node['whereClause']) }]
    case 'MergeStmt': {
      const isWhole = !hasCondition(node['joinCondition'])
      return list(node['mergeWhenClauses']).flatMap((item) => mergeAction(item['MergeWhenClause'] as Node, isWhole))
    }
    default:
      return []
  }
}

function mergeAction(node: Node, isWhole: boolean): readonly WrittenColumns[] {
  switch (node['commandType']) {
    case 'CMD_INSERT':
      return [{ verb: 'insert', targets: node['targetList'] === undefined ? null : targetsOf(node['targetList']), isWhole: false }]
    case 'CMD_UPDATE':
      return [{ verb: 'update', targets: targetsOf(node['targetList']), isWhole }]
    case 'CMD_DELETE':
      return [{ verb: 'delete', targets: [], isWhole }]
    default:
      return [] // DO NOTHING
  }
}

function targetsOf(value: unknown): readonly Node[] {
  return list(value).map((item) => item['ResTarget'] as Node)
}

/** A condition that names no column (`WHERE true`, `WHERE 1 = 1`) is none. */
function hasCondition(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasCondition)
  if (value === null || typeof value !== 'object') return false
  return Object.entries(value).some(([field, inner]) => field === 'ColumnRef' || field === 'CurrentOfExpr' || hasCondition(inner))
}
