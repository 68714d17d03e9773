import type { Scope } from '../../domain/index.ts'
import type { Query } from '../store/index.ts'
import { lastOperator } from './people-errors.ts'

/** Members who keep tenants and can sign in. Two who remove each other wait here for one another, so that one finds themselves the last. */
async function lockOperators(query: Query, scope: Scope): Promise<readonly string[]> {
  await query
    .selectFrom('platform_operator')
    .select('member_id')
    .where('tenant_id', '=', scope.tenantId)
    .orderBy('member_id')
    .forUpdate()
    .execute()
  return activeOperators(query, scope)
}

export async function activeOperators(query: Query, scope: Scope): Promise<readonly string[]> {
  const rows = await query
    .selectFrom('platform_operator')
    .innerJoin('member', (join) =>
      join.onRef('member.tenant_id', '=', 'platform_operator.tenant_id').onRef('member.member_id', '=', 'platform_operator.member_id'),
    )
    .select('platform_operator.member_id')
    .where('platform_operator.tenant_id', '=', scope.tenantId)
    .where('member.disabled_at', 'is', null)
    .execute()
  return rows.map((row) => row.member_id)
}

export async function isLastOperator(query: Query, scope: Scope, memberId: string): Promise<boolean> {
  const active = await lockOperators(query, scope)
  return active.length === 1 && active[0] === memberId
}

/** Before a member stops being one, or stops being able to keep members: without an operator nobody could keep tenants. */
export async function refuseLastOperator(query: Query, scope: Scope, memberId: string): Promise<void> {
  if (await isLastOperator(query, scope, memberId)) throw lastOperator()
}
