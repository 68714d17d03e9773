import { ShellError, type CatalogColumn, type Relation } from '../../../domain/index.ts'
import { searchRelations } from '../../../contract/index.ts'
import type { McpRooms, ToolCall } from '../rooms.ts'
import { done, type ToolResult } from '../tool-result.ts'

const defaultMatches = 10
/** Columns shown of a found table; describe_table shows all. */
const shownColumns = 12

export async function listConnections(rooms: McpRooms, { actor }: ToolCall): Promise<ToolResult> {
  const connections = (await rooms.connections.list(actor)).map(({ name, engine, description }) => ({ name, engine, description }))
  const lines = connections.map(({ name, engine, description }) => `${name} (${engine})${description === '' ? '' : `: ${description}`}`)
  return done(lines.length === 0 ? 'There are no connections you may see.' : lines.join('\n'), { connections })
}

export async function searchCatalog(
  rooms: McpRooms,
  { actor }: ToolCall,
  input: { readonly connection: string; readonly query: string; readonly limit?: number | undefined },
): Promise<ToolResult> {
  const catalog = await rooms.connections.catalog(actor, input.connection)
  const found = searchRelations(catalog.relations, input.query, input.limit ?? defaultMatches)
  const tables = found.map((relation) => ({
    table: `${relation.schema}.${relation.name}`,
    kind: relation.kind,
    ...(relation.comment === null ? {} : { comment: relation.comment }),
    columns: relation.columns.slice(0, shownColumns).map((column) => column.name),
    more_columns: Math.max(0, relation.columns.length - shownColumns),
  }))
  const lines = tables.map(({ table, comment, columns, more_columns: more }) => {
    const rest = more > 0 ? `, and ${more} more` : ''
    return `${table}(${columns.join(', ')}${rest})${comment === undefined ? '' : `: ${comment}`}`
  })
  const text = lines.length === 0 ? `Nothing matches. The connection has ${catalog.relations.length} tables.` : lines.join('\n')
  return done(text, { tables, of: catalog.relations.length })
}

export async function describeTable(
  rooms: McpRooms,
  { actor }: ToolCall,
  input: { readonly connection: string; readonly table: string },
): Promise<ToolResult> {
  const catalog = await rooms.connections.catalog(actor, input.connection)
  const relation = findRelation(catalog.relations, catalog.searchPath, input.table)
  const lines = [
    `${relation.kind} ${relation.schema}.${relation.name}${relation.comment === null ? '' : `: ${relation.comment}`}`,
    ...relation.columns.map((column) => columnLine(column, relation)),
    ...relation.foreignKeys.map(
      (key) => `foreign key (${key.columns.join(', ')}) -> ${key.target.schema}.${key.target.name}(${key.target.columns.join(', ')})`,
    ),
    ...(relation.estimatedRows === null ? [] : [`about ${Math.round(relation.estimatedRows)} rows`]),
  ]
  return done(lines.join('\n'), {
    table: `${relation.schema}.${relation.name}`,
    kind: relation.kind,
    comment: relation.comment,
    columns: relation.columns.map(({ name, type, isNullable, comment }) => ({ name, type, nullable: isNullable, comment })),
    primary_key: relation.primaryKey,
    foreign_keys: relation.foreignKeys.map(({ columns, target }) => ({
      columns,
      table: `${target.schema}.${target.name}`,
      target_columns: target.columns,
    })),
    estimated_rows: relation.estimatedRows,
  })
}

function columnLine(column: CatalogColumn, relation: Relation): string {
  const marks = [relation.primaryKey.includes(column.name) ? 'key' : null, column.isNullable ? null : 'not null']
  const notes = marks.filter((mark) => mark !== null)
  return `- ${column.name} ${column.type}${notes.length === 0 ? '' : ` ${notes.join(' ')}`}${column.comment === null ? '' : `: ${column.comment}`}`
}

/** `schema.table`, or `table` in the search path first and then anywhere; letter case does not count. */
function findRelation(relations: readonly Relation[], searchPath: readonly string[], name: string): Relation {
  const wanted = name.replaceAll('"', '').toLowerCase()
  const matches = relations.filter(
    (relation) => `${relation.schema}.${relation.name}`.toLowerCase() === wanted || relation.name.toLowerCase() === wanted,
  )
  const place = (relation: Relation): number =>
    searchPath.includes(relation.schema) ? searchPath.indexOf(relation.schema) : searchPath.length
  const found = matches.sort((a, b) => place(a) - place(b))[0]
  if (found !== undefined) return found
  throw new ShellError({
    code: 'mcp.table-unknown',
    kind: 'missing',
    message: `There is no table ${name} on this connection that you may see.`,
    hint: 'search_catalog finds tables by words.',
  })
}
