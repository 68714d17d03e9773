import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { createStore, sql, type RawBuilder, type Store, type StoreAddress } from '../../src/platform/store/index.ts'
import { freshStore } from '../support/postgres-server.ts'
import { fillTenant, tablesOfTenants } from '../support/tenant-rows.ts'

let address: Awaited<ReturnType<typeof freshStore>>
let store: Store
const [mine, theirs] = [{ tenantId: newId() }, { tenantId: newId() }]

beforeAll(async () => {
  address = await freshStore()
  store = createStore({ address, poolMax: 1 }) // one connection: what a transaction leaves behind, the next one meets
  for (const scope of [mine, theirs]) await fillTenant(store, scope)
})
afterAll(() => store.close())

const tenantTables = await tablesOfTenants()

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
