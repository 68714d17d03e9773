import { createHash } from 'node:crypto'
import { ShellError, type Actor, type Scope } from './domain/index.ts'
import {
  erasureShape,
  quotasShape,
  type ErasureBody,
  type ErasureProofBody,
  type NewTenantBody,
  type TenantInput,
  type TenantModelInput,
} from './contract/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Identity } from './platform/identity/index.ts'
import { createModels, type Models } from './platform/models/index.ts'
import type { Observe } from './platform/observe/index.ts'
import type { Keyring, Store } from './platform/store/index.ts'
import {
  createTenants,
  describeTenantModel,
  Quotas,
  readTenantModel,
  removeTenantModel,
  saveTenantModel,
  type ErasureProof,
  type RunningElsewhere,
  type Tenancy,
  type TenantModel,
  type Tenants,
} from './platform/tenancy/index.ts'
import type { Record } from './question/record/index.ts'
import type { TenantOffice } from './surfaces/http/index.ts'

interface Rooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly tenancy: Tenancy
  readonly tenants: Tenants
  readonly quotas: Quotas
  readonly identity: Identity
  readonly record: Record
}

/** The doors of tenants and their quotas. */
export function openTenants(
  settings: Settings,
  {
    store,
    scope,
    observe,
    changed,
    elsewhere,
  }: {
    readonly store: Store
    readonly scope: Scope
    readonly observe: Observe
    readonly changed: (scope: Scope) => void
    readonly elsewhere: RunningElsewhere
  },
): { readonly tenants: Tenants; readonly quotas: Quotas } {
  const { isMultiTenant, tenantHostSuffix } = settings.access
  const addresses = { publicUrl: settings.server.publicUrl, tenantHostSuffix }
  const tenants = createTenants({ store, defaultTenant: scope, isMultiTenant, addresses, changed })
  return { tenants, quotas: new Quotas({ store, observe, quotasOf: (of) => tenants.quotas(of), elsewhere }) }
}

const firstTokenDays = 30

/** What operators do with tenants, where it takes more than one room: a tenant's first admin, its end, its own model. */
export function createTenantOffice(rooms: Rooms): TenantOffice {
  const { tenants, store, keyring, record } = rooms
  return {
    tenants,
    usage: (scope) => rooms.quotas.usage(scope),
    open: (input) => openTenant(rooms, input),
    async *export(scope) {
      for await (const line of tenants.exportRows(scope)) yield JSON.stringify(line)
      for await (const line of record.export(scope)) yield line
    },
    erase: (operator, idOrName) => erase(rooms, operator, idOrName),
    proof: async (operator, tenantId) => proofBody(await tenants.erasureProof(operator, tenantId)),
    model: (scope) => describeTenantModel(store, scope),
    setModel: async (scope, input: TenantModelInput) => {
      await saveTenantModel(store, keyring, scope, input)
      return describeTenantModel(store, scope)
    },
    removeModel: (scope) => removeTenantModel(store, scope),
  }
}

async function openTenant({ tenants, tenancy, identity, keyring }: Rooms, input: TenantInput): Promise<NewTenantBody> {
  const tenant = await tenants.create(input.name, quotasShape.parse(input.quotas ?? {}))
  const scope = { tenantId: tenant.id }
  await keyring.auditKey(scope) // its data key is made now, with the present SECRET_KEY
  const { member } = await tenancy.ensureFirstAdmin(scope)
  const adminToken = await identity.issueToken(scope, { memberId: member.id, name: 'first admin', expiresInDays: firstTokenDays })
  return { ...tenant, adminToken }
}

/** The proof is signed by the operator's own tenant: the key of the one that goes is erased with it. */
async function erase(rooms: Rooms, operator: Actor, idOrName: string): Promise<ErasureProofBody> {
  const { tenants, keyring, record } = rooms
  const tenant = await tenants.find(idOrName)
  const scope: Scope = { tenantId: tenant.id }
  if (tenant.state !== 'suspended')
    throw new ShellError({
      code: 'tenancy.not-suspended',
      kind: 'conflict',
      message: `${tenant.name} is in use; only a suspended tenant can be erased.`,
      hint: 'Suspend it, let its people know, export it, then erase it.',
    })
  await record.note(operator, 'tenant-erase', `${tenant.name} ${tenant.id}`)
  const { publicKey } = await record.publicKey(scope)
  const verification = await record.verify(scope)
  const head = await record.checkpoint(scope).catch(() => null) // a chain that does not verify is erased too, and the proof then has no head
  const { tables, left } = await tenants.erase(scope)
  keyring.forget(scope)
  const signer = await keyring.signer(operator)
  const erasure: ErasureBody = erasureShape.parse({
    kind: 'tenant-erasure',
    tenantId: tenant.id,
    name: tenant.name,
    erasedAt: new Date().toISOString(),
    by: operator.memberId,
    tables,
    left,
    chain:
      verification.head === null
        ? null
        : { sequence: verification.head.sequence, mac: verification.head.mac, digest: head?.digest ?? '', publicKey },
    keyId: signer.keyId,
  })
  const proof = JSON.stringify(erasure)
  const signature = signer.sign(proof)
  await tenants.keepProof(operator, scope, proof, signature)
  await record.note(operator, 'tenant-erased', `${tenant.name} ${tenant.id} sha256:${createHash('sha256').update(proof).digest('hex')}`)
  return proofBody({ proof, signature })
}

function proofBody({ proof, signature }: ErasureProof): ErasureProofBody {
  return { erasure: erasureShape.parse(JSON.parse(proof)), proof, signature: Buffer.from(signature).toString('hex') }
}

/** A tenant's own model where it has one, else the installation's; both under the tenant's quota of tokens. */
export function tenantModels(
  rooms: Pick<Rooms, 'store' | 'keyring' | 'quotas'>,
  shared: { readonly models: Models; readonly timeoutMs: number; readonly maxOutputTokens: number; readonly observe: Observe },
): (scope: Scope) => Promise<Models | null> {
  const known = new Map<string, { readonly untilMs: number; readonly stamp: string | null; readonly models: Models }>()
  const { timeoutMs, maxOutputTokens, observe } = shared
  const made = (own: TenantModel): Models => createModels({ providers: [own], timeoutMs, maxOutputTokens, tokensPerDay: null, observe })
  return async (scope) => {
    let held = known.get(scope.tenantId)
    if (held === undefined || held.untilMs < performance.now()) {
      const own = await readTenantModel(rooms.store, rooms.keyring, scope)
      const isSame = held !== undefined && held.stamp === (own?.stamp ?? null)
      held = {
        untilMs: performance.now() + 1_000,
        stamp: own?.stamp ?? null,
        models: isSame && held !== undefined ? held.models : own === null ? shared.models : made(own),
      }
      known.set(scope.tenantId, held)
    }
    const { models } = held
    if (!models.isConfigured) return null
    return {
      ...models,
      complete: async (prompt, signal) => {
        await rooms.quotas.checkTokens(scope)
        const answer = await models.complete(prompt, signal)
        rooms.quotas.spendTokens(scope, answer.inputTokens + answer.outputTokens)
        return answer
      },
    }
  }
}
