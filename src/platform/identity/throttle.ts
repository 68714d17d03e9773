import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import type { Scope } from '../../domain/index.ts'
import { sql, type Query } from '../store/index.ts'
import type { IdentityRooms } from './authenticate.ts'

/** Who is tried, from where; `device`: the member's own browser, known from an earlier sign-in. */
export interface Attempt {
  readonly account: string
  readonly network: string
  readonly device: string | null
}

const freeFailures = 5
const longestDelayMs = 15 * 60_000
const forgottenAfterMs = 24 * 3_600_000
/** All accounts tried from one network together: a spray over many names is slowed, an office of people is not. */
const freeOfNetwork = 100

interface Try {
  /** To wait; 0: go on. */
  readonly seconds: number
  /** After a success; the network's other failures stay, for one right guess does not undo a spray. */
  readonly forget: () => Promise<void>
}

/**
 * Slows guessing without a lock that strangers could put on somebody else's door: failures count per account and network,
 * so they delay only further tries from there; a browser that has signed in before has a count of its own.
 * Whoever goes on is counted as failed until they are forgotten, so that tries at the same moment see one another.
 */
export async function countTry(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<Try> {
  const counters = countersOf(attempt)
  const now = rooms.now()
  const stale = new Date(now.getTime() - forgottenAfterMs)
  return await rooms.store.within(scope, async (query) => {
    await query.deleteFrom('sign_in_failure').where('last_at', '<', stale).execute()
    const before: Date[] = []
    let waitMs = 0
    for (const { key, free } of counters) {
      const { failures, last_at: lastAt } = await lockCount(query, scope, key, now)
      before.push(lastAt)
      waitMs = Math.max(waitMs, lastAt.getTime() + delayMs(failures - free) - now.getTime())
    }
    const keys = counters.map(({ key }) => key)
    if (waitMs === 0) await addFailures(query, keys, 1).set({ last_at: now }).execute()
    return { seconds: Math.ceil(waitMs / 1000), forget: () => forget(rooms, scope, keys, now, before) }
  })
}

/** The count as it is, begun at none; others of the same key wait until we are done. */
function lockCount(query: Query, scope: Scope, key: Buffer, now: Date) {
  return query
    .insertInto('sign_in_failure')
    .values({ tenant_id: scope.tenantId, key, failures: 0, last_at: now })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'key']).doUpdateSet((row) => ({ failures: row.ref('sign_in_failure.failures') })),
    ) // changes nothing, and locks
    .returning(['failures', 'last_at'])
    .executeTakeFirstOrThrow()
}

function addFailures(query: Query, keys: readonly Buffer[], failures: number) {
  return query
    .updateTable('sign_in_failure')
    .set((row) => ({ failures: row('failures', '+', failures) }))
    .where('key', 'in', keys)
}

/** All of the account; of the network this try alone, with its time where nobody has tried since. */
async function forget(
  rooms: IdentityRooms,
  scope: Scope,
  [own, ofNetwork]: readonly Buffer[],
  at: Date,
  [, before]: readonly Date[],
): Promise<void> {
  await rooms.store.within(scope, async (query) => {
    if (own !== undefined) await query.deleteFrom('sign_in_failure').where('key', '=', own).execute()
    if (ofNetwork === undefined || before === undefined) return
    const lastAt = sql<Date>`CASE WHEN last_at = ${at} THEN ${before} ELSE last_at END`
    await addFailures(query, [ofNetwork], -1).set({ last_at: lastAt }).where('failures', '>', 0).execute()
  })
}

/** One second after the first beyond the free ones, doubling to a quarter of an hour. */
function delayMs(beyond: number): number {
  return beyond < 0 ? 0 : Math.min(longestDelayMs, 1000 * 2 ** Math.min(beyond, 20))
}

function countersOf({ account, network, device }: Attempt): readonly { readonly key: Buffer; readonly free: number }[] {
  if (device !== null) return [{ key: digest('device', account, device), free: freeFailures }]
  const from = networkOf(network)
  return [
    { key: digest('account', account, from), free: freeFailures },
    { key: digest('network', '', from), free: freeOfNetwork },
  ]
}

function digest(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** What one customer of a provider usually has: an IPv4 address, a /64 of IPv6. */
export function networkOf(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  if (isIPv4(plain) || !isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === '' ? [] : tail.split(':')
  const middle = plain.includes('::') ? Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0') : []
  return [...front, ...middle, ...back]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')
}
