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
  /** Of a relation, whatever its alias: `schema.alias.column` may be written. */
  readonly schema: string | null
  readonly columns: Columns
}

/** A WITH query, by its name as written. */
export interface CommonTable {
  readonly name: string
  readonly columns: Columns
  /** true: written later in the same WITH RECURSIVE. MariaDB means the query nevertheless, MySQL a table of that name. */
  readonly isAhead: boolean
}

/** Names visible at one place: this level's FROM entries and WITH queries, then the levels around it. */
export class Scope {
  readonly parent: Scope | null
  readonly entries: RangeEntry[] = []
  /** By name in lower case. */
  readonly commonTables: Map<string, CommonTable>
  /** Names of the select list, in lower case, which ORDER BY, GROUP BY and HAVING may use. */
  outputNames: ReadonlySet<string> = new Set()

  constructor(parent: Scope | null, commonTables = new Map<string, CommonTable>()) {
    this.parent = parent
    this.commonTables = commonTables
  }

  /** The nearest whose name is the same but for case. */
  findCommonTable(name: string): CommonTable | null {
    return this.commonTables.get(name.toLowerCase()) ?? this.parent?.findCommonTable(name) ?? null
  }

  addCommonTable(name: string, columns: Columns, isAhead = false): void {
    this.commonTables.set(name.toLowerCase(), { name, columns, isAhead })
  }

  /** Those of this level first, then of each around it. */
  allEntries(): RangeEntry[] {
    return [...this.entries, ...(this.parent?.allEntries() ?? [])]
  }

  /**
   * What an alias may stand for: where tables have no case the nearest of its name, where they have the nearest as written. Mostly
   * they are one; none: there is nothing of that name.
   */
  findEntries(alias: string, schema: string | null): readonly RangeEntry[] {
    const exact = this.#nearest((entry) => entry.alias === alias && (schema === null || entry.schema === schema))
    const folded = this.#nearest((entry) => isSame(entry.alias, alias) && (schema === null || isSame(entry.schema, schema)))
    if (folded === null) return []
    // Of two at one level the one as written is meant.
    return exact === null || exact.level === folded.level ? [(exact ?? folded).entry] : [folded.entry, exact.entry]
  }

  #nearest(isMeant: (entry: RangeEntry) => boolean): { readonly entry: RangeEntry; readonly level: Scope } | null {
    const entry = this.entries.find(isMeant)
    if (entry !== undefined) return { entry, level: this }
    return this.parent === null ? null : this.parent.#nearest(isMeant)
  }
}

function isSame(one: string | null, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase()
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
