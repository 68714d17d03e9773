import type { Actor, Scope } from '../../domain/index.ts'
import type { ErasureProofBody, NewTenantBody, TenantInput, TenantModelBody, TenantModelInput, UsageBody } from '../../contract/index.ts'
import type { Tenants } from '../../platform/tenancy/index.ts'

/** What the tenant routes speak to; put together at the root, since opening and erasing a tenant takes several rooms. */
export interface TenantOffice {
  readonly tenants: Tenants
  usage(scope: Scope): Promise<UsageBody>
  /** With its first admin, whose token is in the answer and nowhere else. */
  open(input: TenantInput): Promise<NewTenantBody>
  /** NDJSON: the rows of its tables, then its record. */
  export(scope: Scope): AsyncIterable<string>
  erase(operator: Actor, idOrName: string): Promise<ErasureProofBody>
  /** The proof of an erasure again, by the id of the tenant that is gone. Throws `tenancy.erasure-unknown`. */
  proof(operator: Actor, tenantId: string): Promise<ErasureProofBody>
  /** Throws `tenancy.no-model`. */
  model(scope: Scope): Promise<TenantModelBody>
  setModel(scope: Scope, input: TenantModelInput): Promise<TenantModelBody>
  removeModel(scope: Scope): Promise<void>
}
