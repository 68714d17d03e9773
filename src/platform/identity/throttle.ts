import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import type { Scope } from '../../domain/index.ts'
import { sql } from '../store/index.ts'
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

/**
 * Slows guessing without a lock that strangers could put on somebody else's door: failures count per account and network,
 * so they delay only further tries from there; a browser that has signed in before has a count of its own.
 * Gives the seconds to wait; 0: go on.
 */
export async function waitFor(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<number> {
  const counted = countersOf(attempt)
  const keys = counted.map(({ key }) => key)
  const rows = await rooms.store.within(scope, (query) =>
    query.selectFrom('sign_in_failure').select(['key', 'failures', 'last_at']).where('key', 'in', keys).execute(),
  )
  const now = rooms.now().getTime()
  const waits = rows.map((row) => {
    const free = counted.find(({ key }) => key.equals(row.key))?.free ?? freeFailures
    return row.last_at.getTime() + delayMs(row.failures - free) - now
  })
  return Math.max(0, Math.ceil(Math.max(0, ...waits) / 1000))
}

export async function countFailure(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<void> {
  const now = rooms.now()
  const stale = new Date(now.getTime() - forgottenAfterMs)
  await rooms.store.within(scope, async (query) => {
    for (const { key } of countersOf(attempt))
      await query
        .insertInto('sign_in_failure')
        .values({ tenant_id: scope.tenantId, key, failures: 1, last_at: now })
        .onConflict((conflict) =>
          conflict.columns(['tenant_id', 'key']).doUpdateSet({
            failures: sql<number>`CASE WHEN sign_in_failure.last_at < ${stale} THEN 1 ELSE sign_in_failure.failures + 1 END`,
            last_at: now,
          }),
        )
        .execute()
    await query.deleteFrom('sign_in_failure').where('last_at', '<', stale).execute()
  })
}

/** After a success; the network's own count stays, for one right guess does not undo a spray. */
export async function forgetFailures(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<void> {
  const [own] = countersOf(attempt)
  if (own === undefined) return
  await rooms.store.within(scope, (query) => query.deleteFrom('sign_in_failure').where('key', '=', own.key).execute())
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
