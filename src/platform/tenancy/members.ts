import { isUuid, mayGive, newId, type Actor, type Scope } from '../../domain/index.ts'
import type { MemberBody, MemberChange, MemberInput } from '../../contract/index.ts'
import { isUniqueViolation, sql, type Query } from '../store/index.ts'
import { refuseLastOperator } from './operators.ts'
import { lastAdmin, memberUnknown, nameTaken, requireManager, tooMuch } from './people-errors.ts'
import type { PeopleRooms } from './people-rooms.ts'
import { grantsOfRoles, requireMayGive } from './roles.ts'

interface MemberRow {
  member_id: string
  name: string
  kind: 'person' | 'service'
  role: string
  created_at: Date
  disabled_at: Date | null
  groups: string[]
  has_password: boolean
  providers: string[]
}

export async function listMembers(rooms: PeopleRooms, actor: Actor): Promise<readonly MemberBody[]> {
  requireManager(actor)
  return (await rooms.store.within(actor, (query) => readMembers(query, null))).map(bodyOf)
}

export async function findMember(rooms: PeopleRooms, actor: Actor, idOrName: string): Promise<MemberBody> {
  requireManager(actor)
  return rooms.store.within(actor, (query) => requireMember(query, idOrName))
}

export async function createMember(rooms: PeopleRooms, actor: Actor, input: MemberInput): Promise<MemberBody> {
  requireManager(actor)
  const id = newId()
  const made = await named(input.name, () =>
    rooms.store.within(actor, async (query) => {
      await requireMayGive(rooms, query, actor, [input.role])
      await insertMember(query, actor, { id, ...input })
      return requireMember(query, id)
    }),
  )
  rooms.changed(actor)
  return made
}

export async function updateMember(rooms: PeopleRooms, actor: Actor, idOrName: string, change: MemberChange): Promise<MemberBody> {
  requireManager(actor)
  const changed = await named(change.name ?? '', () =>
    rooms.store.within(actor, async (query) => {
      await lockAdmins(query, actor)
      const before = await requireMember(query, idOrName)
      await requireAboveMember(rooms, query, actor, before)
      if (change.role !== undefined) await requireMayGive(rooms, query, actor, [change.role])
      const isLosing = (change.role !== undefined && change.role !== 'admin') || change.isDisabled === true
      if (isLosing) await refuseLastAdmin(query, before)
      if (isLosing) await refuseLastOperator(query, actor, before.id)
      await query
        .updateTable('member')
        .set({
          name: change.name ?? before.name,
          role: change.role ?? before.role,
          ...(change.isDisabled === undefined ? {} : { disabled_at: change.isDisabled ? rooms.now() : null }),
        })
        .where('member_id', '=', before.id)
        .execute()
      return requireMember(query, before.id)
    }),
  )
  rooms.changed(actor)
  return changed
}

export async function removeMember(rooms: PeopleRooms, actor: Actor, idOrName: string): Promise<void> {
  requireManager(actor)
  await rooms.store.within(actor, async (query) => {
    await lockAdmins(query, actor)
    const member = await requireMember(query, idOrName)
    await requireAboveMember(rooms, query, actor, member)
    await refuseLastAdmin(query, member)
    await refuseLastOperator(query, actor, member.id)
    await query.deleteFrom('token').where('member_id', '=', member.id).execute()
    await query.deleteFrom('member').where('member_id', '=', member.id).execute()
  })
  rooms.changed(actor)
}

export async function requireAbove(rooms: PeopleRooms, actor: Actor, memberId: string): Promise<void> {
  requireManager(actor)
  await rooms.store.within(actor, async (query) => requireAboveMember(rooms, query, actor, await requireMember(query, memberId)))
}

/** Whoever acts upon a member could else take over rights by their hand. Roles that are gone count for nothing. */
export async function requireAboveMember(rooms: PeopleRooms, query: Query, actor: Actor, member: MemberBody): Promise<void> {
  const rows = await query
    .selectFrom('member_group')
    .select('roles')
    .where('name', 'in', ['', ...member.groups])
    .execute()
  const roles = [member.role, ...rows.flatMap((row) => row.roles)]
  for (const role of new Set(roles)) {
    const grants = await grantsOfRoles(rooms, query, [role]).catch(() => [])
    if (!grants.every((grant) => mayGive(actor, grant))) throw tooMuch()
  }
}

export async function insertMember(query: Query, scope: Scope, member: MemberInput & { readonly id: string }): Promise<void> {
  await query
    .insertInto('member')
    .values({ tenant_id: scope.tenantId, member_id: member.id, name: member.name, kind: member.kind, role: member.role, disabled_at: null })
    .execute()
}

/** By id or name; disabled ones too. Throws `tenancy.member-unknown`. */
export async function requireMember(query: Query, idOrName: string): Promise<MemberBody> {
  const rows = await readMembers(query, idOrName)
  const row = rows.find((one) => one.member_id === idOrName) ?? rows[0] // an id outranks a name that looks like it
  if (row === undefined) throw memberUnknown()
  return bodyOf(row)
}

async function readMembers(query: Query, idOrName: string | null): Promise<readonly MemberRow[]> {
  const isId = idOrName !== null && isUuid(idOrName)
  const { rows } = await sql<MemberRow>`
    SELECT m.member_id, m.name, m.kind, m.role, m.created_at, m.disabled_at,
      ARRAY(SELECT DISTINCT g.group_name FROM group_member g WHERE g.tenant_id = m.tenant_id AND g.member_id = m.member_id ORDER BY 1) AS groups,
      EXISTS (SELECT FROM password p WHERE p.tenant_id = m.tenant_id AND p.member_id = m.member_id) AS has_password,
      ARRAY(SELECT DISTINCT o.issuer FROM outside_identity o WHERE o.tenant_id = m.tenant_id AND o.member_id = m.member_id ORDER BY 1) AS providers
    FROM member m
    WHERE ${idOrName}::text IS NULL OR m.name = ${idOrName} OR m.member_id = ${isId ? idOrName : null}::uuid
    ORDER BY m.name, m.member_id`.execute(query)
  return rows
}

/** Of two who would each take away the other's last admin, one waits and is refused. */
export async function lockAdmins(query: Query, scope: Scope): Promise<void> {
  await query.selectFrom('tenant').select('tenant_id').where('tenant_id', '=', scope.tenantId).forUpdate().execute()
}

export async function isLastAdmin(query: Query, member: Pick<MemberBody, 'id' | 'role' | 'isDisabled'>): Promise<boolean> {
  if (member.role !== 'admin' || member.isDisabled) return false
  const other = await query
    .selectFrom('member')
    .select('member_id')
    .where('role', '=', 'admin')
    .where('kind', '=', 'person')
    .where('disabled_at', 'is', null)
    .where('member_id', '<>', member.id)
    .limit(1)
    .executeTakeFirst()
  return other === undefined
}

export async function refuseLastAdmin(query: Query, member: MemberBody): Promise<void> {
  if (await isLastAdmin(query, member)) throw lastAdmin()
}

function bodyOf(row: MemberRow): MemberBody {
  return {
    id: row.member_id,
    name: row.name,
    kind: row.kind,
    role: row.role,
    groups: row.groups,
    isDisabled: row.disabled_at !== null,
    hasPassword: row.has_password,
    providers: row.providers,
    createdAt: row.created_at.toISOString(),
  }
}

/** The unique index on names decides between two who want the same one. */
async function named<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isUniqueViolation(error)) throw nameTaken(name)
    throw error
  }
}
