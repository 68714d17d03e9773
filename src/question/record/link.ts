import type { Actor } from '../../domain/index.ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { keyedMac, type KeyedMac } from './keyed-mac.ts'
import type { AttemptFields, IntentFields, OutcomeFields } from './record.ts'

export const linkKinds = ['intent', 'attempt', 'outcome', 'note'] as const
export type LinkKind = (typeof linkKinds)[number]

export type AttemptPart = Pick<AttemptFields, 'attempt' | 'draft' | 'verdict' | 'contextDigest'>

export interface ActorPart {
  readonly memberId: string
  readonly name: string
  readonly kind: string
  readonly role: string
  readonly surface: string
  readonly tokenId: string | null
}

/**
 * What each kind of link says, beside its place in the chain. Where its parts are made with their keys in the order of the
 * alphabet `canonicalJson` need not sort them.
 */
export type LinkContent =
  | {
      readonly kind: 'intent'
      readonly actor: ActorPart
      readonly connection: string
      readonly input: IntentFields['question']['input']
      readonly purpose: string
      readonly conversation: string | null
      readonly limits: IntentFields['question']['limits']
      readonly attempt: AttemptPart | null
      readonly approval?: IntentFields['approval']
    }
  | { readonly kind: 'attempt'; readonly attempt: AttemptPart }
  | ({ readonly kind: 'outcome' } & OutcomeFields)
  | { readonly kind: 'outcome'; readonly state: 'lost'; readonly foundBy: string }
  | { readonly kind: 'note'; readonly actor: ActorPart; readonly action: string; readonly subject: string }

/** A link as its body spells it: the content bound to tenant, place and time. */
export type LinkBody = LinkContent & {
  readonly tenantId: string
  readonly sequence: number
  readonly entryId: string
  /** ISO 8601, milliseconds, UTC. */
  readonly at: string
}

export interface Head {
  readonly sequence: number
  readonly mac: Buffer
}

/** Before the first link. */
export const emptyHead: Head = { sequence: 0, mac: Buffer.alloc(32) }

export function writeLinkBody(body: LinkBody): string {
  return canonicalJson(body as unknown as Json) // plain data by its type; Json has no name for readonly interfaces
}

/** Of a row of the tenant's own record: the runtime role can only add what was written so. */
export function readLinkBody(row: { readonly body: string }): LinkBody {
  return JSON.parse(row.body) as LinkBody // written by writeLinkBody
}

/** HMAC-SHA256 over the mac before it and the body's exact text. */
export function linkMac(auditKey: Uint8Array, previous: Uint8Array, body: string): Buffer {
  let mac = macs.get(auditKey)
  if (mac === undefined) macs.set(auditKey, (mac = keyedMac(auditKey)))
  return mac('link\n', previous, body)
}

/** By the key itself, which the keyring holds once per tenant. */
const macs = new WeakMap<Uint8Array, KeyedMac>()

export function actorPart(actor: Actor): ActorPart {
  const { kind, memberId, name, roles, surface, tokenId } = actor
  return { kind, memberId, name, role: roles.length === 1 ? (roles[0] ?? '') : roles.join('+'), surface, tokenId }
}

export function intentContent(actor: Actor, fields: IntentFields): LinkContent {
  const { input, purpose, conversation, limits } = fields.question
  const attempt = fields.firstAttempt === null ? null : attemptPart(fields.firstAttempt)
  return {
    actor: actorPart(actor),
    ...approvedBy(fields),
    attempt,
    connection: fields.connection,
    conversation,
    input,
    kind: 'intent',
    limits,
    purpose,
  }
}

function approvedBy({ approval }: IntentFields) {
  return approval === undefined ? {} : { approval }
}

export function attemptPart(fields: AttemptFields): AttemptPart {
  const { attempt, contextDigest, draft, verdict } = fields
  return { attempt, contextDigest, draft, verdict }
}
