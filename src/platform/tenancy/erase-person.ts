import type { Actor, Scope } from '../../domain/index.ts'
import type { MemberBody } from '../../contract/index.ts'
import { sql, type Query, type Store } from '../store/index.ts'
import type { ErasureProof } from './erasure-proofs.ts'
import { lockAdmins, refuseLastAdmin, requireAboveMember, requireMember } from './members.ts'
import { refuseLastOperator } from './operators.ts'
import { notConfirmed, requireManager } from './people-errors.ts'
import type { PeopleRooms } from './people-rooms.ts'
import { shownColumns, tenantTables, uuidColumns } from './tenant-tables.ts'

/** Rows by table. */
export type RowCounts = Readonly<Record<string, number>>

/** What went, in one transaction. */
export interface PersonErasure {
  readonly memberId: string
  readonly removed: RowCounts
  /** Rows that stay with somebody else, and name nobody any more. */
  readonly pseudonymized: RowCounts
  /** Rows that still hold the member's id where nothing says that they may. */
  readonly left: number
}

export interface ErasePersonOptions {
  /** The member's name, again: no slip of the hand erases another. */
  readonly confirm: string
  /** What other rooms hold: goes in the same transaction, before the member does. */
  readonly forget: (query: Query, memberId: string) => Promise<Pick<PersonErasure, 'removed' | 'pseudonymized'>>
  /** Signs what was done; stands in the store with it, or nothing was done. */
  readonly prove: (erasure: PersonErasure) => ErasureProof
}

/** The record and the proofs keep the id; so do decisions about what others asked for. */
const keepsId = /^(record_|erased_)/
const keptColumns: readonly string[] = ['approval.decided_by']

export async function erasePerson(
  rooms: PeopleRooms,
  actor: Actor,
  idOrName: string,
  { confirm, forget, prove }: ErasePersonOptions,
): Promise<ErasureProof & { readonly erasure: PersonErasure }> {
  requireManager(actor)
  const done = await rooms.store.within(actor, async (query) => {
    await lockAdmins(query, actor)
    const member = await requireMember(query, idOrName)
    if (confirm !== member.name) throw notConfirmed()
    await requireErasable(rooms, query, actor, member)
    const memberId = member.id
    const elsewhere = await forget(query, memberId)
    const removed = { ...(await countRows(query, memberId)), ...elsewhere.removed }
    await query.deleteFrom('token').where('member_id', '=', memberId).execute()
    await query.deleteFrom('member').where('member_id', '=', memberId).execute()
    const erasure = { memberId, removed, pseudonymized: elsewhere.pseudonymized, left: await countLeft(query, memberId) }
    const { proof, signature } = prove(erasure)
    await query
      .insertInto('erased_member')
      .values({ tenant_id: actor.tenantId, erased_member_id: memberId, proof, signature: Buffer.from(signature) })
      .execute()
    return { erasure, proof, signature }
  })
  rooms.changed(actor)
  return done
}

/** Throws `tenancy.too-much`, `tenancy.last-admin`, `tenancy.last-operator`. */
export async function requireErasable(rooms: PeopleRooms, query: Query, actor: Actor, member: MemberBody): Promise<void> {
  await requireAboveMember(rooms, query, actor, member)
  await refuseLastAdmin(query, member)
  await refuseLastOperator(query, actor, member.id)
}

async function memberTables(query: Query): Promise<readonly string[]> {
  return (await tenantTables(query, 'member_id')).filter((table) => !keepsId.test(table))
}

/** Of every table that a member's rows are in, also of those that a later version adds. */
async function countRows(query: Query, memberId: string): Promise<RowCounts> {
  const counts: [string, number][] = []
  for (const table of await memberTables(query)) counts.push([table, await countBy(query, table, ['member_id'], memberId)])
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

async function countLeft(query: Query, memberId: string): Promise<number> {
  let left = 0
  for (const table of (await tenantTables(query)).filter((name) => !keepsId.test(name))) {
    const columns = (await uuidColumns(query, table)).filter((column) => !keptColumns.includes(`${table}.${column}`))
    left += await countBy(query, table, columns, memberId)
  }
  return left
}

async function countBy(query: Query, table: string, columns: readonly string[], memberId: string): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    SELECT count(*) AS count FROM ${sql.table(table)} WHERE ${memberId}::uuid IN (${sql.join(columns.map((column) => sql.ref(column)))})`.execute(
    query,
  )
  return Number(rows[0]?.count ?? 0)
}

/** All rows of a member, without hashes, sealed values and keys, and the roles their groups give them. */
export async function* exportPersonRows(store: Store, scope: Scope, memberId: string): AsyncGenerator<object> {
  for (const table of await store.within(scope, memberTables)) {
    const rows = await store.within(scope, async (query) => {
      const columns = await shownColumns(query, table)
      const found = await sql<object>`
        SELECT ${sql.join(columns.map((column) => sql.ref(column)))} FROM ${sql.table(table)} WHERE member_id = ${memberId} ORDER BY 1, 2`.execute(
        query,
      )
      return found.rows
    })
    for (const row of rows) yield { table, row }
  }
  const groups = await store.within(scope, (query) =>
    query
      .selectFrom('group_member')
      .innerJoin('member_group', (join) =>
        join.onRef('member_group.tenant_id', '=', 'group_member.tenant_id').onRef('member_group.name', '=', 'group_member.group_name'),
      )
      .select(['member_group.name', 'member_group.description', 'member_group.roles'])
      .where('group_member.member_id', '=', memberId)
      .distinct()
      .execute(),
  )
  for (const row of groups) yield { table: 'member_group', row }
}
