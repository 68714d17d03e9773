import type { Actor } from '../../domain/index.ts'
import type { PersonErasureProofBody } from '../../contract/index.ts'

/** All that is held about one person, and its end; put together at the root, since it takes several rooms. The actor's tenant is the person's. */
export interface PersonOffice {
  /** NDJSON, for those who may read the record and could give all that the person has. Throws `tenancy.denied`, `tenancy.too-much`, `tenancy.member-unknown`. */
  export(actor: Actor, idOrName: string): Promise<AsyncIterable<string>>
  /** `confirm`: the person's name. Throws like `People.erasePerson`, and `approvals.running`. */
  erase(actor: Actor, idOrName: string, confirm: string): Promise<PersonErasureProofBody>
  /** The proof of an erasure again, by the id of whoever was erased: their name is gone. Throws `tenancy.erasure-unknown`. */
  proof(actor: Actor, memberId: string): Promise<PersonErasureProofBody>
}
