import { ShellError, type Scope } from '../../domain/index.ts'
import type { Query, Store } from '../../platform/store/index.ts'

export const formerMember = 'former member'

/**
 * In the transaction in which a member is erased. What they asked for goes with them (the table's own rule); what they decided is
 * somebody else's, and keeps the id only. Throws `approvals.running` while a statement of theirs is being carried out.
 */
export async function forgetMember(query: Query, memberId: string) {
  const own = await query.selectFrom('approval').select('state').where('requester_id', '=', memberId).forUpdate().execute()
  if (own.some(({ state }) => state === 'executing')) throw running()
  const { numUpdatedRows } = await query
    .updateTable('approval')
    .set({ decided_name: formerMember, decided_credential: null, comment: null })
    .where('decided_by', '=', memberId)
    .executeTakeFirstOrThrow()
  const counted = (count: number): { readonly approval?: number } => (count === 0 ? {} : { approval: count })
  return { removed: counted(own.length), pseudonymized: counted(Number(numUpdatedRows)) }
}

/** What a member asked for, whole; of what they decided for others, the decision. */
export async function* memberApprovals(store: Store, scope: Scope, memberId: string): AsyncGenerator<object> {
  const { asked, decided } = await store.within(scope, async (query) => ({
    asked: await query.selectFrom('approval').selectAll().where('requester_id', '=', memberId).orderBy('requested_at').execute(),
    decided: await query
      .selectFrom('approval')
      .select(['approval_id', 'state', 'decided_name', 'decided_surface', 'decided_at', 'comment'])
      .where('decided_by', '=', memberId)
      .orderBy('requested_at')
      .execute(),
  }))
  for (const { hash: _hash, decided_by: _by, decided_name: _name, comment: _comment, ...row } of asked) yield { table: 'approval', row }
  for (const row of decided) yield { table: 'approval', decision: row }
}

function running(): ShellError {
  return new ShellError({
    code: 'approvals.running',
    kind: 'busy',
    message: 'A statement of this member is being carried out, so they are not erased now.',
    hint: 'Try again in a moment.',
  })
}
