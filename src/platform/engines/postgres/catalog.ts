import type {
  Catalog,
  CatalogColumn,
  CatalogFunction,
  Disclosure,
  ForeignKey,
  Relation,
  RelationKind,
  WriteEffect,
} from '../../../domain/index.ts'
import { catalogVersion } from '../catalog-version.ts'
import { catalogQueries } from './catalog-queries.ts'
import { computingFunctions } from './computing-functions.ts'
import type { PostgresSession } from './session.ts'
import { readStatistics, type StatisticsByColumn } from './statistics.ts'

interface RelationRow {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly comment: string | null
  readonly estimatedRows: string
  readonly sizeBytes: string | null
  readonly definition: string | null
  readonly parents: readonly string[]
}

interface ColumnRow {
  readonly oid: string
  readonly name: string
  readonly type: string
  readonly isNullable: boolean
  readonly comment: string | null
}

interface KeyRow {
  readonly oid: string
  readonly name: string
  readonly kind: string
  readonly columns: readonly string[]
  readonly targetSchema: string | null
  readonly targetName: string | null
  readonly targetColumns: readonly string[] | null
}

type FunctionRow = CatalogFunction & { readonly signature: string | null }
type EffectRow = WriteEffect & { readonly oid: string }

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  v: 'view',
  m: 'materialized-view',
  f: 'foreign-table',
  p: 'partitioned-table',
}

/**
 * All this database user may select from, in a handful of queries however many tables there are. `searchPath` is the one
 * that statements of this pool run with.
 */
export async function readCatalog(session: PostgresSession, disclosure: Disclosure, searchPath: readonly string[]): Promise<Catalog> {
  const [server] = await session.own<{ database: string; version: string }>(catalogQueries.server)
  const relationRows = await session.own<RelationRow>(catalogQueries.relations)
  const columnsOf = groupByOid(await session.own<ColumnRow>(catalogQueries.columns))
  const keysOf = groupByOid([
    ...(await session.own<KeyRow>(catalogQueries.keys)),
    ...(await session.own<KeyRow>(catalogQueries.uniqueIndexes)),
  ])
  const effectsOf = groupByOid(await session.own<EffectRow>(catalogQueries.effects))
  const functions = (await session.own<FunctionRow>(catalogQueries.functions)).map(toFunction)
  const operators = await session.own<{ name: string }>(catalogQueries.operators)
  const types = await session.own<{ name: string }>(catalogQueries.types)
  const bare = relationRows
    .map((row) => ({
      ...toRelation(row, columnsOf.get(row.oid) ?? [], keysOf.get(row.oid) ?? []),
      effects: effectsFor(effectsOf.get(row.oid)),
    }))
    .filter((relation) => relation.columns.length > 0)
  const schemaPart = {
    searchPath,
    functions,
    operators: operators.map((row) => row.name),
    types: types.map((row) => row.name),
  }
  const statistics: StatisticsByColumn = disclosure === 'schema' ? new Map() : await readStatistics(session, bare)
  return {
    dialect: 'postgres',
    database: server?.database ?? '',
    serverVersion: server?.version ?? '',
    version: catalogVersion({ ...schemaPart, relations: bare }),
    ...schemaPart,
    relations: bare.map((relation) => withStatistics(relation, statistics)),
  }
}

function groupByOid<Row extends { readonly oid: string }>(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => row.oid)
}

function toFunction({ signature, ...row }: FunctionRow): CatalogFunction {
  return signature !== null && computingFunctions.has(signature) ? { ...row, onlyComputes: true } : row
}

function effectsFor(rows: readonly EffectRow[] = []): readonly WriteEffect[] {
  return rows.map(({ oid: _ofRelation, ...effect }) => effect)
}

function toRelation(row: RelationRow, columns: readonly ColumnRow[], keys: readonly KeyRow[]): Relation {
  const names = new Set(columns.map((column) => column.name))
  const visible = keys.filter((key) => key.columns.every((name) => names.has(name)))
  const estimatedRows = Number(row.estimatedRows)
  return {
    schema: row.schema,
    name: row.name,
    kind: kinds[row.kind] ?? 'table',
    comment: row.comment,
    columns: columns.map(({ name, type, isNullable, comment }): CatalogColumn => ({ name, type, isNullable, comment, statistics: null })),
    primaryKey: visible.find((key) => key.kind === 'p')?.columns ?? [],
    uniqueKeys: visible.filter((key) => key.kind === 'u').map((key) => key.columns),
    foreignKeys: visible.filter((key) => key.kind === 'f').map(toForeignKey),
    estimatedRows: estimatedRows < 0 ? null : estimatedRows,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    definition: row.definition,
    parents: row.parents,
  }
}

function toForeignKey(key: KeyRow): ForeignKey {
  return {
    name: key.name,
    columns: key.columns,
    target: { schema: key.targetSchema ?? '', name: key.targetName ?? '', columns: key.targetColumns ?? [] },
  }
}

function withStatistics(relation: Relation, statistics: StatisticsByColumn): Relation {
  const columns = relation.columns.map((column) => ({
    ...column,
    statistics: statistics.get(`${relation.schema}.${relation.name}.${column.name}`) ?? null,
  }))
  return { ...relation, columns }
}
