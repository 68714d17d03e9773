import type { DatabaseSync } from 'node:sqlite'
import type { CatalogColumn, ForeignKey, Relation } from '../../../domain/index.ts'
import { readEffects } from './effects.ts'
import { rowsOf } from './open-database.ts'
import { readStatistics } from './statistics.ts'

interface TableRow {
  readonly name: string
  readonly type: string
  readonly sql: string | null
}

interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly pk: number
  readonly hidden: number
}

interface KeyRow {
  readonly id: number
  readonly seq: number
  readonly table: string
  readonly from: string
  readonly to: string | null
}

interface IndexRow {
  readonly name: string
  readonly unique: number
  readonly partial: number
}

// Shadow tables hold what a virtual table is made of; they are not asked about.
const tablesQuery = `
  SELECT l.name, l.type, m.sql FROM pragma_table_list l LEFT JOIN sqlite_schema m ON m.name = l.name AND m.type IN ('table', 'view')
  WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name`

/** Tables and views of the file. Runs in the sandbox. */
export function readRelations(database: DatabaseSync, options: { readonly hasStatistics: boolean }): Relation[] {
  const planned = plannedRows(database)
  const tables = rowsOf<TableRow>(database, tablesQuery)
  const relations = tables.flatMap((table) => {
    try {
      return [toRelation(database, table, planned)]
    } catch {
      return [] // a view over something that is gone cannot be asked about
    }
  })
  const effects = readEffects(database)
  const keys = new Map(relations.map((relation) => [relation.name.toLowerCase(), relation.primaryKey]))
  const linked = relations.map((relation) => ({
    ...relation,
    foreignKeys: relation.foreignKeys.map((key) => withTarget(key, keys)),
    effects: effects.get(relation.name.toLowerCase()) ?? [],
  }))
  return options.hasStatistics ? readStatistics(database, linked) : linked
}

function toRelation(database: DatabaseSync, table: TableRow, planned: ReadonlyMap<string, number>): Relation {
  const columns = rowsOf<ColumnRow>(database, 'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', table.name)
  const isView = table.type === 'view'
  const primaryKey = columns.filter((column) => column.pk > 0).toSorted((a, b) => a.pk - b.pk)
  return {
    schema: 'main',
    name: table.name,
    kind: isView ? 'view' : 'table',
    comment: null,
    columns: columns.filter((column) => column.hidden !== 1).map((column) => toColumn(column, primaryKey.length === 1)),
    primaryKey: primaryKey.map((column) => column.name),
    uniqueKeys: isView ? [] : uniqueKeys(database, table.name),
    foreignKeys: isView ? [] : foreignKeys(database, table.name),
    estimatedRows: isView ? null : (planned.get(table.name) ?? countRows(database, table)),
    sizeBytes: null,
    definition: isView ? table.sql : null,
    parents: [],
  }
}

/** An INTEGER PRIMARY KEY is the row's own number and never NULL; other primary keys of SQLite can be. */
function toColumn(column: ColumnRow, isOnlyKey: boolean): CatalogColumn {
  const isRowNumber = isOnlyKey && column.pk === 1 && /^integer$/i.test(column.type)
  return {
    name: column.name,
    type: column.type === '' ? 'any' : column.type,
    isNullable: column.notnull === 0 && !isRowNumber,
    comment: null,
    statistics: null,
  }
}

function uniqueKeys(database: DatabaseSync, table: string): string[][] {
  return rowsOf<IndexRow>(database, `SELECT name, "unique", partial FROM pragma_index_list(?) WHERE origin <> 'pk' ORDER BY name`, table)
    .filter((index) => index.unique === 1 && index.partial === 0)
    .map((index) => rowsOf<{ readonly name: string | null }>(database, 'SELECT name FROM pragma_index_info(?) ORDER BY seqno', index.name))
    .filter((columns) => columns.every((column) => column.name !== null)) // an expression is no column
    .map((columns) => columns.map((column) => column.name ?? ''))
}

function foreignKeys(database: DatabaseSync, table: string): ForeignKey[] {
  const rows = rowsOf<KeyRow>(database, 'SELECT id, seq, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq', table)
  return [...Map.groupBy(rows, (row) => row.id).entries()].map(([id, parts]) => ({
    name: `${table}_fk_${id}`,
    columns: parts.map((part) => part.from),
    target: { schema: 'main', name: parts[0]?.table ?? '', columns: parts.flatMap((part) => (part.to === null ? [] : [part.to])) },
  }))
}

/** A key that names no columns means the primary key of its target. */
function withTarget(key: ForeignKey, primaryKeys: ReadonlyMap<string, readonly string[]>): ForeignKey {
  if (key.target.columns.length > 0) return key
  return { ...key, target: { ...key.target, columns: primaryKeys.get(key.target.name.toLowerCase()) ?? [] } }
}

/** What ANALYZE has left: the first number of a table's statistics is its rows. */
function plannedRows(database: DatabaseSync): Map<string, number> {
  try {
    const rows = rowsOf<{ readonly tbl: string; readonly stat: string }>(
      database,
      'SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL',
    )
    return new Map(rows.map((row) => [row.tbl, Number.parseInt(row.stat, 10)]))
  } catch {
    return new Map() // never analysed
  }
}

/** Row numbers mostly have no gaps, and the highest is found at once; a table without them is counted. */
function countRows(database: DatabaseSync, table: TableRow): number | null {
  if (table.type === 'virtual') return null
  const name = `"${table.name.replaceAll('"', '""')}"`
  const query = /\bWITHOUT\s+ROWID\b/i.test(table.sql ?? '') ? `SELECT count(*) AS n FROM ${name}` : `SELECT max(_rowid_) AS n FROM ${name}`
  return rowsOf<{ readonly n: number | null }>(database, query)[0]?.n ?? 0
}
