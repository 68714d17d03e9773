import { sql, type Query } from '../store/index.ts'

/** Every table that has tenants; with `column`, those that have it too. */
export async function tenantTables(query: Query, column = 'tenant_id'): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    JOIN pg_attribute b ON b.attrelid = c.oid AND b.attname = ${column} AND NOT b.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`.execute(query)
  return rows.map((row) => row.name)
}

/** What is never handed out: bytes are hashes, seals and keys here, and a password's text form says its cost and salt. */
const hidden = /hash|secret|sealed|key|token_text|signature/

export async function shownColumns(query: Query, table: string): Promise<readonly string[]> {
  const rows = await columnsOf(query, table)
  return rows.filter((row) => row.type !== 'bytea' && !hidden.test(row.name)).map((row) => row.name)
}

export async function uuidColumns(query: Query, table: string): Promise<readonly string[]> {
  return (await columnsOf(query, table)).filter(({ type }) => type === 'uuid').map(({ name }) => name)
}

async function columnsOf(query: Query, table: string): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
    WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`.execute(query)
  return rows
}
