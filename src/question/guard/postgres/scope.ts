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

/** One thing in a FROM clause. */
export interface RangeEntry {
  /** The name it is referred to by; null for a join without an alias, which hides nothing. */
  readonly alias: string | null
  /** Schema of a relation that has no alias: `schema.table.column` may be written. */
  readonly schema: string | null
  /** Column name → origins; null: any name may be a column (records, functions, no catalog). */
  readonly columns: ColumnMap<Origin> | null
  /** The relation whose columns are not known because there is no catalog; absent for everything else. */
  readonly untold?: { readonly schema: string; readonly name: string }
}

export interface CommonTable {
  readonly columns: RangeEntry['columns']
}

/** Names visible at one place: this level's FROM entries and WITH queries, then the levels around it. */
export class Scope {
  readonly parent: Scope | null
  readonly entries: RangeEntry[] = []
  /** A level inside the FROM of the SELECT around it, not a SELECT of its own. */
  readonly isJoin: boolean
  /** null: there is no WITH at this level. */
  #commonTables: Map<string, CommonTable> | null = null

  constructor(parent: Scope | null, isJoin = false) {
    this.parent = parent
    this.isJoin = isJoin
  }

  addCommonTable(name: string, table: CommonTable): void {
    this.#commonTables ??= new Map()
    this.#commonTables.set(name, table)
  }

  findCommonTable(name: string): CommonTable | null {
    return this.#commonTables?.get(name) ?? this.parent?.findCommonTable(name) ?? null
  }

  findEntry(alias: string, schema: string | null): RangeEntry | null {
    for (const entry of this.entries) if (entry.alias === alias && (schema === null || entry.schema === schema)) return entry
    return this.parent?.findEntry(alias, schema) ?? null
  }

  /** Those of this level first, then of each around it. */
  allEntries(): RangeEntry[] {
    const entries = [...this.entries]
    for (let level = this.parent; level !== null; level = level.parent) for (const entry of level.entries) entries.push(entry)
    return entries
  }

  /** The same WITH names without the FROM entries of this SELECT: what a sub-select that is not LATERAL sees. */
  withoutEntries(): Scope {
    if (this.isJoin && this.parent !== null) return this.parent.withoutEntries()
    const bare = new Scope(this.parent)
    bare.#commonTables = this.#commonTables // whole by now: WITH comes before FROM
    return bare
  }
}

/** Columns no catalog lists but every table has. */
export const systemColumns: ReadonlySet<string> = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'])

function originOf(relation: Relation, column: string): Origin {
  return { relation, column, told: qualified(relation.schema, `${relation.name}.${column}`) }
}

export function columnsOfRelation(relation: Relation): ReadonlyMap<string, readonly Origin[]> {
  const known = columnMaps.get(relation)
  if (known !== undefined) return known
  const made = new Map(relation.columns.map((column) => [column.name, [originOf(relation, column.name)]]))
  columnMaps.set(relation, made)
  return made
}
const columnMaps = new WeakMap<Relation, ReadonlyMap<string, readonly Origin[]>>()

/** An alias with column names renames from the left; the rest keep theirs. */
export function renameColumns(columns: RangeEntry['columns'], names: readonly string[]): RangeEntry['columns'] {
  if (columns === null) return null
  if (names.length === 0) return columns
  return renamed(columns, names)
}

export function visibleAliases(scope: Scope): string[] {
  const aliases = scope.entries.flatMap((entry) => (entry.alias === null ? [] : [entry.alias]))
  return scope.parent === null ? aliases : [...aliases, ...visibleAliases(scope.parent)]
}
