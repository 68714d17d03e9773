import type { Scope } from '../../domain/index.ts'
import type { Verification } from '../../contract/index.ts'
import type { Query, Signer, Store } from '../../platform/store/index.ts'
import { ChainWalk } from './chain-walk.ts'
import { shelf } from './commit-batch.ts'
import type { Head, LinkBody } from './link.ts'
import {
  countTombstones,
  expectCheckpoint,
  followTombstones,
  lastSigned,
  readCheckpoints,
  readTombstones,
  type StoredCheckpoint,
} from './read-keeping.ts'

/**
 * Links per read: a page is checked while no transaction is open for longer than it takes to read it, and takes this thread
 * some ten milliseconds.
 */
const pageLinks = 250

export interface StoredLink {
  readonly sequence: number
  readonly entry_id: string
  readonly kind: string
  readonly at: Date
  readonly member_id: string | null
  readonly connection: string | null
  readonly body: string
  readonly mac: Buffer
}

export interface ChainKeys {
  readonly auditKey: Uint8Array
  readonly signer: Signer
}

/**
 * Checks every link of the tenant's chain up to its present end, its tombstones and its checkpoints. Links written
 * meanwhile wait for the next time; when retention came between, it is walked again.
 */
export async function verifyChain(scope: Scope, store: Store, keys: ChainKeys, mustHold: readonly Head[]): Promise<Verification> {
  for (let tries = 1; ; tries++) {
    const { verification, base } = await walkOnce(scope, store, keys, mustHold)
    if (tries === 3 || (await store.within(scope, (query) => countTombstones(query, scope))) === base) return verification
  }
}

async function walkOnce(scope: Scope, store: Store, keys: ChainKeys, mustHold: readonly Head[]) {
  const { signedTo, head, last, tombstones } = await store.within(scope, async (query) => ({
    tombstones: await readTombstones(query, scope),
    signedTo: await lastSigned(query, scope), // before the end is read: a checkpoint is never ahead of its chain
    ...(await readEnd(query, scope)),
  }))
  const walk = new ChainWalk(scope.tenantId, keys.auditKey, mustHold)
  followTombstones(walk, keys.signer, tombstones, scope)
  let through = 0
  for await (const page of readPages(scope, store, last)) {
    const end = page.at(-1)?.sequence ?? last
    const checkpoints = new Map((await readCheckpoints(store, scope, through, end)).map((one) => [one.sequence, one]))
    for (const link of page) checkLink(walk, link, keys.signer, checkpoints)
    for (const orphan of checkpoints.values()) expectCheckpoint(walk, keys.signer, orphan)
    through = end
  }
  walk.mustReach(signedTo)
  return { verification: walk.finish(head), base: tombstones.length }
}

function checkLink(walk: ChainWalk, link: StoredLink, signer: Signer, checkpoints: Map<number, StoredCheckpoint>): void {
  const body = walk.step(link)
  if (body !== null && !isShelvedRight(link, body))
    walk.find(link.sequence, 'record.column-changed', `Link ${link.sequence} is filed under other words than its body has.`)
  const checkpoint = checkpoints.get(link.sequence)
  if (checkpoint === undefined) return
  expectCheckpoint(walk, signer, checkpoint)
  checkpoints.delete(link.sequence)
}

/** Head and last link as of one snapshot: they move together. */
export async function readEnd(query: Query, scope: Scope): Promise<{ readonly head: Head | null; readonly last: number }> {
  const row = await query
    .selectNoFrom((from) => [
      from
        .selectFrom('record_link')
        .select((on) => on.fn.max('sequence').as('last'))
        .where('tenant_id', '=', scope.tenantId)
        .as('last'),
      from.selectFrom('record_head').select('sequence').where('tenant_id', '=', scope.tenantId).as('sequence'),
      from.selectFrom('record_head').select('mac').where('tenant_id', '=', scope.tenantId).as('mac'),
    ])
    .executeTakeFirstOrThrow()
  const head = row.sequence === null || row.mac === null ? null : { sequence: Number(row.sequence), mac: row.mac }
  return { head, last: Number(row.last ?? 0) }
}

/**
 * Links to `last`, in order; from the very first, or only those after `first`. Asked for by their numbers, which follow one
 * another: a page by LIMIT may cost a look at all that follow it, where the server has no statistics of the table yet.
 */
export async function* readPages(scope: Scope, store: Store, last: number, first?: number): AsyncGenerator<readonly StoredLink[]> {
  // From the smallest bigint on: a link numbered 0 or below is foreign and must be seen.
  let after = first === undefined ? await beforeNext(scope, store, -(2n ** 63n), last) : BigInt(first)
  while (after !== null && after < last) {
    const through: bigint = after + BigInt(pageLinks)
    const page = await readPage(scope, store, after, through < last ? through : BigInt(last))
    if (page.length > 0) yield page
    after = page.length > 0 ? through : await beforeNext(scope, store, through, last)
  }
}

/** One less than the next number that there is after `after`; null: none to `last`. */
async function beforeNext(scope: Scope, store: Store, after: bigint, last: number): Promise<bigint | null> {
  const { next } = await store.within(scope, (query) =>
    query
      .selectFrom('record_link')
      .select((on) => on.fn.min('sequence').as('next'))
      .where('tenant_id', '=', scope.tenantId)
      .where('sequence', '>', String(after))
      .where('sequence', '<=', String(last))
      .executeTakeFirstOrThrow(),
  )
  return next === null ? null : BigInt(next) - 1n
}

async function readPage(scope: Scope, store: Store, after: bigint, through: bigint): Promise<readonly StoredLink[]> {
  const rows = await store.within(scope, (query) =>
    query
      .selectFrom('record_link')
      .select(['sequence', 'entry_id', 'kind', 'at', 'member_id', 'connection', 'body', 'mac'])
      .where('tenant_id', '=', scope.tenantId)
      .where('sequence', '>', String(after))
      .where('sequence', '<=', String(through))
      .orderBy('sequence')
      .execute(),
  )
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }))
}

function isShelvedRight(link: StoredLink, body: LinkBody): boolean {
  const { memberId, connection } = shelf({ content: body })
  const isSameLink = link.kind === body.kind && link.entry_id === body.entryId && link.at.toISOString() === body.at
  return isSameLink && link.member_id === memberId && link.connection === connection
}
