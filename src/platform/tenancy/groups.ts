import type { Actor } from '../../domain/index.ts'
import type { GroupBody, GroupInput } from '../../contract/index.ts'
import { sql, type Query } from '../store/index.ts'
import { requireMember } from './members.ts'
import { groupUnknown, requireManager } from './people-errors.ts'
import type { PeopleRooms } from './people-rooms.ts'
import { requireMayGive } from './roles.ts'

export async function listGroups(rooms: PeopleRooms, actor: Actor): Promise<readonly GroupBody[]> {
  requireManager(actor)
  return rooms.store.within(actor, (query) => readGroups(query, null))
}

export async function setGroup(rooms: PeopleRooms, actor: Actor, name: string, input: GroupInput): Promise<GroupBody> {
  requireManager(actor)
  const group = await rooms.store.within(actor, async (query) => {
    const [before] = await readGroups(query, name)
    await requireMayGive(rooms, query, actor, [...new Set([...input.roles, ...(before?.roles ?? [])])])
    const fields = { description: input.description, roles: [...new Set(input.roles)], updated_at: rooms.now() }
    await query
      .insertInto('member_group')
      .values({ tenant_id: actor.tenantId, name, ...fields })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doUpdateSet(fields))
      .execute()
    return requireGroup(query, name)
  })
  rooms.changed(actor)
  return group
}

export async function removeGroup(rooms: PeopleRooms, actor: Actor, name: string): Promise<void> {
  requireManager(actor)
  await rooms.store.within(actor, async (query) => {
    const group = await requireGroup(query, name)
    await requireMayGive(rooms, query, actor, group.roles)
    await query.deleteFrom('member_group').where('name', '=', name).execute()
  })
  rooms.changed(actor)
}

export async function addToGroup(rooms: PeopleRooms, actor: Actor, name: string, member: string): Promise<void> {
  requireManager(actor)
  await rooms.store.within(actor, async (query) => {
    const group = await requireGroup(query, name)
    await requireMayGive(rooms, query, actor, group.roles)
    const { id } = await requireMember(query, member)
    await query
      .insertInto('group_member')
      .values({ tenant_id: actor.tenantId, group_name: name, member_id: id, origin: 'local' })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
  rooms.changed(actor)
}

/** By an admin's word from either origin; the provider's may come back with the next sign-in. */
export async function removeFromGroup(rooms: PeopleRooms, actor: Actor, name: string, member: string): Promise<void> {
  requireManager(actor)
  await rooms.store.within(actor, async (query) => {
    const group = await requireGroup(query, name)
    await requireMayGive(rooms, query, actor, group.roles)
    const { id } = await requireMember(query, member)
    await query.deleteFrom('group_member').where('group_name', '=', name).where('member_id', '=', id).execute()
  })
  rooms.changed(actor)
}

async function requireGroup(query: Query, name: string): Promise<GroupBody> {
  const [group] = await readGroups(query, name)
  if (group === undefined) throw groupUnknown(name)
  return group
}

async function readGroups(query: Query, name: string | null): Promise<readonly GroupBody[]> {
  const { rows } = await sql<GroupBody>`
    SELECT g.name, g.description, g.roles, coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', m.member_id, 'name', m.name, 'origin', p.origin) ORDER BY m.name, p.origin)
      FROM group_member p JOIN member m ON m.tenant_id = p.tenant_id AND m.member_id = p.member_id
      WHERE p.tenant_id = g.tenant_id AND p.group_name = g.name), '[]') AS members
    FROM member_group g WHERE ${name}::text IS NULL OR g.name = ${name} ORDER BY g.name`.execute(query)
  return rows
}
