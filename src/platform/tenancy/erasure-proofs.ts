import { isUuid, ShellError, type Scope } from '../../domain/index.ts'
import type { Store } from '../store/index.ts'

/** A text that says what was removed, and the signature (Ed25519) of the tenant that keeps it. */
export interface ErasureProof {
  readonly proof: string
  readonly signature: Uint8Array
}

/** Throws `tenancy.erasure-unknown`. */
export async function memberErasureProof(store: Store, scope: Scope, memberId: string): Promise<ErasureProof> {
  if (!isUuid(memberId)) throw erasureUnknown()
  const row = await store.within(scope, (query) =>
    query.selectFrom('erased_member').select(['proof', 'signature']).where('erased_member_id', '=', memberId).executeTakeFirst(),
  )
  return row ?? unknown()
}

/** Of a tenant that is gone, in the tenant of the operators who erased it. Throws `tenancy.erasure-unknown`. */
export async function tenantErasureProof(store: Store, operatorScope: Scope, tenantId: string): Promise<ErasureProof> {
  if (!isUuid(tenantId)) throw erasureUnknown()
  const row = await store.within(operatorScope, (query) =>
    query.selectFrom('erased_tenant').select(['proof', 'signature']).where('erased_tenant_id', '=', tenantId).executeTakeFirst(),
  )
  return row ?? unknown()
}

function unknown(): never {
  throw erasureUnknown()
}

function erasureUnknown(): ShellError {
  return new ShellError({
    code: 'tenancy.erasure-unknown',
    kind: 'missing',
    message: 'No erasure is known here by this id.',
    hint: 'A proof is found by the id of what was erased, never by a name. The note of the erasure in the record has it.',
  })
}
