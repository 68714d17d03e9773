import type { Relation } from '../../../domain/index.ts'
import { qualified } from '../analysis.ts'
import { renamed, type ColumnMap } from '../column-map.ts'

/** Where a visible column's values come from: columns of base relations; none for computed ones. */
export interface Origin {
  readonly relation: Relation
  readonly column: string
  /** As a verdict tells it, made once for all statements. */
  readonly told: string
}

/** By name in lower case: column names have no case. null: any name may be a column. */
export type Columns = ColumnMap<Origin> | null

/** One thing in a FROM clause. */
export interface RangeEntry {
  readonly alias: string
  /** Of a relation that has no alias: `schema.table.column` may be written. */
  readonly schema: string | null
  readonly columns: Columns
}

/** Names visible at one place: this level's FROM entries and WITH queries, then the levels around it. */
export class Scope {
  readonly parent: Scope | null
  readonly entries: RangeEntry[] = []
  readonly commonTables: Map<string, Columns>
  /** Names of the select list, in lower case, which ORDER BY, GROUP BY and HAVING may use. */
  outputNames: ReadonlySet<string> = new Set()

  constructor(parent: Scope | null, commonTables = new Map<string, Columns>()) {
    this.parent = parent
    this.commonTables = commonTables
  }

  findCommonTable(name: string): { readonly columns: Columns } | null {
    const columns = this.commonTables.get(name.toLowerCase())
    return columns === undefined ? (this.parent?.findCommonTable(name) ?? null) : { columns }
  }

  /** Those of this level first, then of each around it. */
  allEntries(): RangeEntry[] {
    return [...this.entries, ...(this.parent?.allEntries() ?? [])]
  }

  /** As written first: where tables have case, so have aliases. */
  findEntry(alias: string, schema: string | null): RangeEntry | null {
    const isOf = (entry: RangeEntry): boolean => schema === null || entry.schema?.toLowerCase() === schema.toLowerCase()
    const found =
      this.entries.find((entry) => entry.alias === alias && isOf(entry)) ??
      this.entries.find((entry) => entry.alias.toLowerCase() === alias.toLowerCase() && isOf(entry))
    return found ?? this.parent?.findEntry(alias, schema) ?? null
  }
}

const columnMaps = new WeakMap<Relation, Columns>()

function originOf(relation: Relation, column: string): Origin {
  return { relation, column, told: qualified(relation.schema, `${relation.name}.${column}`) }
}

export function columnsOfRelation(relation: Relation): Columns {
  const known = columnMaps.get(relation)
  if (known !== undefined) return known
  const made = new Map(relation.columns.map((column) => [column.name.toLowerCase(), [originOf(relation, column.name)]]))
  columnMaps.set(relation, made)
  return made
}

/** An alias with column names renames from the left. */
export function renameColumns(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns
  if (columns === null) return null
  return renamed(
    columns,
    names.map((name) => name.toLowerCase()),
  )
}
