import { escapeIdentifier } from 'pg'
import type { ColumnStatistics, Relation } from '../../../domain/index.ts'
import { longestValue, mostValues, sampleBudgetMs, sampledRows } from '../statistics-bounds.ts'
import { catalogQueries } from './catalog-queries.ts'
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

const sampledTableBytes = 8 * 1024 * 1024
/** One table may take this much of the budget; a lock or a policy that is slow costs only its own values. */
const tableBudgetMs = 800

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
  await knowEnums(session, relations, statistics)
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
  const bounds = row.bounds ?? []
  const common = row.values ?? []
  // The bounds of a histogram are values as good as any, only no common ones.
  const values = [...new Set([...common, ...bounds])].filter((value) => value.length <= longestValue)
  return {
    distinct,
    nullShare: row.nullShare,
    values: values.slice(0, mostValues),
    isComplete: bounds.length === 0 && common.length > 0 && common.length === values.length && common.length <= mostValues,
    min: bounds[0]?.slice(0, longestValue) ?? null,
    max: bounds.at(-1)?.slice(0, longestValue) ?? null,
  }
}

/** Where nobody has counted, an enum's labels are at least what its values can be. */
async function knowEnums(session: PostgresSession, relations: readonly Relation[], statistics: StatisticsByColumn): Promise<void> {
  const labelsOf = new Map(
    (await session.own<{ type: string; labels: string[] }>(catalogQueries.enums)).map((row) => [row.type, row.labels]),
  )
  for (const relation of relations) {
    for (const column of relation.columns) {
      const key = `${relation.schema}.${relation.name}.${column.name}`
      const labels = labelsOf.get(column.type)
      if (labels === undefined || statistics.has(key)) continue
      const isComplete = labels.length <= mostValues
      statistics.set(key, { distinct: null, nullShare: null, values: labels.slice(0, mostValues), isComplete, min: null, max: null })
    }
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
  for (const relation of small) {
    if (Date.now() > deadline) return
    const columns = relation.columns.filter((column) =>
      needsSample(column.type, statistics.get(`${relation.schema}.${relation.name}.${column.name}`)),
    )
    if (columns.length > 0) await sampleSafely(session, () => sampleTable(session, relation, columns, statistics))
  }
}

/** A table that cannot be read in time is known without its values; the transaction goes on. */
async function sampleSafely(session: PostgresSession, work: () => Promise<void>): Promise<void> {
  await session.client.query(`SAVEPOINT sample; SET LOCAL statement_timeout = ${tableBudgetMs}; SET LOCAL lock_timeout = 100`)
  try {
    await work()
    await session.client.query('RELEASE SAVEPOINT sample')
  } catch {
    await session.client.query('ROLLBACK TO SAVEPOINT sample')
  }
}

function needsSample(type: string, known: ColumnStatistics | undefined): boolean {
  if (texty.test(type)) return known?.isComplete !== true
  return comparable.test(type) && known === undefined
}

/** One query per table: how many rows were looked at, then each column's values, or its bounds. */
async function sampleTable(
  session: PostgresSession,
  relation: Relation,
  columns: Relation['columns'],
  statistics: StatisticsByColumn,
): Promise<void> {
  const table = `${escapeIdentifier(relation.schema)}.${escapeIdentifier(relation.name)}`
  const parts = columns.map(({ name, type }) => {
    const source = `(SELECT ${escapeIdentifier(name)} AS v FROM ${table} LIMIT ${sampledRows}) AS s`
    return texty.test(type)
      ? `ARRAY(SELECT v::text FROM ${source} WHERE v IS NOT NULL GROUP BY v::text ORDER BY count(*) DESC, v::text LIMIT ${mostValues + 1})`
      : `(SELECT ARRAY[min(v)::text, max(v)::text] FROM ${source})`
  })
  const counted = `(SELECT ARRAY[count(*)::text] FROM (SELECT FROM ${table} LIMIT ${sampledRows}) AS s)`
  const [count, ...rows] = await session.own<{ readonly values: readonly (string | null)[] }>(
    [counted, ...parts].map((part) => `SELECT ${part} AS values`).join(' UNION ALL '),
  )
  const isWhole = Number(count?.values[0] ?? sampledRows) < sampledRows
  for (const [at, column] of columns.entries()) {
    const key = `${relation.schema}.${relation.name}.${column.name}`
    const values = rows[at]?.values ?? []
    const known = statistics.get(key)
    statistics.set(key, texty.test(column.type) ? fromValues(values, isWhole, known) : fromBounds(values, isWhole, known))
  }
}

function fromValues(found: readonly (string | null)[], isWhole: boolean, known: ColumnStatistics | undefined): ColumnStatistics {
  const values = found.filter((value): value is string => value !== null)
  const isAll = isWhole && values.length <= mostValues
  const kept = values.slice(0, mostValues).filter((value) => value.length <= longestValue)
  return {
    distinct: isAll ? values.length : (known?.distinct ?? null),
    nullShare: known?.nullShare ?? null,
    values: kept,
    isComplete: isAll && kept.length === values.length,
    min: null,
    max: null,
  }
}

function fromBounds(found: readonly (string | null)[], isWhole: boolean, known: ColumnStatistics | undefined): ColumnStatistics {
  const [min = null, max = null] = isWhole ? found : []
  return { distinct: null, nullShare: known?.nullShare ?? null, values: [], isComplete: false, min, max }
}
