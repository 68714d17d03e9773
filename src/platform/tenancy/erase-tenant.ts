import { ShellError, type Scope } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../store/index.ts'
import { shownColumns, tenantTables } from './tenant-tables.ts'

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

const pageRows = 1_000

export async function* exportRows(store: Store, scope: Scope): AsyncGenerator<{ readonly table: string; readonly row: unknown }> {
  const tables = await store.within(scope, (query) => tenantTables(query))
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
