import type { Actor, Awaitable, Scope } from '../../domain/index.ts'
import type { QuotasBody, TenantBody } from '../../contract/index.ts'
import type { ErasureProof } from './erasure-proofs.ts'

/** Where a request says it belongs, beside its credential. */
export interface TenantClaim {
  /** The request's host without a port; undefined: it came by another way. */
  readonly host?: string | undefined
  /** `x-aishell-tenant`: a name or an id. */
  readonly header?: string | undefined
}

/** Where somebody who has not signed in yet wants to. */
export interface SignInPlace {
  /** The tenant they sign in to; null: host or header name one that is not there, which is answered as one to which they do not belong. */
  readonly scope: Scope | null
  /** Where tries are counted: the tenant, or `default` for one that is not there. */
  readonly countedIn: Scope
  /** The tenant as host or header name it; null: neither does, and it is `default` where nothing else decides. */
  readonly named: string | null
  /** What rules may call that tenant: its name and its id. */
  readonly names: readonly string[]
}

/** The tenants of an installation, for its operators, and what each request asks of them. */
export interface Tenants {
  /**
   * Throws `tenancy.suspended`, `tenancy.mismatch` where host or header name another tenant than the credential, and
   * `tenancy.single` for another tenant than `default` where there is one only.
   */
  admit(scope: Scope, claim: TenantClaim): Awaitable<void>
  /**
   * Where a request without a credential belongs. Tells nobody which tenants there are: for one that is not there the answer is
   * a place too. Throws `tenancy.mismatch` where host and header name two.
   */
  signInPlace(claim: TenantClaim): Promise<SignInPlace>
  /** The name of a tenant that is there. Throws `tenancy.unknown`. */
  nameOf(scope: Scope): Promise<string>
  /** Throws `tenancy.single` where there is one tenant only, `tenancy.not-operator` for everybody else. */
  requireOperator(actor: Actor): Promise<void>
  /** The tenant's first operator, where there is none: an admin of the tenant `default`. */
  ensureOperator(scope: Scope, memberId: string): Promise<void>
  operators(scope: Scope): Promise<readonly string[]>
  setOperator(scope: Scope, memberId: string, isOperator: boolean): Promise<void>
  /** Throws `tenancy.name-taken`. */
  create(name: string, quotas: QuotasBody): Promise<TenantBody>
  list(): Promise<readonly TenantBody[]>
  /** By id or name. Throws `tenancy.unknown`. */
  find(idOrName: string): Promise<TenantBody>
  setQuotas(scope: Scope, quotas: QuotasBody): Promise<void>
  setState(scope: Scope, state: TenantBody['state']): Promise<void>
  /** Another server has changed this tenant. */
  forget(scope: Scope): void
  /** Quotas as of a second ago at most. */
  quotas(scope: Scope): Awaitable<QuotasBody>
  /** Rows of every table that has tenants, without hashes, sealed values and keys. The record has an export of its own. */
  exportRows(scope: Scope): AsyncIterable<{ readonly table: string; readonly row: unknown }>
  /** Throws `tenancy.not-suspended`. Rows removed by table, and rows left. */
  erase(scope: Scope): Promise<{ readonly tables: Readonly<Record<string, number>>; readonly left: number }>
  keepProof(operatorScope: Scope, erased: Scope, proof: string, signature: Uint8Array): Promise<void>
  /** What was kept when the tenant of this id was erased. Throws `tenancy.erasure-unknown`. */
  erasureProof(operatorScope: Scope, erasedId: string): Promise<ErasureProof>
}
