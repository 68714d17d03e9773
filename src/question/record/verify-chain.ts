import type { Scope } from '../../domain/index.ts'
import type { Verification } from '../../contract/index.ts'
import type { Query, Store } from '../../platform/store/index.ts'
import { ChainWalk } from './chain-walk.ts'
import { shelf } from './commit-batch.ts'
import type { Head, LinkBody } from './link.ts'

/** Links per read: a page is checked while no transaction is open for longer than it takes to read it. */
export const pageLinks = 2_000

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

/** Checks every link of the tenant's chain up to its present end. Links written meanwhile wait for the next time. */
export async function verifyChain(scope: Scope, store: Store, auditKey: Uint8Array, mustHold: readonly Head[]): Promise<Verification> {
  const { head, last } = await store.within(scope, (query) => readEnd(query, scope))
  const walk = new ChainWalk(scope.tenantId, auditKey, mustHold)
  for await (const page of readPages(scope, store, last)) {
    for (const link of page) {
      const body = walk.step(link)
      if (body !== null && !isShelvedRight(link, body))
        walk.find(link.sequence, 'record.column-changed', `Link ${link.sequence} is filed under other words than its body has.`)
    }
  }
  return walk.finish(head)
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

/** Links from the first to `last`, in order. */
export async function* readPages(scope: Scope, store: Store, last: number): AsyncGenerator<readonly StoredLink[]> {
  let after = '-9223372036854775808' // the smallest bigint: a link numbered 0 or below is foreign and must be seen
  for (;;) {
    const rows = await store.within(scope, (query) =>
      query
        .selectFrom('record_link')
        .select(['sequence', 'entry_id', 'kind', 'at', 'member_id', 'connection', 'body', 'mac'])
        .where('tenant_id', '=', scope.tenantId)
        .where('sequence', '>', after)
        .where('sequence', '<=', String(last))
        .orderBy('sequence')
        .limit(pageLinks)
        .execute(),
    )
    const page = rows.map((row) => ({ ...row, sequence: Number(row.sequence) }))
    yield page
    if (page.length < pageLinks) return
    after = String(page.at(-1)?.sequence)
  }
}

function isShelvedRight(link: StoredLink, body: LinkBody): boolean {
  const { memberId, connection } = shelf({ content: body })
  const isSameLink = link.kind === body.kind && link.entry_id === body.entryId && link.at.toISOString() === body.at
  return isSameLink && link.member_id === memberId && link.connection === connection
}
