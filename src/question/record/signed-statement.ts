import { createPublicKey } from 'node:crypto'
import type { Signer } from '../../platform/store/index.ts'
import { canonicalJson } from './canonical-json.ts'
import { isSigned } from './verify-trail.ts'

/** How far a tenant's chain went at a time. `digest` binds every body before it, `mac` the keyed chain. */
export interface Checkpoint {
  readonly kind: 'checkpoint'
  readonly tenantId: string
  readonly sequence: number
  readonly mac: string
  readonly digest: string
  readonly at: string
  readonly keyId: string
}

/** What retention took away, and what the chain goes on from. */
export interface Tombstone {
  readonly kind: 'tombstone'
  readonly tenantId: string
  readonly from: number
  readonly through: number
  /** Of link `through`, which is gone. */
  readonly mac: string
  readonly digest: string
  /** Links of this age and older were removed; ISO 8601. */
  readonly before: string
  readonly removedAt: string
  /** Whose decision it was: a member, or the setting. */
  readonly by: string
  readonly keyId: string
}

export interface Signed {
  readonly body: string
  readonly signature: Buffer
}

export function signStatement(signer: Signer, statement: Checkpoint | Tombstone): Signed {
  const body = canonicalJson({ ...statement })
  return { body, signature: Buffer.from(signer.sign(body)) }
}

/** null: not what this signer signed. */
export function openStatement<Kind extends (Checkpoint | Tombstone)['kind']>(
  signer: Signer,
  kind: Kind,
  { body, signature }: Signed,
): Extract<Checkpoint | Tombstone, { kind: Kind }> | null {
  if (!isSigned(createPublicKey(signer.publicKey), body, signature)) return null
  const statement = JSON.parse(body) as Checkpoint | Tombstone // only this house signs with this key
  return statement.kind === kind ? (statement as Extract<Checkpoint | Tombstone, { kind: Kind }>) : null // the kind was just compared
}

/** A line of an export, and of a sink outside. */
export function signedLine(kind: 'checkpoint' | 'tombstone', { body, signature }: Signed): string {
  return `{"${kind}":${body},"signature":"${signature.toString('hex')}"}`
}
