import { ShellError, type ApprovalState, type Scope } from '../../domain/index.ts'
import type { ApprovalBody } from '../../contract/index.ts'
import type { Store } from '../../platform/store/index.ts'
import { approvalBody } from './approval-row.ts'

export interface ListOptions {
  readonly state?: ApprovalState
  readonly after?: string
  readonly limit: number
}

/** Newest first. Ids are in order of time, so the last id of a page is its cursor. */
export async function listApprovals(
  store: Store,
  scope: Scope,
  { state, after, limit }: ListOptions,
  now: Date,
): Promise<{ readonly items: readonly ApprovalBody[]; readonly next: string | null }> {
  if (after !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(after)) throw badCursor()
  const rows = await store.within(scope, (query) => {
    let all = query.selectFrom('approval').selectAll()
    if (after !== undefined) all = all.where('approval_id', '<', after)
    if (state === 'requested') all = all.where('state', '=', state).where('expires_at', '>', now)
    else if (state === 'expired')
      all = all.where((on) => on.or([on('state', '=', state), on.and([on('state', '=', 'requested'), on('expires_at', '<=', now)])]))
    else if (state !== undefined) all = all.where('state', '=', state)
    return all
      .orderBy('approval_id', 'desc')
      .limit(limit + 1)
      .execute()
  })
  const items = rows.slice(0, limit).map((row) => approvalBody(row, now))
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}

function badCursor(): ShellError {
  return new ShellError({
    code: 'approvals.bad-cursor',
    kind: 'invalid',
    message: 'That is no place in this list.',
    hint: 'Use the `next` of the page before, unchanged.',
  })
}
