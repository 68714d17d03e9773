import { escapeIdentifier } from 'pg'
import type { ColumnStatistics, Relation } from '../../../domain/index.ts'
import type { PostgresSession } from './session.ts'

/** Key: `schema.table.column`. */
export type StatisticsByColumn = Map<string, ColumnStatistics>

interface StatsRow {
  readonly schema: string
  readonly relation: string
  readonly column: string
  readonly nullShare: number
  readonly distinct: number
  readonly values: string[] | null
  readonly bounds: string[] | null
}

const mostValues = 200
const longestValue = 80
const sampledTableBytes = 8 * 1024 * 1024
const sampledTables = 300
const sampleBudgetMs = 3_000

/** Types whose values help to find what a question names. */
const texty = /^(character varying|character|text|name|"char"|citext|uuid)/
const comparable = /^(date|timestamp|integer|bigint|smallint|numeric|real|double precision)/

/** What the planner knows of each column (pg_stats shows only what this user may read), and values of small tables. */
export async function readStatistics(session: PostgresSession, relations: readonly Relation[]): Promise<StatisticsByColumn> {
  const statistics: StatisticsByColumn = new Map()
  const rowsOf = new Map(relations.map((relation) => [`${relation.schema}.${relation.name}`, relation.estimatedRows]))
  for (const row of await session.own<StatsRow>(statsQuery)) {
    const estimatedRows = rowsOf.get(`${row.schema}.${row.relation}`)
    if (estimatedRows === undefined) continue
    statistics.set(`${row.schema}.${row.relation}.${row.column}`, fromPlanner(row, estimatedRows))
  }
  await sampleSmallTables(session, relations, statistics)
  return statistics
}

// anyarray has no cast to text[]; through text and back it keeps its elements.
const statsQuery = `
  SELECT schemaname::text AS schema, tablename::text AS relation, attname::text AS column, null_frac::float8 AS "nullShare", n_distinct::float8 AS distinct,
    most_common_vals::text::text[] AS values, histogram_bounds::text::text[] AS bounds
  FROM pg_catalog.pg_stats WHERE schemaname <> 'information_schema' AND schemaname !~ '^pg_' AND NOT inherited`

function fromPlanner(row: StatsRow, estimatedRows: number | null): ColumnStatistics {
  const distinct = row.distinct >= 0 ? row.distinct : estimatedRows === null ? null : Math.round(-row.distinct * estimatedRows)
  const values = (row.values ?? []).filter((value) => value.length <= longestValue)
  const bounds = row.bounds ?? []
  return {
    distinct,
    nullShare: row.nullShare,
    values: values.slice(0, mostValues),
    isComplete: bounds.length === 0 && values.length > 0,
    min: bounds[0]?.slice(0, longestValue) ?? null,
    max: bounds.at(-1)?.slice(0, longestValue) ?? null,
  }
}

/**
 * A text column of a small table is worth reading whole: questions name its values, and the planner keeps only the
 * commonest. Time-boxed; what does not fit in the box stays as the planner had it.
 */
async function sampleSmallTables(session: PostgresSession, relations: readonly Relation[], statistics: StatisticsByColumn): Promise<void> {
  const deadline = Date.now() + sampleBudgetMs
  const small = relations
    .filter((relation) => relation.kind === 'table' && (relation.sizeBytes ?? Infinity) <= sampledTableBytes)
    .toSorted((a, b) => (a.sizeBytes ?? 0) - (b.sizeBytes ?? 0))
    .slice(0, sampledTables)
  for (const relation of small) {
    if (Date.now() > deadline) return
    const columns = relation.columns.filter((column) =>
      needsSample(column.type, statistics.get(`${relation.schema}.${relation.name}.${column.name}`)),
    )
    if (columns.length > 0) await sampleTable(session, relation, columns, statistics)
  }
}

function needsSample(type: string, known: ColumnStatistics | undefined): boolean {
  if (texty.test(type)) return known?.isComplete !== true
  return comparable.test(type) && known === undefined
}

async function sampleTable(
  session: PostgresSession,
  relation: Relation,
  columns: Relation['columns'],
  statistics: StatisticsByColumn,
): Promise<void> {
  const table = `${escapeIdentifier(relation.schema)}.${escapeIdentifier(relation.name)}`
  const parts = columns.map(({ name, type }) => {
    const column = escapeIdentifier(name)
    if (!texty.test(type)) return `SELECT ARRAY[min(${column})::text, max(${column})::text] AS values FROM ${table}`
    return `SELECT ARRAY(SELECT v FROM (SELECT ${column}::text AS v, count(*) AS n FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 1 ORDER BY n DESC, v LIMIT ${mostValues + 1}) AS t) AS values`
  })
  const rows = await session.own<{ values: (string | null)[] }>(parts.join(' UNION ALL '))
  for (const [at, column] of columns.entries()) {
    const values = (rows[at]?.values ?? []).filter((value): value is string => value !== null)
    const key = `${relation.schema}.${relation.name}.${column.name}`
    const known = statistics.get(key)
    const nullShare = known?.nullShare ?? null
    if (texty.test(column.type)) statistics.set(key, fromSample(values, nullShare, known))
    else statistics.set(key, { distinct: null, nullShare, values: [], isComplete: false, min: values[0] ?? null, max: values[1] ?? null })
  }
}

function fromSample(values: readonly string[], nullShare: number | null, known: ColumnStatistics | undefined): ColumnStatistics {
  const isComplete = values.length <= mostValues
  const kept = values.slice(0, mostValues).filter((value) => value.length <= longestValue)
  return { distinct: isComplete ? values.length : (known?.distinct ?? null), nullShare, values: kept, isComplete, min: null, max: null }
}
