import { newId } from '../../src/domain/index.ts'
import { sql, type Query, type Store } from '../../src/platform/store/index.ts'
import { execute, freshStore } from './postgres-server.ts'

/** Every table that has tenants, as the migrations made them: a new one is tested without being named, and needs a row below. */
export async function tablesOfTenants(): Promise<readonly string[]> {
  const { rows } = await execute(
    await freshStore(),
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
  )
  return rows.map((row) => String(row.name))
}

/** One row in each table of a tenant. */
export async function fillTenant(store: Store, { tenantId }: { readonly tenantId: string }): Promise<void> {
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
    await fillKeeping(query, tenantId, member)
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

async function fillKeeping(query: Query, tenantId: string, member: string): Promise<void> {
  const rows = [
    sql`approval (tenant_id, approval_id, connection_id, connection_name, sql, params, class, hash, catalog_version, policy_version, limits, verdict,
      question_id, requester_id, requester_name, requester_kind, requester_surface, expires_at)
      VALUES (${tenantId}, ${newId()}, 'shop', 'shop', 'DELETE FROM t', '[]', 'write', 'h', 'c', 'p', '{}', '{}', ${newId()}, ${member}, 'Ada', 'person', 'http', now())`,
    sql`record_checkpoint (tenant_id, sequence, body, signature) VALUES (${tenantId}, 1, '{}', '\\x00')`,
    sql`record_tombstone (tenant_id, through, body, signature) VALUES (${tenantId}, 1, '{}', '\\x00')`,
    sql`tenant_usage (tenant_id, day) VALUES (${tenantId}, '2026-01-01')`,
    sql`tenant_model (tenant_id, provider, model) VALUES (${tenantId}, 'ollama', 'x')`,
    sql`platform_operator (tenant_id, member_id) VALUES (${tenantId}, ${member})`,
    sql`erased_member (tenant_id, erased_member_id, proof, signature) VALUES (${tenantId}, ${newId()}, '{}', '\\x00')`,
    sql`erased_tenant (tenant_id, erased_tenant_id, proof, signature) VALUES (${tenantId}, ${newId()}, '{}', '\\x00')`,
  ]
  for (const row of rows) await sql`INSERT INTO ${row}`.execute(query)
}
