import { isUuid, newId, ShellError, type Scope } from '../../domain/index.ts'
import type { Store } from '../store/index.ts'
import type { Member, Tenancy } from './tenancy.ts'

/** The same in every store, so that it can be named before anything was read: row-level security shows no tenant to those who name none. */
const defaultTenant: Scope = Object.freeze({ tenantId: '00000000-0000-7000-8000-000000000001' })
const firstAdminName = 'admin'

export function createTenancy(options: { readonly store: Store }): Tenancy {
  const { store } = options
  return {
    ensureDefaultTenant: async () => {
      await store.within(defaultTenant, (query) =>
        query
          .insertInto('tenant')
          .values({ tenant_id: defaultTenant.tenantId, name: 'default' })
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
      return defaultTenant
    },
    ensureFirstAdmin: (scope) => ensureFirstAdmin(store, scope),
    member: (scope, memberId) => findMember(store, scope, memberId),
  }
}

/** Of servers that start at once, one makes the admin: the tenant's row is locked meanwhile. */
async function ensureFirstAdmin(store: Store, scope: Scope): Promise<{ readonly member: Member; readonly isNew: boolean }> {
  return store.within(scope, async (query) => {
    await query.selectFrom('tenant').select('tenant_id').where('tenant_id', '=', scope.tenantId).forUpdate().execute()
    const admins = query
      .selectFrom('member')
      .select(['member_id', 'name', 'role'])
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
    const found = await admins.orderBy('created_at').orderBy('member_id').limit(1).executeTakeFirst()
    if (found !== undefined) return { member: memberOf(found), isNew: false }
    const member: Member = { id: newId(), name: await freeName(query, firstAdminName), role: 'admin' }
    await query
      .insertInto('member')
      .values({ tenant_id: scope.tenantId, member_id: member.id, name: member.name, role: member.role, disabled_at: null })
      .execute()
    return { member, isNew: true }
  })
}

/** `admin`, or `admin-2` … where somebody of another role bears that name. */
async function freeName(query: Parameters<Parameters<Store['within']>[1]>[0], wanted: string): Promise<string> {
  const rows = await query.selectFrom('member').select('name').where('name', 'like', `${wanted}%`).execute()
  const taken = new Set(rows.map((row) => row.name))
  let name = wanted
  for (let next = 2; taken.has(name); next++) name = `${wanted}-${next}`
  return name
}

async function findMember(store: Store, scope: Scope, memberId: string): Promise<Member> {
  const found = isUuid(memberId)
    ? await store.within(scope, (query) =>
        query
          .selectFrom('member')
          .select(['member_id', 'name', 'role'])
          .where('member_id', '=', memberId)
          .where('disabled_at', 'is', null)
          .executeTakeFirst(),
      )
    : undefined
  if (found === undefined)
    throw new ShellError({
      code: 'tenancy.member-unknown',
      kind: 'missing',
      message: 'There is no such member, or the member was disabled.',
      hint: 'Ask an admin of this tenant.',
    })
  return memberOf(found)
}

function memberOf(row: { readonly member_id: string; readonly name: string; readonly role: string }): Member {
  return { id: row.member_id, name: row.name, role: row.role }
}
