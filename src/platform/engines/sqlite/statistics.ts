import type { DatabaseSync } from 'node:sqlite'
import type { CatalogColumn, ColumnStatistics, Relation } from '../../../domain/index.ts'
import { longestValue, mostValues, sampleBudgetMs, sampledRows } from '../statistics-bounds.ts'
import { cellText, kindOfType, type SqliteValue } from './column-kind.ts'
import { rowsOf } from './open-database.ts'

/** Values of the first rows of each table, within a time for all of them; SQLite keeps no statistics of values itself. */
export function readStatistics(database: DatabaseSync, relations: readonly Relation[]): Relation[] {
  const deadlineMs = performance.now() + sampleBudgetMs
  return relations.map((relation) => ({
    ...relation,
    columns: relation.columns.map((column) =>
      relation.kind === 'table' && performance.now() < deadlineMs ? { ...column, statistics: sample(database, relation, column) } : column,
    ),
  }))
}

interface Summary {
  readonly rows: number
  readonly filled: number
  readonly least: SqliteValue
  readonly most: SqliteValue
}

function sample(database: DatabaseSync, relation: Relation, column: CatalogColumn): ColumnStatistics | null {
  const kind = kindOfType(column.type)
  if (kind === 'binary' || kind === 'json') return null
  const name = `"${column.name.replaceAll('"', '""')}"`
  const source = `(SELECT ${name} AS v FROM "${relation.name.replaceAll('"', '""')}" LIMIT ${sampledRows})`
  try {
    const [summary] = rowsOf<Summary>(
      database,
      `SELECT count(*) AS rows, count(v) AS filled, min(v) AS least, max(v) AS most FROM ${source}`,
    )
    if (summary === undefined || summary.rows === 0) return null
    const isWhole = summary.rows < sampledRows
    const nullShare = 1 - summary.filled / summary.rows
    const hasBounds = isWhole && (kind === 'number' || kind === 'time')
    const bounds = { min: hasBounds ? short(summary.least) : null, max: hasBounds ? short(summary.most) : null }
    if (kind === 'number') return { distinct: null, nullShare, values: [], isComplete: false, ...bounds }
    const values = commonest(database, source)
    const isComplete = isWhole && values.length <= mostValues && values.every((value) => value.length <= longestValue)
    const kept = values.slice(0, mostValues).filter((value) => value.length <= longestValue)
    return { distinct: isWhole && values.length <= mostValues ? values.length : null, nullShare, values: kept, isComplete, ...bounds }
  } catch {
    return null // a column that cannot be read as a whole (an overflowing number) is known without its values
  }
}

/** One more than is kept, to know whether these are all. */
function commonest(database: DatabaseSync, source: string): string[] {
  const query = `SELECT v, count(*) AS n FROM ${source} WHERE typeof(v) = 'text' GROUP BY v ORDER BY n DESC, v LIMIT ${mostValues + 1}`
  return rowsOf<{ readonly v: string }>(database, query).map((row) => row.v)
}

function short(value: SqliteValue): string | null {
  return (typeof value === 'number' && Number.isInteger(value) ? String(value) : cellText(value))?.slice(0, longestValue) ?? null
}
