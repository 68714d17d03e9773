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
 * What each kind of link says, beside its place in the chain. Where it and its parts are made with their keys in the order of
 * the alphabet `canonicalJson` need not sort them.
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

/** What binds a link to its tenant, place and time. */
export interface LinkPlace {
  readonly tenantId: string
  readonly sequence: number
  readonly entryId: string
  /** ISO 8601, milliseconds, UTC. */
  readonly at: string
}

/** A link as its body spells it. */
export type LinkBody = LinkContent & LinkPlace

export interface Head {
  readonly sequence: number
  readonly mac: Buffer
}

/** Before the first link. */
export const emptyHead: Head = { sequence: 0, mac: Buffer.alloc(32) }

export function writeLinkBody(content: LinkContent, place: LinkPlace): string {
  return canonicalJson(inOrder(content, place) as unknown as Json) // plain data by its type; Json has no name for readonly interfaces
}

/** What every question writes is put in order by hand: in half the time. */
function inOrder(content: LinkContent, place: LinkPlace): LinkBody {
  const { at, entryId, sequence, tenantId } = place
  if (content.kind === 'intent' && content.approval === undefined) {
    const { actor, attempt, connection, conversation, input, kind, limits, purpose } = content
    const all = { actor, at, attempt, connection, conversation, entryId, input, kind, limits, purpose, sequence, tenantId }
    return all satisfies Required<Omit<Extract<LinkBody, { kind: 'intent' }>, 'approval'>> // not one that is new left out
  }
  if (content.kind === 'outcome' && content.state !== 'lost' && content.affectedRows === undefined) {
    const { bytes, failureCode, kind, resultDigest, rows, state, timings, truncated } = content
    const all = { at, bytes, entryId, failureCode, kind, resultDigest, rows, sequence, state, tenantId, timings, truncated }
    return all satisfies Required<Omit<OutcomeFields & LinkPlace, 'affectedRows'>>
  }
  return { ...content, ...place }
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
