import { expect, test } from 'vitest'
import { dumpSchema } from '../../src/platform/store/index.ts'
import { execute, freshStore } from '../support/postgres-server.ts'

test('schema.sql is what the migrations add up to (mend with: npx vitest run test/integration/store-schema.test.ts -u)', async () => {
  const store = await freshStore()
  await expect(await dumpSchema(store)).toMatchFileSnapshot('../../src/platform/store/schema.sql')
})

test('every table with a tenant has row-level security forced, a policy per verb, and the tenant first in its key', async () => {
  const store = await freshStore()
  const { rows } = await execute(
    store,
    `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
       (SELECT array_agg(DISTINCT cmd ORDER BY cmd) FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname LIKE 'tenant_%') AS verbs,
       (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary) AS first_key
     FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
       AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') ORDER BY 1`,
  )
  expect(rows.length).toBeGreaterThanOrEqual(8)
  for (const row of rows)
    expect(row).toEqual({ name: row.name, forced: true, verbs: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'], first_key: 'tenant_id' })
})

test('no row of one tenant can point at a row of another: every reference carries the tenant', async () => {
  const store = await freshStore()
  const { rows } = await execute(
    store,
    `SELECT c.conrelid::regclass || '.' || c.conname AS name FROM pg_constraint c
     WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT 1 FROM unnest(c.conkey, c.confkey) AS k(here, there)
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here AND a.attname = 'tenant_id'
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there AND b.attname = 'tenant_id')`,
  )
  expect(rows).toEqual([])
})

test('only the list of migrations and of servers belongs to no tenant', async () => {
  const store = await freshStore()
  const { rows } = await execute(
    store,
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
       AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') ORDER BY 1`,
  )
  expect(rows.map((row) => row.name)).toEqual(['schema_migration', 'server_instance'])
})

test('the runtime role owns nothing, is no superuser and cannot bypass row-level security', async () => {
  const store = await freshStore()
  const { rows } = await execute(
    store,
    `SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
       (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS owned FROM pg_roles r WHERE rolname = 'aishell_runtime'`,
  )
  expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false, rolcreatedb: false, owned: 0 }])
})
