import { z } from 'zod'
import type { Wire } from './wire.ts'

const rows = z.record(z.string(), z.int())

export const personErasureShape = z
  .object({
    kind: z.literal('person-erasure'),
    tenantId: z.string(),
    /** It names no one: whoever keeps the proof knows whose id it was, or nobody does. */
    memberId: z.string(),
    erasedAt: z.string(),
    /** The member whose word it was. */
    by: z.string(),
    /** Rows removed, by table. */
    removed: rows,
    /** Rows that stay with somebody else and name nobody any more, by table. */
    pseudonymized: rows,
    /** Rows that still held the id afterwards where nothing says that they may. */
    left: z.int(),
    /** What is kept, on what ground, until when. `entries`: how many, where they can be counted. */
    kept: z.array(z.object({ what: z.string(), entries: z.int().nullable(), why: z.string(), until: z.string() })),
    /** Where the record stood; null: it is off, or does not verify. */
    chain: z.object({ sequence: z.int(), mac: z.string(), digest: z.string() }).nullable(),
    /** Of the key that signed this proof. */
    keyId: z.string(),
  })
  .meta({ id: 'PersonErasure' })
export type PersonErasureBody = Wire<z.infer<typeof personErasureShape>>

/** `proof` is the very text that `signature` (Ed25519, hex) is over; `GET /audit/public-key` of the tenant has the key. */
export const personErasureProofShape = z
  .object({ erasure: personErasureShape, proof: z.string(), signature: z.string() })
  .meta({ id: 'PersonErasureProof' })
export type PersonErasureProofBody = Wire<z.infer<typeof personErasureProofShape>>
