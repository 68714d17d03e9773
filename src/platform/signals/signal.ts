/** What has changed in the store, so that the others ask it anew: `people` are members, roles, tokens and sessions. */
export const changes = ['people', 'connections', 'catalog', 'tenants'] as const
export type Change = (typeof changes)[number]

export type Signal =
  /** A server lives; every few seconds. */
  | { readonly kind: 'here' }
  /** A server stops. */
  | { readonly kind: 'gone' }
  /** Whoever answers this question shall stop, if these may ask for it. */
  | {
      readonly kind: 'cancel'
      readonly questionId: string
      readonly tenantId: string
      readonly memberId: string
      readonly isOverseer: boolean
    }
  /** It was stopped. */
  | { readonly kind: 'cancelled'; readonly questionId: string }
  /** Whoever carries out this call of an agent shall stop; only those who made it can name it. */
  | { readonly kind: 'cancel-call'; readonly call: string }
  /** So many answers of these tenants are under way on that server now. */
  | { readonly kind: 'running'; readonly server: string; readonly counts: readonly (readonly [tenantId: string, running: number])[] }
  | { readonly kind: 'changed'; readonly what: Change; readonly tenantId: string; readonly subject: string | null }

/** A signal on its way: who sent it, and which of theirs it is. */
export interface Sent {
  readonly from: string
  readonly number: number
  readonly signal: Signal
}

export function writeSent(sent: Sent): string {
  return JSON.stringify(sent)
}

/** null: it is no signal of ours, or one of a version that knows more. */
export function readSent(text: string): Sent | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value) || typeof value['from'] !== 'string' || typeof value['number'] !== 'number') return null
  const signal = readSignal(value['signal'])
  return signal === null ? null : { from: value['from'], number: value['number'], signal }
}

function readSignal(value: unknown): Signal | null {
  if (!isRecord(value)) return null
  const { kind, questionId, tenantId, memberId, isOverseer, what, subject, call, server, counts } = value
  if (kind === 'here' || kind === 'gone') return { kind }
  if (kind === 'cancelled' && typeof questionId === 'string') return { kind, questionId }
  if (kind === 'cancel' && typeof questionId === 'string' && typeof tenantId === 'string' && typeof memberId === 'string')
    return { kind, questionId, tenantId, memberId, isOverseer: isOverseer === true }
  if (kind === 'cancel-call' && typeof call === 'string') return { kind, call }
  if (kind === 'running' && typeof server === 'string' && Array.isArray(counts)) return { kind, server, counts: counts.filter(isCount) }
  const change = changes.find((one) => one === what)
  if (kind === 'changed' && change !== undefined && typeof tenantId === 'string')
    return { kind, what: change, tenantId, subject: typeof subject === 'string' ? subject : null }
  return null
}

function isCount(value: unknown): value is readonly [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
