import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import type { Scope } from '../../domain/index.ts'
import type { Query } from '../store/index.ts'
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
 * Gives the seconds to wait; 0: go on. Whoever goes on is counted as failed until `forgetFailures` says otherwise, so that
 * tries at the same moment see one another.
 */
export async function waitOrCount(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<number> {
  const counted = countersOf(attempt)
  const now = rooms.now()
  const stale = new Date(now.getTime() - forgottenAfterMs)
  return await rooms.store.within(scope, async (query) => {
    await query.deleteFrom('sign_in_failure').where('last_at', '<', stale).execute()
    const waits: number[] = []
    for (const { key, free } of counted) {
      const { failures, last_at: lastAt } = await lockCount(query, scope, key, now)
      waits.push(lastAt.getTime() + delayMs(failures - free) - now.getTime())
    }
    const seconds = Math.max(0, Math.ceil(Math.max(...waits) / 1000))
    if (seconds === 0)
      for (const { key } of counted)
        await query
          .updateTable('sign_in_failure')
          .set((row) => ({ failures: row('failures', '+', 1), last_at: now }))
          .where('key', '=', key)
          .execute()
    return seconds
  })
}

async function lockCount(query: Query, scope: Scope, key: Buffer, now: Date) {
  await query
    .insertInto('sign_in_failure')
    .values({ tenant_id: scope.tenantId, key, failures: 0, last_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return await query
    .selectFrom('sign_in_failure')
    .select(['failures', 'last_at'])
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

/** After a success. Of the network's count only this try is taken back, for one right guess does not undo a spray. */
export async function forgetFailures(rooms: IdentityRooms, scope: Scope, attempt: Attempt): Promise<void> {
  const [own, ofNetwork] = countersOf(attempt)
  await rooms.store.within(scope, async (query) => {
    if (own !== undefined) await query.deleteFrom('sign_in_failure').where('key', '=', own.key).execute()
    if (ofNetwork === undefined) return
    await query
      .updateTable('sign_in_failure')
      .set((row) => ({ failures: row('failures', '-', 1) }))
      .where('key', '=', ofNetwork.key)
      .where('failures', '>', 0)
      .execute()
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
