import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { createStore, runtimeRole } from '../../src/platform/store/index.ts'
import { freshStore } from '../support/postgres-server.ts'
import { fillTenant, tablesOfTenants } from '../support/tenant-rows.ts'

const [mine, theirs] = [newId(), newId()]
const tables = await tablesOfTenants()
const verbs = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const
type Verb = (typeof verbs)[number]

let client: Client
let owner: string

beforeAll(async () => {
  const address = await freshStore()
  owner = address.user
  const store = createStore({ address, poolMax: 1 })
  for (const tenantId of [mine, theirs]) await fillTenant(store, { tenantId })
  await store.close()
  const { host, port, database, user, password } = address.superuser
  client = new Client({ host, port, database, user, password: password.reveal() })
  await client.connect()
})
afterAll(() => client.end())

/** What is wrong with the wall around one table for one verb: empty where a tenant reaches its own rows and no others. */
async function breaches(table: string, verb: Verb): Promise<readonly string[]> {
  const { rows } = await client.query<{ may: boolean; columns: string }>(
    `SELECT has_table_privilege($1, $2, $3) AS may,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = $2::regclass AND attnum > 0 AND NOT attisdropped) AS columns`,
    [runtimeRole, table, verb],
  )
  const found: string[] = []
  // Where the serving role has no such right, the owner's own jobs meet the same wall: it is forced upon them too.
  const role = rows[0]?.may === true ? runtimeRole : owner
  const columns = rows[0]?.columns ?? ''
  const isChange = verb === 'UPDATE' || verb === 'DELETE'
  const foreign = isChange ? 0 : await reach(role, verb, statements(table, columns, theirs)[verb])
  if (foreign !== 0 && foreign !== '42501') found.push(`${verb} reached ${foreign} foreign row(s) of ${table}`)
  const own = await reach(
    role,
    verb,
    statements(table, columns, mine)[verb],
    verb === 'INSERT' ? `DELETE FROM ${table} WHERE tenant_id = '${mine}'` : '',
  )
  if (own !== 1) found.push(`${verb} reached ${own} own row(s) of ${table}`)
  return found
}

/** Changes have no WHERE: with one, the wall for reading would stand in for theirs. All rows are meant, one's own are reached. */
function statements(table: string, columns: string, tenant: string): Readonly<Record<Verb, string>> {
  return {
    SELECT: `SELECT 1 FROM ${table} WHERE tenant_id = '${tenant}'`,
    INSERT: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM kept WHERE tenant_id = '${tenant}'`,
    UPDATE: `UPDATE ${table} SET tenant_id = '${mine}'`,
    DELETE: `DELETE FROM ${table}`,
  }
}

/** Rows a role reaches as my tenant, or the code it is refused with. References are not looked at; nothing stays. */
async function reach(role: string, verb: Verb, statement: string, before = ''): Promise<number | string> {
  await client.query('SAVEPOINT try')
  try {
    await client.query('SET LOCAL session_replication_role = replica')
    const table = /(?:FROM|INTO|UPDATE) (\w+)/.exec(statement)?.[1] ?? ''
    if (verb === 'INSERT')
      await client.query(`CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM ${table}; GRANT SELECT ON kept TO PUBLIC`)
    if (verb === 'INSERT' && before === '') await client.query(`DELETE FROM ${table} WHERE tenant_id = '${theirs}'`)
    if (before !== '') await client.query(before)
    await client.query(`SET LOCAL ROLE ${role}; SET LOCAL app.tenant_id = '${mine}'`)
    return (await client.query(statement)).rowCount ?? 0
  } catch (error) {
    return String((error as { code?: string }).code)
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT try')
  }
}

async function within<Result>(work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN')
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK')
  }
}

describe.each(tables)('the wall around %s', (table) => {
  test('stands for every verb, and a policy that is dropped or opened is found out', async () => {
    const unnoticed: string[] = []
    for (const verb of verbs) {
      expect(await within(() => breaches(table, verb))).toEqual([])
      const policy = `tenant_${verb.toLowerCase()}`
      const open = verb === 'INSERT' ? 'WITH CHECK (true)' : verb === 'UPDATE' ? 'USING (true) WITH CHECK (true)' : 'USING (true)'
      const changes = [`DROP POLICY ${policy} ON ${table}`, `ALTER POLICY ${policy} ON ${table} ${open}`]
      for (const change of changes) {
        const found = await within(async () => {
          await client.query(change)
          return breaches(table, verb)
        })
        if (found.length === 0) unnoticed.push(change)
      }
      const unforced = await within(async () => {
        await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`)
        return breaches(table, verb)
      })
      if (unforced.length === 0) unnoticed.push(`${table} without row-level security: ${verb}`)
    }
    expect(unnoticed).toEqual([])
  })
})
