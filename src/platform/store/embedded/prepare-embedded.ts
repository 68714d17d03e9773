import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { Secret } from '../../../domain/index.ts'
import type { StoreAddress } from '../store-address.ts'
import type { EmbeddedServer } from './embedded-server.ts'

/** The Harbor Goods demo: another database, another user, which may read and nothing else. */
export interface DemoTarget {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret
}

const storeOwner = 'aishell_owner'
const demoOwner = 'harbor_goods_owner'
const demoReader = 'harbor_goods_reader'
const demoDatabase = 'harbor_goods'

/** Makes the store's own user and database in an embedded server, and loads the demo beside it. Safe to repeat. */
export async function prepareEmbedded(server: EmbeddedServer): Promise<{ readonly store: StoreAddress; readonly demo: DemoTarget }> {
  const [ownerPassword, readerPassword] = [newPassword(), newPassword()] // new at every start: nothing to keep, nothing to lose
  await asSuperuser(server, 'postgres', async (client) => {
    await ensureRole(client, storeOwner, 'LOGIN CREATEROLE', ownerPassword)
    await ensureRole(client, demoOwner, 'NOLOGIN', null)
    await ensureRole(client, demoReader, 'LOGIN', readerPassword)
    await ensureDatabase(client, 'aishell', storeOwner)
    await ensureDatabase(client, demoDatabase, demoOwner)
    await client.query('REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC')
    await client.query(`ALTER ROLE ${demoReader} SET default_transaction_read_only = on`) // one more layer, not the one that counts
  })
  await asSuperuser(server, demoDatabase, loadDemo)
  const address = { host: server.host, port: server.port }
  return {
    store: { ...address, database: 'aishell', user: storeOwner, password: ownerPassword, sslmode: 'disable' },
    demo: { ...address, database: demoDatabase, user: demoReader, password: readerPassword },
  }
}

function newPassword(): Secret {
  return new Secret(randomBytes(24).toString('base64url'))
}

async function asSuperuser(server: EmbeddedServer, database: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ host: server.host, port: server.port, user: server.user, password: server.password.reveal(), database })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

async function ensureRole(client: Client, name: string, options: string, password: Secret | null): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
  const login = password === null ? '' : ` PASSWORD ${client.escapeLiteral(password.reveal())}`
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${name} ${options}${login}`)
}

async function ensureDatabase(client: Client, name: string, owner: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${owner}`)
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
  await client.query(`ALTER DATABASE ${name} OWNER TO ${owner}`)
}

/** The whole demo in one transaction: a kill in the middle leaves an empty database, which the next start fills. */
async function loadDemo(client: Client): Promise<void> {
  const { rows } = await client.query<{ isLoaded: boolean }>('SELECT to_regclass(\'public.sales_order\') IS NOT NULL AS "isLoaded"')
  await client.query(`BEGIN; SET LOCAL ROLE ${demoOwner}`)
  if (rows[0]?.isLoaded !== true) {
    await client.query(demoFile('harbor-goods.sql'))
    await client.query(demoFile('shipping.sql'))
  }
  await client.query(demoFile('recent.sql'))
  await client.query(`GRANT USAGE ON SCHEMA public TO ${demoReader}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${demoReader}`)
  await client.query(`COMMIT; GRANT CONNECT ON DATABASE ${demoDatabase} TO ${demoReader}`)
  await client.query(`SET ROLE ${demoOwner}; ANALYZE; RESET ROLE`)
}

function demoFile(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../demo/${name}`, import.meta.url)), 'utf8')
}
