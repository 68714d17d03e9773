import type { Actor, Scope } from '../../domain/index.ts'
import type { QuotasBody, TenantBody } from '../../contract/index.ts'

/** Where a request says it belongs, beside its credential. */
export interface TenantClaim {
  /** The request's host without a port; undefined: it came by another way. */
  readonly host?: string | undefined
  /** `x-aishell-tenant`: a name or an id. */
  readonly header?: string | undefined
}

/** The tenants of an installation, for its operators, and what each request asks of them. */
export interface Tenants {
  /**
   * Throws `tenancy.suspended`, `tenancy.mismatch` where host or header name another tenant than the credential, and
   * `tenancy.single` for another tenant than `default` where there is one only.
   */
  admit(scope: Scope, claim: TenantClaim): Promise<void>
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
  quotas(scope: Scope): Promise<QuotasBody>
  /** Rows of every table that has tenants, without hashes, sealed values and keys. The record has an export of its own. */
  exportRows(scope: Scope): AsyncIterable<{ readonly table: string; readonly row: unknown }>
  /** Throws `tenancy.not-suspended`. Rows removed by table, and rows left. */
  erase(scope: Scope): Promise<{ readonly tables: Readonly<Record<string, number>>; readonly left: number }>
  keepProof(operatorScope: Scope, erased: Scope, proof: string, signature: Uint8Array): Promise<void>
}
