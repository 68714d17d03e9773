import { sql } from 'kysely'
import type { Scope } from '../../domain/index.ts'
import type { Store } from './store.ts'

/** Every tenant there is, suspended ones too; for what is done for all of them in turn. */
export async function tenantScopes(store: Store): Promise<readonly Scope[]> {
  const { rows } = await store.withoutTenant((query) => sql<{ tenant_id: string }>`SELECT tenant_ids() AS tenant_id`.execute(query))
  return rows.map((row) => ({ tenantId: row.tenant_id }))
}
