import type { CatalogColumn, ColumnStatistics, Relation } from '../../../domain/index.ts'
import { dialectFacts } from '../../../domain/index.ts'
import { longestValue, mostValues, sampleBudgetMs, sampledRows } from '../statistics-bounds.ts'
import type { MysqlSession } from './session.ts'

/** Types whose values help to find what a question names. */
const texty = /^(char|varchar|tinytext|text|mediumtext|longtext|enum|set|uuid|inet)/
const comparable = /^(date|datetime|timestamp|time|year|tinyint|smallint|mediumint|int|bigint|decimal|float|double)/
const sampledTableBytes = 64 * 1024 * 1024
/** One table may take this much of the budget; one that is slow costs only its own values. */
const tableBudgetMs = 800

interface ValueRow {
  readonly place: string
  readonly value: string | null
  readonly times: string
}

/**
 * Values of the first rows of each table, smallest tables first, within a time for all of them. The servers keep
 * histograms where a user who can only read does not see them.
 */
export async function readStatistics(session: MysqlSession, relations: readonly Relation[]): Promise<Relation[]> {
  const deadlineMs = performance.now() + sampleBudgetMs
  await session.own(
    session.facts.isMariadb
      ? `SET SESSION max_statement_time = ${tableBudgetMs / 1000}`
      : `SET SESSION max_execution_time = ${tableBudgetMs}`,
  )
  const known = new Map<Relation, Relation>()
  const small = relations
    .filter((relation) => relation.kind === 'table' && (relation.sizeBytes ?? Infinity) <= sampledTableBytes)
    .toSorted((a, b) => (a.sizeBytes ?? 0) - (b.sizeBytes ?? 0))
  for (const relation of small) {
    if (performance.now() > deadlineMs) break
    const columns = relation.columns.filter((column) => texty.test(column.type) || comparable.test(column.type))
    const statistics = columns.length === 0 ? null : await sampleTable(session, relation, columns)
    if (statistics !== null) known.set(relation, withStatistics(relation, statistics))
  }
  return relations.map((relation) => known.get(relation) ?? withStatistics(relation, new Map()))
}

function withStatistics(relation: Relation, statistics: ReadonlyMap<string, ColumnStatistics>): Relation {
  const columns = relation.columns.map((column) => ({ ...column, statistics: statistics.get(column.name) ?? labelsOf(column) }))
  return { ...relation, columns }
}

/** One query per table; null: it could not be read in time. */
async function sampleTable(
  session: MysqlSession,
  relation: Relation,
  columns: readonly CatalogColumn[],
): Promise<ReadonlyMap<string, ColumnStatistics> | null> {
  const quote = (name: string): string => dialectFacts.mysql.quoteIdentifier(name)
  const table = `${quote(relation.schema)}.${quote(relation.name)}`
  const parts = columns.map(({ name, type }, at) => {
    const source = `(SELECT ${quote(name)} AS v FROM ${table} LIMIT ${sampledRows}) AS s`
    const nulls = `SELECT '${at} null' AS place, NULL AS value, COUNT(*) AS times FROM ${source} WHERE v IS NULL`
    if (!texty.test(type))
      return `${nulls} UNION ALL SELECT '${at} min', CAST(MIN(v) AS CHAR), 1 FROM ${source} UNION ALL SELECT '${at} max', CAST(MAX(v) AS CHAR), 1 FROM ${source}`
    const counted = `SELECT CAST(v AS CHAR) AS value, COUNT(*) AS times FROM ${source} WHERE v IS NOT NULL GROUP BY v ORDER BY times DESC, value LIMIT ${mostValues + 1}`
    return `${nulls} UNION ALL SELECT '${at} value', value, times FROM (${counted}) AS q`
  })
  const counted = `SELECT 'rows' AS place, NULL AS value, COUNT(*) AS times FROM (SELECT 1 FROM ${table} LIMIT ${sampledRows}) AS s`
  try {
    const rows = await session.own<ValueRow>([counted, ...parts].map((part) => `(${part})`).join(' UNION ALL '))
    return toStatistics(rows, columns)
  } catch (error) {
    if (!session.isUsable) throw error
    return null
  }
}

function toStatistics(rows: readonly ValueRow[], columns: readonly CatalogColumn[]): ReadonlyMap<string, ColumnStatistics> {
  const by = Map.groupBy(rows, (row) => row.place)
  const total = Number(by.get('rows')?.[0]?.times ?? 0)
  const isWhole = total < sampledRows
  const statistics = new Map<string, ColumnStatistics>()
  for (const [at, { name, type }] of columns.entries()) {
    const nullShare = total === 0 ? null : Number(by.get(`${at} null`)?.[0]?.times ?? 0) / total
    const bound = (which: string): string | null =>
      isWhole ? (by.get(`${at} ${which}`)?.[0]?.value?.slice(0, longestValue) ?? null) : null
    const found = (by.get(`${at} value`) ?? []).map((row) => row.value ?? '')
    const isAll = texty.test(type) && isWhole && found.length <= mostValues
    const values = found.slice(0, mostValues).filter((value) => value.length <= longestValue)
    statistics.set(name, {
      distinct: isAll ? found.length : null,
      nullShare,
      values,
      isComplete: isAll && values.length === found.length,
      min: bound('min'),
      max: bound('max'),
    })
  }
  return statistics
}

/** Where nobody has looked, an enum's labels are at least what its values can be. */
function labelsOf(column: CatalogColumn): ColumnStatistics | null {
  if (!/^(enum|set)\(/.test(column.type)) return null
  const labels = Array.from(column.type.matchAll(/'((?:[^']|'')*)'/g), ([, label = '']) => label.replaceAll("''", "'"))
  const isComplete = column.type.startsWith('enum') && labels.length <= mostValues
  return { distinct: null, nullShare: null, values: labels.slice(0, mostValues), isComplete, min: null, max: null }
}
