import { ShellError, type Scope } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../store/index.ts'

/** Every server has seen the suspension by then, and answers that were under way have met it. */
export const restSeconds = 5

export async function eraseTenant(
  store: Store,
  scope: Scope,
): Promise<{ readonly tables: Readonly<Record<string, number>>; readonly left: number }> {
  try {
    return await store.within(scope, async (query) => {
      const { rows } = await sql<{ table_name: string; removed: string }>`SELECT * FROM tenant_erase(${restSeconds})`.execute(query)
      const tables = Object.fromEntries(rows.map((row) => [row.table_name, Number(row.removed)]))
      return { tables, left: await countLeft(query) }
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'RC003') throw error
    throw new ShellError({
      code: 'tenancy.not-suspended',
      kind: 'conflict',
      message: `Only a tenant that has been suspended for ${restSeconds} seconds can be erased.`,
      hint: 'Suspend it, let its people know, export it, then erase it.',
      cause: error,
    })
  }
}

async function countLeft(query: Query): Promise<number> {
  let left = 0
  for (const table of await tenantTables(query)) {
    const { rows } = await sql<{ count: string }>`SELECT count(*) AS count FROM ${sql.table(table)}`.execute(query)
    left += Number(rows[0]?.count ?? 0)
  }
  return left
}

async function tenantTables(query: Query): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped ORDER BY 1`.execute(
    query,
  )
  return rows.map((row) => row.name)
}

/** What is never handed out: bytes are hashes, seals and keys here, and a password's text form says its cost and salt. */
const hidden = /hash|secret|sealed|key|token_text|signature/

const pageRows = 1_000

export async function* exportRows(store: Store, scope: Scope): AsyncGenerator<{ readonly table: string; readonly row: unknown }> {
  const tables = await store.within(scope, tenantTables)
  for (const table of tables.filter((name) => !name.startsWith('record_'))) {
    const columns = await store.within(scope, (query) => shownColumns(query, table))
    for (let offset = 0; ; offset += pageRows) {
      const { rows } = await store.within(scope, (query) =>
        sql`SELECT ${sql.join(columns.map((column) => sql.ref(column)))} FROM ${sql.table(table)} ORDER BY 1, 2 LIMIT ${pageRows} OFFSET ${offset}`.execute(
          query,
        ),
      )
      for (const row of rows) yield { table, row }
      if (rows.length < pageRows) break
    }
  }
}

async function shownColumns(query: Query, table: string): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
    WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`.execute(query)
  return rows.filter((row) => row.type !== 'bytea' && !hidden.test(row.name)).map((row) => row.name)
}
