import type { Scope } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../../platform/store/index.ts'
import type { StaleExecution } from './approvals.ts'

export interface LeftoverOptions {
  readonly store: Store
  readonly serverId: string
  readonly isOnlyServer: boolean
  readonly isExecutingHere: (executionId: string) => boolean
  /** Marks what has waited too long. */
  readonly expire: (query: Query) => Promise<void>
}

/** An execution beats every few seconds; a server silent for this long is gone, or so slow that its claim may be taken back. */
const silentSeconds = 20
/** Whoever approves also runs it, at once; only a server that died in between leaves it. */
const waitingSeconds = 5

type Leftovers = { readonly approved: readonly (Scope & { readonly id: string })[]; readonly stale: readonly StaleExecution[] }

/** Tenant by tenant: approved writes that nobody runs, and executions that nobody works on. */
export async function findLeftovers(options: LeftoverOptions): Promise<Leftovers> {
  const { store } = options
  const tenants = await store.withoutTenant(async (query) => {
    const { rows } = await sql<{ tenant_id: string }>`SELECT tenants_with_open_approvals() AS tenant_id`.execute(query)
    return rows.map((row) => row.tenant_id)
  })
  const approved: (Scope & { id: string })[] = []
  const stale: StaleExecution[] = []
  for (const tenantId of tenants) {
    const scope = { tenantId }
    const found = await store.within(scope, async (query) => {
      await options.expire(query)
      return { approved: await approvedOf(query, scope, options), stale: await staleOf(query, scope, options) }
    })
    approved.push(...found.approved)
    stale.push(...found.stale)
  }
  return { approved, stale }
}

async function approvedOf(query: Query, scope: Scope, { isOnlyServer }: LeftoverOptions): Promise<(Scope & { id: string })[]> {
  const { rows } = await sql<{ approval_id: string }>`
    SELECT approval_id FROM approval
    WHERE tenant_id = ${scope.tenantId} AND state = 'approved' AND class <> 'read'
      AND decided_at < now() - make_interval(secs => ${isOnlyServer ? 1 : waitingSeconds})`.execute(query)
  return rows.map((row) => ({ ...scope, id: row.approval_id }))
}

interface StaleRow {
  approval_id: string
  execution_id: string
  server_id: string
  connection_id: string
  committing_at: Date | null
  marker: string | null
  is_silent: boolean
}

async function staleOf(query: Query, scope: Scope, options: LeftoverOptions): Promise<StaleExecution[]> {
  const { rows } = await sql<StaleRow>`
    SELECT approval_id, execution_id, server_id, connection_id, committing_at, marker,
      beat_at < now() - make_interval(secs => ${silentSeconds}) AS is_silent
    FROM approval WHERE tenant_id = ${scope.tenantId} AND state = 'executing'`.execute(query)
  return rows
    .filter((row) => isLeft(row, options))
    .map((row) => ({
      ...scope,
      approvalId: row.approval_id,
      executionId: row.execution_id,
      connectionId: row.connection_id,
      isCommitting: row.committing_at !== null,
      marker: row.marker,
    }))
}

/** One's own are judged by what one is doing. */
function isLeft(row: StaleRow, { serverId, isOnlyServer, isExecutingHere }: LeftoverOptions): boolean {
  if (row.server_id === serverId) return !isExecutingHere(row.execution_id)
  return isOnlyServer || row.is_silent
}
