import { Secret, ShellError, type Scope } from '../../domain/index.ts'
import type { TenantModelBody, TenantModelInput } from '../../contract/index.ts'
import type { Keyring, Store } from '../store/index.ts'

/** A tenant's own way to a language model, its key opened. */
export interface TenantModel {
  readonly provider: TenantModelInput['provider']
  readonly model: string
  readonly baseUrl: string | null
  readonly apiKey: Secret | null
  /** Changes whenever any of it does. */
  readonly stamp: string
}

const field = (version: number) => ({ connectionId: 'tenant-model', field: 'apiKey', version })

export async function readTenantModel(store: Store, keyring: Keyring, scope: Scope): Promise<TenantModel | null> {
  const row = await readRow(store, scope)
  if (row === null) return null
  const key = row.sealed_key === null ? null : new Secret(await keyring.open(scope, field(row.key_version), row.sealed_key))
  const provider = row.provider as TenantModelInput['provider'] // written from that set
  return { provider, model: row.model, baseUrl: row.base_url, apiKey: key, stamp: `${row.key_version} ${row.updated_at.toISOString()}` }
}

export async function describeTenantModel(store: Store, scope: Scope): Promise<TenantModelBody> {
  const row = await readRow(store, scope)
  if (row === null)
    throw new ShellError({ code: 'tenancy.no-model', kind: 'missing', message: 'This tenant has no language model of its own.' })
  return { provider: row.provider, model: row.model, baseUrl: row.base_url, hasKey: row.sealed_key !== null }
}

/** Without a new key the old one is kept, but only for the same provider and address: else it could be sent to a place of somebody's own. */
export async function saveTenantModel(store: Store, keyring: Keyring, scope: Scope, input: TenantModelInput): Promise<void> {
  const before = await readRow(store, scope)
  const baseUrl = input.baseUrl ?? null
  const isSamePlace = before !== null && before.provider === input.provider && before.base_url === baseUrl
  const version = (before?.key_version ?? 0) + 1
  const sealed = input.apiKey === undefined ? null : Buffer.from(await keyring.seal(scope, field(version), input.apiKey))
  if (sealed === null && before?.sealed_key != null && !isSamePlace)
    throw new ShellError({
      code: 'tenancy.model-key-needed',
      kind: 'invalid',
      message: 'Provider or address changed, so the saved key is not used for it.',
      hint: 'Send `apiKey` again together with the change.',
    })
  const fields = {
    provider: input.provider,
    model: input.model,
    base_url: baseUrl,
    sealed_key: sealed ?? before?.sealed_key ?? null,
    key_version: sealed === null ? (before?.key_version ?? 1) : version,
    updated_at: new Date(),
  }
  await store.within(scope, (query) =>
    query
      .insertInto('tenant_model')
      .values({ tenant_id: scope.tenantId, ...fields })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(fields))
      .execute(),
  )
}

export async function removeTenantModel(store: Store, scope: Scope): Promise<void> {
  await store.within(scope, (query) => query.deleteFrom('tenant_model').where('tenant_id', '=', scope.tenantId).execute())
}

async function readRow(store: Store, scope: Scope) {
  const row = await store.within(scope, (query) =>
    query.selectFrom('tenant_model').selectAll().where('tenant_id', '=', scope.tenantId).executeTakeFirst(),
  )
  return row ?? null
}
