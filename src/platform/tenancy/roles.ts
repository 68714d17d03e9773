import {
  builtinGrants,
  builtinRoles,
  isBuiltinRole,
  mayGive,
  ShellError,
  type Actor,
  type Grant,
  type RoleDefinition,
  type RoleGrant,
  type RoleName,
  type Scope,
} from '../../domain/index.ts'
import { roleGrantsShape, type RoleBody, type RoleInput } from '../../contract/index.ts'
import { sql, type Query } from '../store/index.ts'
import { requireManager, roleUnknown, tooMuch } from './people-errors.ts'
import type { PeopleRooms } from './people-rooms.ts'

const builtinDescriptions = {
  reader: 'Asks questions and browses catalogs.',
  editor: 'Also keeps connections and their policies.',
  admin: 'Does everything, members and the audit included.',
} as const

export async function listRoles(rooms: PeopleRooms, actor: Actor): Promise<readonly RoleBody[]> {
  requireManager(actor)
  const saved = await rooms.store.within(actor, (query) => query.selectFrom('role').selectAll().orderBy('name').execute())
  const builtin = builtinRoles.map((name): RoleBody => ({
    name,
    description: builtinDescriptions[name],
    origin: 'builtin',
    grants: builtinGrants(name).map(({ verbs, connections }) => ({ verbs: [...verbs], connections, when: {} })),
  }))
  const declared = rooms.declaredRoles.map((role): RoleBody => ({ ...role, origin: 'file' }))
  const own = saved
    .filter((row) => !rooms.declaredRoles.some((role) => role.name === row.name))
    .map((row): RoleBody => ({ name: row.name, description: row.description, origin: 'api', grants: readGrants(row.grants) }))
  return [...builtin, ...declared, ...own]
}

export async function findRole(rooms: PeopleRooms, actor: Actor, name: RoleName): Promise<RoleBody> {
  const found = (await listRoles(rooms, actor)).find((role) => role.name === name)
  if (found === undefined) throw roleUnknown(name)
  return found
}

export async function setRole(rooms: PeopleRooms, actor: Actor, name: RoleName, input: RoleInput): Promise<RoleBody> {
  requireManager(actor)
  refuseFixed(rooms, name)
  const fields = { description: input.description, grants: JSON.stringify(input.grants), updated_at: rooms.now() }
  await rooms.store.within(actor, async (query) => {
    const before = await query.selectFrom('role').select('grants').where('name', '=', name).executeTakeFirst()
    const touched = [...input.grants, ...(before === undefined ? [] : readGrants(before.grants))]
    if (!touched.every((grant) => mayGive(actor, grant))) throw tooMuch()
    await query
      .insertInto('role')
      .values({ tenant_id: actor.tenantId, name, ...fields })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doUpdateSet(fields))
      .execute()
  })
  rooms.changed(actor)
  return { name, description: input.description, origin: 'api', grants: input.grants }
}

export async function removeRole(rooms: PeopleRooms, actor: Actor, name: RoleName): Promise<void> {
  requireManager(actor)
  refuseFixed(rooms, name)
  await rooms.store.within(actor, async (query) => {
    const users = await usersOf(query, name)
    if (users.length > 0)
      throw new ShellError({
        code: 'tenancy.in-use',
        kind: 'conflict',
        message: `The role ${name} is still given to ${users.slice(0, 5).join(', ')}${users.length > 5 ? ' and others' : ''}.`,
        hint: 'Give them another role first.',
      })
    const { numDeletedRows } = await query.deleteFrom('role').where('name', '=', name).executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw roleUnknown(name)
  })
  rooms.changed(actor)
}

export async function roleNames(rooms: PeopleRooms, scope: Scope): Promise<ReadonlySet<RoleName>> {
  const rows = await rooms.store.within(scope, (query) => query.selectFrom('role').select('name').execute())
  return new Set([...builtinRoles, ...rooms.declaredRoles.map((role) => role.name), ...rows.map((row) => row.name)])
}

/** What these roles give, conditions aside. Throws `tenancy.role-unknown`. */
export async function grantsOfRoles(rooms: PeopleRooms, query: Query, names: readonly RoleName[]): Promise<readonly Grant[]> {
  const own = names.filter((name) => !isBuiltinRole(name))
  const rows = own.length === 0 ? [] : await query.selectFrom('role').select(['name', 'grants']).where('name', 'in', own).execute()
  return names.flatMap((name): readonly Grant[] => {
    if (isBuiltinRole(name)) return builtinGrants(name)
    const declared = rooms.declaredRoles.find((role) => role.name === name)
    if (declared !== undefined) return declared.grants
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw roleUnknown(name)
    return readGrants(row.grants)
  })
}

/** Throws `tenancy.too-much`, `tenancy.role-unknown`. */
export async function requireMayGive(rooms: PeopleRooms, query: Query, actor: Actor, names: readonly RoleName[]): Promise<void> {
  const grants = await grantsOfRoles(rooms, query, names)
  if (!grants.every((grant) => mayGive(actor, grant))) throw tooMuch()
}

async function usersOf(query: Query, name: RoleName): Promise<readonly string[]> {
  const members = await query.selectFrom('member').select('name').where('role', '=', name).orderBy('name').execute()
  const groups = await query
    .selectFrom('member_group')
    .select('name')
    .where(sql<boolean>`${name} = ANY (roles)`)
    .orderBy('name')
    .execute()
  return [...members.map((row) => row.name), ...groups.map((row) => `the group ${row.name}`)]
}

function refuseFixed(rooms: PeopleRooms, name: RoleName): void {
  const isDeclared = rooms.declaredRoles.some((role: RoleDefinition) => role.name === name)
  if (!isBuiltinRole(name) && !isDeclared) return
  throw new ShellError({
    code: 'tenancy.declared',
    kind: 'conflict',
    message: isDeclared
      ? `The role ${name} is declared in aishell.yaml and cannot be changed here.`
      : `The role ${name} is always there and as it is.`,
    hint: isDeclared ? 'Change it in aishell.yaml and restart the server.' : 'Define a role of another name.',
  })
}

/** A definition this version cannot read gives nothing. */
function readGrants(grants: unknown): readonly RoleGrant[] {
  const parsed = roleGrantsShape.safeParse(grants)
  return parsed.success ? parsed.data : []
}
