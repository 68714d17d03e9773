import { Client } from 'pg'
import { runtimeRole, type StoreAddress } from '../../../src/platform/store/index.ts'
import type { Dice } from '../../../test/support/dice.ts'
import type { Tally } from './tally.ts'

export interface Side {
  readonly id: string
  readonly other: string
}

interface Table {
  readonly name: string
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
  readonly mayDelete: boolean
}

const perRoundTrip = 100

/** Statements that try to reach the other tenant, as the serving role, a hundred to a round trip; nothing they do is kept. */
export async function tryStore(address: StoreAddress, sides: readonly Side[], dice: Dice, tally: Tally): Promise<void> {
  const client = new Client({ ...place(address), password: address.password?.reveal() ?? '' })
  await client.connect()
  try {
    const tables = await tablesOf(client)
    while (!tally.areOperationsOver()) {
      const side = dice.pick(sides)
      const statements = Array.from({ length: perRoundTrip }, () => statementOf(dice, side, tables))
      const begin = `BEGIN; SET LOCAL ROLE ${runtimeRole}; SET LOCAL app.tenant_id = '${side.id}'`
      const results = (await client.query(`${begin}; ${statements.join('; ')}; ROLLBACK`)) as unknown as readonly Result[] // many statements, many results
      for (const { command, rowCount, rows } of results) {
        if (command === 'SELECT') tally.store({ foreign: Number(rows[0]?.foreign ?? 0), own: Number(rows[0]?.own ?? 0) })
        if (command === 'UPDATE' || command === 'DELETE') tally.store({ foreign: rowCount ?? 0, own: 0 })
        if (command === 'DO') tally.store({ foreign: 0, own: 0 })
      }
    }
  } finally {
    await client.end()
  }
}

interface Result {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: readonly { readonly foreign?: string; readonly own?: string }[]
}

function place({ host, port, database, user }: StoreAddress) {
  return { host, port, database, user }
}

async function tablesOf(client: Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS name, has_table_privilege($1, c.oid, 'INSERT') AS "mayInsert", has_table_privilege($1, c.oid, 'UPDATE') AS "mayUpdate",
       has_table_privilege($1, c.oid, 'DELETE') AS "mayDelete" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND has_table_privilege($1, c.oid, 'SELECT') ORDER BY 1`,
    [runtimeRole],
  )
  return rows
}

function statementOf(dice: Dice, { id, other }: Side, tables: readonly Table[]): string {
  const { name, mayInsert, mayUpdate, mayDelete } = dice.pick(tables)
  const joined = dice.pick(tables).name
  const ways = [
    `SELECT count(*) FILTER (WHERE tenant_id <> '${id}') AS foreign, count(*) AS own FROM (SELECT tenant_id FROM ${name} LIMIT 200) found`,
    `SELECT count(*) AS foreign FROM ${name} WHERE tenant_id = '${other}'`,
    `SELECT count(*) AS foreign FROM ${name} WHERE tenant_id <> current_tenant() OR tenant_id IS NULL`,
    `SELECT count(*) AS foreign FROM (SELECT 1 FROM ${name} a JOIN ${joined} b ON a.tenant_id <> b.tenant_id LIMIT 1) found`,
    `SELECT count(*) AS foreign FROM (SELECT tenant_id FROM ${name} WHERE tenant_id = '${other}' UNION ALL SELECT tenant_id FROM ${joined} WHERE tenant_id = '${other}') found`,
    ...(mayUpdate
      ? [
          `UPDATE ${name} SET tenant_id = '${id}' WHERE tenant_id = '${other}'`,
          `UPDATE ${name} SET tenant_id = tenant_id WHERE tenant_id <> '${id}'`,
        ]
      : []),
    ...(mayDelete ? [`DELETE FROM ${name} WHERE tenant_id = '${other}'`, `DELETE FROM ${name} WHERE tenant_id <> '${id}'`] : []),
    ...(mayInsert
      ? [
          `DO $$ BEGIN INSERT INTO ${name} (tenant_id) VALUES ('${other}'); RAISE SQLSTATE 'AS000' USING MESSAGE = 'a foreign row went into ${name}'; EXCEPTION WHEN insufficient_privilege OR not_null_violation THEN NULL; END $$`,
        ]
      : []),
  ]
  return dice.pick(ways)
}
