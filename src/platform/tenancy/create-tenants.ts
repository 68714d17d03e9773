import { andThen, mayDo, newId, ShellError, type Actor, type Awaitable, type Scope } from '../../domain/index.ts'
import { quotasShape, type QuotasBody, type TenantBody } from '../../contract/index.ts'
import { isUniqueViolation, sql, type Store } from '../store/index.ts'
import { tenantNamedBy, type Addresses } from './addresses.ts'
import { eraseTenant, exportRows } from './erase-tenant.ts'
import { tenantErasureProof } from './erasure-proofs.ts'
import { activeOperators, refuseLastOperator } from './operators.ts'
import type { SignInPlace, TenantClaim, Tenants } from './tenants.ts'

export interface TenantsOptions {
  readonly store: Store
  readonly defaultTenant: Scope
  /** false: only `default` is served. */
  readonly isMultiTenant: boolean
  readonly addresses: Addresses
  readonly nowMs?: () => number
  /** Hears of changes made here. */
  readonly changed?: (scope: Scope) => void
}

/** How long a change made by another server may go unseen here. */
const maxAgeMs = 1_000

interface Known {
  readonly untilMs: number
  tenant: Awaitable<TenantBody | null>
}

export function createTenants(options: TenantsOptions): Tenants {
  return new TenantsRoom(options)
}

class TenantsRoom implements Tenants {
  readonly #options: TenantsOptions
  readonly #store: Store
  readonly #nowMs: () => number
  readonly #known = new Map<string, Known>()

  constructor(options: TenantsOptions) {
    this.#options = options
    this.#store = options.store
    this.#nowMs = options.nowMs ?? (() => performance.now())
  }

  admit(scope: Scope, claim: TenantClaim): Awaitable<void> {
    const { isMultiTenant, defaultTenant } = this.#options
    if (!isMultiTenant && scope.tenantId !== defaultTenant.tenantId) throw single()
    return andThen(this.#look(scope), (tenant) => this.#requireServed(tenant, claim))
  }

  async signInPlace(claim: TenantClaim): Promise<SignInPlace> {
    const { defaultTenant } = this.#options
    const claimed = [...new Set(this.#claimed(claim))]
    const [named = null] = claimed
    if (named === null) return placeOf(defaultTenant, null, defaultName)
    const [found, ...others] = await Promise.all(claimed.map((name) => this.#served(name)))
    if (others.some((other) => other === null || other?.id !== found?.id)) throw twoTenants()
    return found == null ? { scope: null, countedIn: defaultTenant, named, names: [] } : placeOf({ tenantId: found.id }, named, found.name)
  }

  async nameOf(scope: Scope): Promise<string> {
    const tenant = await this.#look(scope)
    if (tenant === null) throw unknownTenant()
    return tenant.name
  }

  async requireOperator(actor: Actor): Promise<void> {
    const { isMultiTenant, defaultTenant } = this.#options
    if (!isMultiTenant) throw single()
    const isWhole = actor.verbs === null && actor.kind !== 'agent' && mayDo(actor, 'manage-members')
    const isAtHome = actor.tenantId === defaultTenant.tenantId
    if (isWhole && isAtHome && (await this.operators(actor)).includes(actor.memberId)) return
    throw new ShellError({
      code: 'tenancy.not-operator',
      kind: 'denied',
      message: 'Tenants are kept by operators of this installation, and you are none.',
      hint: 'The first admin of the tenant `default` is one; a token that is narrowed to some verbs does not do.',
    })
  }

  async ensureOperator(scope: Scope, memberId: string): Promise<void> {
    const active = await this.#store.within(scope, (query) => activeOperators(query, scope))
    if (active.length === 0) await this.setOperator(scope, memberId, true)
  }

  async operators(scope: Scope): Promise<readonly string[]> {
    const rows = await this.#store.within(scope, (query) =>
      query.selectFrom('platform_operator').select('member_id').where('tenant_id', '=', scope.tenantId).orderBy('added_at').execute(),
    )
    return rows.map((row) => row.member_id)
  }

  async setOperator(scope: Scope, memberId: string, isOperator: boolean): Promise<void> {
    await this.#store.within(scope, async (query) => {
      if (isOperator) {
        await query
          .insertInto('platform_operator')
          .values({ tenant_id: scope.tenantId, member_id: memberId })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        return
      }
      await refuseLastOperator(query, scope, memberId)
      await query.deleteFrom('platform_operator').where('tenant_id', '=', scope.tenantId).where('member_id', '=', memberId).execute()
    })
  }

  async create(name: string, quotas: QuotasBody): Promise<TenantBody> {
    const scope = { tenantId: newId() }
    try {
      await this.#store.within(scope, (query) =>
        query
          .insertInto('tenant')
          .values({ tenant_id: scope.tenantId, name, wrapped_key: null, quotas: JSON.stringify(quotas) })
          .execute(),
      )
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      throw new ShellError({ code: 'tenancy.name-taken', kind: 'conflict', message: `There is a tenant named ${name} already.` })
    }
    return this.find(scope.tenantId)
  }

  async list(): Promise<readonly TenantBody[]> {
    const { rows } = await this.#store.withoutTenant((query) => sql<Row>`SELECT * FROM list_tenants()`.execute(query))
    return rows.map(bodyOf)
  }

  async find(idOrName: string): Promise<TenantBody> {
    const found = await this.#named(idOrName)
    if (found === null) throw unknownTenant()
    return found
  }

  async setQuotas(scope: Scope, quotas: QuotasBody): Promise<void> {
    await this.#update(scope, { quotas: JSON.stringify(quotas) })
  }

  async setState(scope: Scope, state: TenantBody['state']): Promise<void> {
    if (scope.tenantId === this.#options.defaultTenant.tenantId && state === 'suspended') throw notTheDefault()
    await this.#update(scope, { state, suspended_at: state === 'suspended' ? new Date() : null })
  }

  quotas(scope: Scope): Awaitable<QuotasBody> {
    return andThen(this.#look(scope), (tenant) => tenant?.quotas ?? quotasShape.parse({}))
  }

  exportRows(scope: Scope) {
    return exportRows(this.#store, scope)
  }

  async erase(scope: Scope) {
    if (scope.tenantId === this.#options.defaultTenant.tenantId) throw notTheDefault()
    const erased = await eraseTenant(this.#store, scope)
    this.#changed(scope)
    return erased
  }

  async keepProof(operatorScope: Scope, erased: Scope, proof: string, signature: Uint8Array): Promise<void> {
    await this.#store.within(operatorScope, (query) =>
      query
        .insertInto('erased_tenant')
        .values({ tenant_id: operatorScope.tenantId, erased_tenant_id: erased.tenantId, proof, signature: Buffer.from(signature) })
        .execute(),
    )
  }

  erasureProof(operatorScope: Scope, erasedId: string) {
    return tenantErasureProof(this.#store, operatorScope, erasedId)
  }

  async #update(scope: Scope, fields: { quotas?: string; state?: string; suspended_at?: Date | null }): Promise<void> {
    await this.#store.within(scope, (query) => query.updateTable('tenant').set(fields).where('tenant_id', '=', scope.tenantId).execute())
    this.#changed(scope)
  }

  forget(scope: Scope): void {
    this.#known.delete(scope.tenantId)
  }

  #changed(scope: Scope): void {
    this.forget(scope)
    this.#options.changed?.(scope)
  }

  #requireServed(tenant: TenantBody | null, claim: TenantClaim): void {
    if (tenant === null) throw unknownTenant()
    if (tenant.state === 'suspended') throw suspended()
    for (const named of this.#claimed(claim)) if (named !== tenant.name && named !== tenant.id) throw mismatch()
  }

  #look(scope: Scope): Awaitable<TenantBody | null> {
    const held = this.#known.get(scope.tenantId)
    if (held !== undefined && held.untilMs > this.#nowMs()) return held.tenant
    const tenant = this.#read(scope)
    const entry: Known = { untilMs: this.#nowMs() + maxAgeMs, tenant }
    this.#known.set(scope.tenantId, entry)
    tenant.then(
      (found) => (entry.tenant = found),
      () => this.#known.get(scope.tenantId) === entry && this.#known.delete(scope.tenantId),
    )
    return tenant
  }

  async #read(scope: Scope): Promise<TenantBody | null> {
    const row = await this.#store.within(scope, (query) =>
      query
        .selectFrom('tenant')
        .select(['tenant_id', 'name', 'state', 'quotas', 'created_at'])
        .where('tenant_id', '=', scope.tenantId)
        .executeTakeFirst(),
    )
    return row === undefined ? null : bodyOf(row)
  }

  /** Names and ids that host and header give, none where they say nothing. */
  #claimed({ host, header }: TenantClaim): readonly string[] {
    const fromHost = host === undefined ? null : tenantNamedBy(host, this.#options.addresses)
    return [...(fromHost === null ? [] : [fromHost]), ...(header === undefined ? [] : [header.trim().toLowerCase()])]
  }

  /** A tenant people may sign in to, suspended ones too; null: there is none of this name or id, or only `default` is served. */
  async #served(idOrName: string): Promise<TenantBody | null> {
    const found = await this.#named(idOrName)
    const { isMultiTenant, defaultTenant } = this.#options
    return isMultiTenant || found?.id === defaultTenant.tenantId ? found : null
  }

  async #named(idOrName: string): Promise<TenantBody | null> {
    const { rows } = await this.#store.withoutTenant((query) =>
      sql<Row>`SELECT * FROM list_tenants() WHERE tenant_id::text = ${idOrName} OR name = ${idOrName}`.execute(query),
    )
    const row = rows.find((one) => one.tenant_id === idOrName) ?? rows[0] // an id outranks a name that looks like it
    return row === undefined ? null : bodyOf(row)
  }
}

const defaultName = 'default'

function placeOf(scope: Scope, named: string | null, name: string): SignInPlace {
  return { scope, countedIn: scope, named, names: [name, scope.tenantId] }
}

interface Row {
  readonly tenant_id: string
  readonly name: string
  readonly state: string
  readonly quotas: unknown
  readonly created_at: Date
}

/** A state this version does not know keeps everybody out; so do quotas it cannot read. */
function bodyOf(row: Row): TenantBody {
  return {
    id: row.tenant_id,
    name: row.name,
    state: row.state === 'active' ? 'active' : 'suspended',
    quotas: quotasShape.parse(row.quotas),
    createdAt: row.created_at.toISOString(),
  }
}

function single(): ShellError {
  return new ShellError({
    code: 'tenancy.single',
    kind: 'conflict',
    message: 'This installation serves one tenant, `default`.',
    hint: 'MULTI_TENANCY_ENABLED=true lets it serve several.',
  })
}

function suspended(): ShellError {
  return new ShellError({
    code: 'tenancy.suspended',
    kind: 'denied',
    message: 'Your tenant is suspended; nothing of it can be used now.',
    hint: 'The operator of this installation can resume it.',
  })
}

function mismatch(): ShellError {
  return new ShellError({
    code: 'tenancy.mismatch',
    kind: 'denied',
    message: 'The credential belongs to another tenant than the host name or `x-aishell-tenant` names.',
    hint: 'Use the address of your own tenant, or leave the header out.',
  })
}

function twoTenants(): ShellError {
  return new ShellError({
    code: 'tenancy.mismatch',
    kind: 'denied',
    message: 'The host name and `x-aishell-tenant` name two tenants.',
    hint: 'Leave the header out, or name the tenant whose address this is.',
  })
}

function unknownTenant(): ShellError {
  return new ShellError({ code: 'tenancy.unknown', kind: 'missing', message: 'There is no such tenant.' })
}

function notTheDefault(): ShellError {
  return new ShellError({
    code: 'tenancy.default-stays',
    kind: 'conflict',
    message: 'The tenant `default` is the operators’ own; it can be neither suspended nor erased.',
  })
}
