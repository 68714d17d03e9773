import type { Scope } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../../platform/store/index.ts'

/** How often a server says that it lives. */
export const beatMs = 5_000
/** A server silent for this long is gone; six beats, so that a slow store or a pause of the process is no death. */
const goneAfterSeconds = 30

export interface SweepOptions {
  readonly serverId: string
  /** No other server shares this store (an embedded one): whoever else has open intents is gone. */
  readonly isOnlyServer: boolean
  /** Entries this process still works on. */
  readonly isOpenHere: (entryId: string) => boolean
}

/** Says that this server lives, by the store's clock. */
export async function beat(store: Store, serverId: string): Promise<void> {
  await store.withoutTenant((query) =>
    query
      .insertInto('server_instance')
      .values({ server_id: serverId })
      .onConflict((conflict) => conflict.column('server_id').doUpdateSet({ beat_at: sql`now()` }))
      .execute(),
  )
}

/** Open intents that nobody works on any more, tenant by tenant. */
export async function findLost(
  store: Store,
  options: SweepOptions,
): Promise<readonly { readonly scope: Scope; readonly entryId: string }[]> {
  const tenants = await store.withoutTenant(async (query) => {
    const { rows } = await sql<{ tenant_id: string }>`SELECT tenants_with_open_intents() AS tenant_id`.execute(query)
    return rows.map((row) => row.tenant_id)
  })
  const lost = []
  for (const tenantId of tenants) {
    const scope = { tenantId }
    const entryIds = await store.within(scope, (query) => findLostOf(query, scope, options))
    lost.push(...entryIds.map((entryId) => ({ scope, entryId })))
  }
  return lost
}

async function findLostOf(query: Query, scope: Scope, options: SweepOptions): Promise<readonly string[]> {
  const { rows } = await sql<{ entry_id: string; server_id: string; is_gone: boolean }>`
    SELECT o.entry_id, o.server_id, s.beat_at IS NULL OR s.beat_at < now() - make_interval(secs => ${goneAfterSeconds}) AS is_gone
    FROM record_open o LEFT JOIN server_instance s ON s.server_id = o.server_id
    WHERE o.tenant_id = ${scope.tenantId}`.execute(query)
  return rows.filter((row) => isLost(row, options)).map((row) => row.entry_id)
}

/** One's own intents are judged by what one is doing: an end that could not be written leaves a row behind. */
function isLost(row: { entry_id: string; server_id: string; is_gone: boolean }, options: SweepOptions): boolean {
  if (row.server_id === options.serverId) return !options.isOpenHere(row.entry_id)
  return options.isOnlyServer || row.is_gone
}

/** Servers gone for an hour leave the list; their open intents, if any are left, count as those of an unknown one. */
export async function forgetGone(store: Store): Promise<void> {
  await store.withoutTenant((query) =>
    query
      .deleteFrom('server_instance')
      .where('beat_at', '<', sql<Date>`now() - interval '1 hour'`)
      .execute(),
  )
}
