import { Client } from 'pg'
import { clientConfig, type StoreAddress } from './store-address.ts'

/**
 * The store's schema as one text, the same for the same schema: what the migrations add up to, rights and policies
 * included. `schema.sql` is this text of a new store; a test compares the two.
 */
export async function dumpSchema(address: StoreAddress): Promise<string> {
  const client = new Client(clientConfig(address))
  await client.connect()
  try {
    const parts = [await tables(client), await functions(client)]
    // Roles differ from one installation to the next; what they may do must not.
    return parts.join('\n').replaceAll(new RegExp(`\\b${address.user}\\b`, 'g'), 'owner')
  } finally {
    await client.end()
  }
}

async function tables(client: Client): Promise<string> {
  const { rows } = await client.query<{ oid: number; name: string; isForced: boolean; isEnabled: boolean }>(
    `SELECT oid, relname AS name, relforcerowsecurity AS "isForced", relrowsecurity AS "isEnabled"
     FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname COLLATE "C"`,
  )
  const texts = []
  for (const { oid, name, isForced, isEnabled } of rows) {
    const columns = await lines(client, columnsQuery, oid)
    const constraints = await lines(client, constraintsQuery, oid)
    const rights = await lines(client, rightsQuery, oid)
    texts.push(
      `CREATE TABLE ${name} (\n${[...columns, ...constraints].map((line) => `  ${line}`).join(',\n')}\n);`,
      ...(await lines(client, indexesQuery, oid)),
      ...(isEnabled ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;`] : []),
      ...(isForced ? [`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY;`] : []),
      ...(await lines(client, policiesQuery, oid)),
      ...rights,
      '',
    )
  }
  return texts.join('\n')
}

async function functions(client: Client): Promise<string> {
  const { rows } = await client.query<{ text: string; rights: string }>(
    `SELECT pg_get_functiondef(p.oid) AS text,
       (SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ' ORDER BY r.rolname)
        FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee) AS rights
     FROM pg_proc p WHERE pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C"`,
  )
  return rows.map(({ text, rights }) => `${text.trimEnd()};\n-- may be executed by: ${rights}\n`).join('\n')
}

async function lines(client: Client, query: string, oid: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ line: string }>(query, [oid])
  return rows.map((row) => row.line)
}

const columnsQuery = `
  SELECT format('%s %s%s%s', quote_ident(attname), format_type(atttypid, atttypmod),
    CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END, coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')) AS line
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

const constraintsQuery = `
  SELECT format('CONSTRAINT %s %s', quote_ident(conname), pg_get_constraintdef(oid)) AS line
  FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n' ORDER BY contype, conname COLLATE "C"`

const indexesQuery = `
  SELECT pg_get_indexdef(indexrelid) || ';' AS line FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE indrelid = $1 AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid) ORDER BY c.relname COLLATE "C"`

const policiesQuery = `
  SELECT format('CREATE POLICY %s ON %s FOR %s TO %s%s%s;', policyname, tablename, cmd, array_to_string(roles, ', '),
    coalesce(' USING ' || qual, ''), coalesce(' WITH CHECK ' || with_check, '')) AS line
  FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename AND c.relnamespace = 'public'::regnamespace
  WHERE p.schemaname = 'public' AND c.oid = $1 ORDER BY policyname COLLATE "C"`

const rightsQuery = `
  SELECT format('GRANT %s ON %s TO %s;', string_agg(privilege_type, ', ' ORDER BY privilege_type), c.relname, coalesce(r.rolname, 'PUBLIC')) AS line
  FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE c.oid = $1 AND a.grantee <> c.relowner GROUP BY c.relname, r.rolname ORDER BY r.rolname COLLATE "C"`
