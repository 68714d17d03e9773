import { newId, type Scope } from '../../domain/index.ts'
import type { Query } from '../store/index.ts'
import { insertMember, isLastAdmin, lockAdmins, requireMember } from './members.ts'
import { isLastOperator } from './operators.ts'
import type { OutsidePerson, People } from './people.ts'
import type { PeopleRooms } from './people-rooms.ts'

/**
 * The member behind an outside identity. It is known by issuer and subject alone: a name or an address that somebody else
 * bears here already is never taken for the same person.
 */
export async function admit(rooms: PeopleRooms, scope: Scope, person: OutsidePerson): ReturnType<People['admit']> {
  const admitted = await rooms.store.within(scope, async (query) => {
    await lockAdmins(query, scope) // two first sign-ins at once make one member
    const known = await query
      .selectFrom('outside_identity')
      .select('member_id')
      .where('issuer', '=', person.issuer)
      .where('subject', '=', person.subject)
      .executeTakeFirst()
    const memberId = known?.member_id ?? (await makeMember(query, scope, person))
    if (memberId === null) return null
    if (known !== undefined && !(await follow(query, scope, memberId, person.role))) return null
    await setGroups(query, scope, memberId, person.groups)
    return { memberId, isNew: known === undefined }
  })
  if (admitted !== null) rooms.changed(scope)
  return admitted
}

async function makeMember(query: Query, scope: Scope, person: OutsidePerson): Promise<string | null> {
  if (person.role === null) return null
  const id = newId()
  await insertMember(query, scope, { id, name: await freeName(query, person.name), kind: 'person', role: person.role })
  await query
    .insertInto('outside_identity')
    .values({ tenant_id: scope.tenantId, issuer: person.issuer, subject: person.subject, member_id: id })
    .execute()
  return id
}

/** The mapping decides at every sign-in, but takes the last admin or operator from nobody. false: it lets them in no more. */
async function follow(query: Query, scope: Scope, memberId: string, role: string | null): Promise<boolean> {
  const member = await requireMember(query, memberId)
  if (member.role === role) return true
  if (role !== 'admin' && ((await isLastAdmin(query, member)) || (await isLastOperator(query, scope, memberId)))) return true
  if (role === null) return false
  await query.updateTable('member').set({ role }).where('member_id', '=', memberId).execute()
  return true
}

/** Groups that are not there are left out: a mapping makes no groups, for nobody would know what they may do. */
async function setGroups(query: Query, scope: Scope, memberId: string, wanted: readonly string[]): Promise<void> {
  const rows = await query
    .selectFrom('member_group')
    .select('name')
    .where('name', 'in', ['', ...wanted])
    .execute()
  await query.deleteFrom('group_member').where('member_id', '=', memberId).where('origin', '=', 'oidc').execute()
  if (rows.length === 0) return
  await query
    .insertInto('group_member')
    .values(rows.map(({ name }) => ({ tenant_id: scope.tenantId, group_name: name, member_id: memberId, origin: 'oidc' as const })))
    .execute()
}

/** The wanted name, or `name-2` … where somebody bears it already. */
export async function freeName(query: Query, wanted: string): Promise<string> {
  const base =
    wanted
      .replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, 70) || 'member'
  const rows = await query.selectFrom('member').select('name').execute()
  const taken = new Set(rows.map((row) => row.name))
  let name = base
  for (let next = 2; taken.has(name); next++) name = `${base}-${next}`
  return name
}
