import type { Catalog, CatalogFunction, Disclosure, ForeignKey, Relation } from '../../../domain/index.ts'
import { catalogVersion } from '../catalog-version.ts'
import { catalogQueries } from './catalog-queries.ts'
import { readEffects, type KnownEffects } from './effects.ts'
import type { MysqlTarget } from './mysql-target.ts'
import type { MysqlSession } from './session.ts'
import { readStatistics } from './statistics.ts'

interface RelationRow {
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly comment: string | null
  readonly estimatedRows: string | null
  readonly sizeBytes: string | null
  readonly definition: string | null
}

interface ColumnRow {
  readonly schema: string
  readonly relation: string
  readonly name: string
  readonly type: string
  readonly isNullable: string
  readonly comment: string | null
}

interface KeyRow {
  readonly schema: string
  readonly relation: string
  readonly name: string
  /** null: an expression. */
  readonly column: string | null
  readonly part: unknown
}

interface ForeignKeyRow {
  readonly schema: string
  readonly relation: string
  readonly name: string
  readonly column: string
  readonly targetSchema: string
  readonly targetName: string
  readonly targetColumn: string
}

interface FunctionRow {
  readonly schema: string
  readonly name: string
  readonly resultType: string | null
  readonly isDeterministic: string
  readonly access: string
  readonly argumentTypes: string | null
}

/** All this database user may select from, in every database of the server it may see, in a handful of queries. */
export async function readCatalog(session: MysqlSession, target: MysqlTarget, disclosure: Disclosure): Promise<Catalog> {
  const relationRows = await session.own<RelationRow>(catalogQueries.relations)
  const columnsOf = groupRows(await session.own<ColumnRow>(catalogQueries.columns))
  const keysOf = groupRows(await session.own<KeyRow>(catalogQueries.keys))
  const foreignOf = groupRows(await session.own<ForeignKeyRow>(catalogQueries.foreignKeys))
  const functions = (await session.own<FunctionRow>(catalogQueries.functions)).map(toFunction)
  const effects = await readEffects(session)
  const bare = relationRows
    .map((row) => {
      const key = `${row.schema}\u0000${row.name}`
      const relation = toRelation(row, columnsOf.get(key) ?? [], keysOf.get(key) ?? [], foreignOf.get(key) ?? [])
      return relation.kind === 'table' ? withEffects(relation, effects) : relation
    })
    .filter((relation) => relation.columns.length > 0)
  const schemaPart = { searchPath: [target.database], functions, operators: [], types: [] }
  return {
    dialect: target.engine,
    database: target.database,
    serverVersion: session.facts.version,
    version: catalogVersion({ ...schemaPart, relations: bare }),
    ...schemaPart,
    relations: disclosure === 'schema' ? bare : await readStatistics(session, bare),
  }
}

function groupRows<Row extends { readonly schema: string; readonly relation: string }>(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, (row) => `${row.schema}\u0000${row.relation}`)
}

function toRelation(row: RelationRow, columns: readonly ColumnRow[], keys: readonly KeyRow[], foreign: readonly ForeignKeyRow[]): Relation {
  const names = new Set(columns.map((column) => column.name))
  const isVisible = (key: readonly string[]): boolean => key.every((name) => names.has(name))
  const unique = [...Map.groupBy(keys, (key) => key.name)]
    .filter(([, parts]) => parts.every((part) => part.column !== null && part.part === null))
    .map(([name, parts]) => ({ name, columns: parts.map((part) => part.column ?? '') }))
    .filter((key) => isVisible(key.columns))
  const isView = row.kind === 'VIEW'
  return {
    schema: row.schema,
    name: row.name,
    kind: isView ? 'view' : 'table',
    comment: isView ? null : emptyAsNull(row.comment),
    columns: columns.map(({ name, type, isNullable, comment }) => ({
      name,
      type,
      isNullable: isNullable === 'YES',
      comment: emptyAsNull(comment),
      statistics: null,
    })),
    primaryKey: unique.find((key) => key.name === 'PRIMARY')?.columns ?? [],
    uniqueKeys: unique.filter((key) => key.name !== 'PRIMARY').map((key) => key.columns),
    foreignKeys: [...Map.groupBy(foreign, (key) => key.name)].map(toForeignKey).filter((key) => isVisible(key.columns)),
    estimatedRows: isView || row.estimatedRows === null ? null : Number(row.estimatedRows),
    sizeBytes: isView || row.sizeBytes === null ? null : Number(row.sizeBytes),
    definition: isView ? emptyAsNull(row.definition) : null, // empty: this user may not see it
    parents: [],
  }
}

function withEffects(relation: Relation, effects: KnownEffects): Relation {
  const known = { ...relation, effects: effects.of(relation.schema, relation.name) }
  return effects.hasHidden ? { ...known, hasHiddenEffects: true } : known
}

function toForeignKey([name, parts]: readonly [string, readonly ForeignKeyRow[]]): ForeignKey {
  return {
    name,
    columns: parts.map((part) => part.column),
    target: { schema: parts[0]?.targetSchema ?? '', name: parts[0]?.targetName ?? '', columns: parts.map((part) => part.targetColumn) },
  }
}

function toFunction(row: FunctionRow): CatalogFunction {
  const readsNothing = /^(NO SQL)$/.test(row.access)
  return {
    schema: row.schema,
    name: row.name,
    argumentTypes: row.argumentTypes === null ? [] : row.argumentTypes.split('\n'),
    resultType: row.resultType ?? '',
    volatility: row.isDeterministic === 'YES' && readsNothing ? 'immutable' : row.access === 'READS SQL DATA' ? 'stable' : 'volatile',
  }
}

function emptyAsNull(text: string | null): string | null {
  return text === null || text === '' ? null : text
}
