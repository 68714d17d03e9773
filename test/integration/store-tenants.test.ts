import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { createStore, sql, type Query, type RawBuilder, type Store, type StoreAddress } from '../../src/platform/store/index.ts'
import { freshStore } from '../support/postgres-server.ts'

let address: Awaited<ReturnType<typeof freshStore>>
let store: Store
const [mine, theirs] = [{ tenantId: newId() }, { tenantId: newId() }]

beforeAll(async () => {
  address = await freshStore()
  store = createStore({ address, poolMax: 1 }) // one connection: what a transaction leaves behind, the next one meets
  for (const scope of [mine, theirs]) await fill(scope)
})
afterAll(() => store.close())

/** One row in each table of a tenant. */
async function fill({ tenantId }: { tenantId: string }): Promise<void> {
  await store.within({ tenantId }, async (query) => {
    const [member, entry] = [newId(), newId()]
    await query.insertInto('tenant').values({ tenant_id: tenantId, name: tenantId, wrapped_key: null }).execute()
    await query
      .insertInto('member')
      .values({ tenant_id: tenantId, member_id: member, name: 'Ada', role: 'admin', disabled_at: null })
      .execute()
    await sql`INSERT INTO token (tenant_id, token_id, member_id, name, kind, role, hash, expires_at)
      VALUES (${tenantId}, ${newId()}, ${member}, 'one', 'person', 'admin', ${Buffer.from(tenantId)}, now() + interval '1 day')`.execute(
      query,
    )
    await sql`INSERT INTO connection (tenant_id, connection_id, name, engine, target) VALUES (${tenantId}, ${newId()}, 'shop', 'postgres', '{}')`.execute(
      query,
    )
    await sql`INSERT INTO policy (tenant_id, connection_id, body) VALUES (${tenantId}, 'shop', '{}')`.execute(query)
    await sql`INSERT INTO record_head (tenant_id, sequence, mac) VALUES (${tenantId}, 1, '\\x00')`.execute(query)
    await sql`INSERT INTO record_open (tenant_id, entry_id, server_id) VALUES (${tenantId}, ${entry}, ${newId()})`.execute(query)
    await sql`INSERT INTO record_link (tenant_id, sequence, entry_id, kind, at, body, mac)
      VALUES (${tenantId}, 1, ${entry}, 'note', now(), '{}', '\\x00')`.execute(query)
    await fillPeople(query, tenantId, member)
  })
}

async function fillPeople(query: Query, tenantId: string, member: string): Promise<void> {
  const key = (name: string): Buffer => Buffer.from(`${name} ${tenantId}`)
  const rows = [
    sql`role (tenant_id, name, grants) VALUES (${tenantId}, 'analyst', '[]')`,
    sql`member_group (tenant_id, name) VALUES (${tenantId}, 'finance')`,
    sql`group_member (tenant_id, group_name, member_id, origin) VALUES (${tenantId}, 'finance', ${member}, 'local')`,
    sql`password (tenant_id, member_id, hash) VALUES (${tenantId}, ${member}, 'x')`,
    sql`invitation (tenant_id, invitation_id, member_id, hash, expires_at) VALUES (${tenantId}, ${newId()}, ${member}, ${key('i')}, now())`,
    sql`outside_identity (tenant_id, issuer, subject, member_id) VALUES (${tenantId}, 'https://id.example', 'ada', ${member})`,
    sql`session (tenant_id, session_id, member_id, hash, method, expires_at) VALUES (${tenantId}, ${newId()}, ${member}, ${key('s')}, 'password', now())`,
    sql`known_device (tenant_id, member_id, hash) VALUES (${tenantId}, ${member}, '\\x00')`,
    sql`sign_in_failure (tenant_id, key, failures, last_at) VALUES (${tenantId}, '\\x00', 1, now())`,
    sql`device_login (tenant_id, device_login_id, hash, user_code, client, expires_at, interval_s) VALUES (${tenantId}, ${newId()}, ${key('d')}, 'ABCD', '', now(), 5)`,
  ]
  for (const row of rows) await sql`INSERT INTO ${row}`.execute(query)
}

const identityTables = [
  'role',
  'member_group',
  'group_member',
  'password',
  'invitation',
  'outside_identity',
  'session',
  'known_device',
  'sign_in_failure',
  'device_login',
] as const
const tenantTables = [
  'tenant',
  'member',
  'token',
  'connection',
  'policy',
  'record_head',
  'record_open',
  'record_link',
  ...identityTables,
] as const

describe.each(tenantTables)('of the table %s', (table) => {
  test('a tenant sees its own rows only', async () => {
    const { rows } = await store.within(mine, (query) =>
      sql<{ tenant_id: string }>`SELECT tenant_id FROM ${sql.table(table)}`.execute(query),
    )
    expect(rows).toEqual([{ tenant_id: mine.tenantId }])
  })

  test('no row is seen without a tenant', async () => {
    const { rows } = await store.withoutTenant((query) => sql`SELECT * FROM ${sql.table(table)}`.execute(query))
    expect(rows).toEqual([])
  })

  // Without a WHERE no other policy than the verb's own stands between a tenant and the rows of all.
  test('a tenant can neither change nor delete what is another’s, nor write in its name', async () => {
    const copy = sql`SELECT (jsonb_populate_record(t, jsonb_build_object('tenant_id', ${theirs.tenantId}::text))).* FROM ${sql.table(table)} t`
    expect(await reach(sql`UPDATE ${sql.table(table)} SET tenant_id = ${mine.tenantId}`)).toBeOneOf([1, '42501'])
    expect(await reach(sql`DELETE FROM ${sql.table(table)}`)).toBeOneOf([1, '42501', '23503'])
    expect(await reach(sql`INSERT INTO ${sql.table(table)} ${copy}`)).toBe('42501')
  })
})

/** How many rows a statement of mine touches, or the code it is refused with; nothing stays. */
async function reach(statement: RawBuilder<unknown>): Promise<number | string> {
  const enough = new Error('undone')
  let rows = 0
  const work = store.within(mine, async (query) => {
    rows = Number((await statement.execute(query)).numAffectedRows)
    throw enough
  })
  return await work.catch((error: unknown) => (error === enough ? rows : refusal(error)))
}

function refusal(error: unknown): string {
  return String((error as { code?: string }).code)
}

describe('the store', () => {
  test.each([
    ['UPDATE', sql`UPDATE record_link SET body = ''`],
    ['DELETE', sql`DELETE FROM record_link`],
    ['TRUNCATE', sql`TRUNCATE record_link`],
  ])('lets nobody at run time %s links of the record', async (_verb, statement) => {
    await expect(store.within(mine, (query) => statement.execute(query))).rejects.toMatchObject({ code: '42501' })
  })

  test('forgets tenant and role at the end of a transaction, also of a failed one', async () => {
    await expect(store.within(mine, (query) => sql`SELECT 1 / 0`.execute(query))).rejects.toMatchObject({ code: '22012' })
    const { rows } = await store.withoutTenant((query) =>
      sql`SELECT current_setting('app.tenant_id', true) AS tenant, current_user AS role`.execute(query),
    )
    expect(rows).toEqual([{ tenant: '', role: 'aishell_runtime' }])
  })

  test('keeps nothing of a transaction whose error its work has swallowed, and says so', async () => {
    const work = store.within(mine, async (query) => {
      await sql`INSERT INTO policy (tenant_id, connection_id, body) VALUES (${mine.tenantId}, 'lost', '{}')`.execute(query)
      await sql`SELECT 1 / 0`.execute(query).catch(() => undefined)
    })
    await expect(work).rejects.toMatchObject({ code: '25P02' })
  })

  test('takes only UUIDs for tenants: the name goes into the text of a statement', async () => {
    await expect(store.within({ tenantId: `'; DROP TABLE tenant; --` }, async () => 1)).rejects.toMatchObject({ code: 'store.bad-scope' })
  })

  test('finds a token by its hash, and only by the whole of it', async () => {
    const find = (hash: Buffer) =>
      store.withoutTenant((query) => sql<{ tenant_id: string }>`SELECT tenant_id FROM find_token(${hash})`.execute(query))
    expect((await find(Buffer.from(theirs.tenantId))).rows).toEqual([{ tenant_id: theirs.tenantId }])
    expect((await find(Buffer.from(theirs.tenantId.slice(0, -1)))).rows).toEqual([])
  })

  test('says that it cannot be reached, and how to mend that', async () => {
    const gone: StoreAddress = { ...address, port: 1 }
    const closed = createStore({ address: gone, poolMax: 1 })
    await expect(closed.check()).rejects.toMatchObject({ code: 'store.unreachable', kind: 'failed' })
    await closed.close()
  })
})
