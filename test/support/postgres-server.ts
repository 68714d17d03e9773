import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type QueryResult } from 'pg'
import { Secret } from '../../src/domain/index.ts'
import { migrate, startEmbeddedServer, type EmbeddedServer, type StoreAddress } from '../../src/platform/store/index.ts'

/** A throwaway PostgreSQL for tests and benches; its files are gone after `stop()`. */
export async function startScratchServer(isDurable = false): Promise<EmbeddedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-pg-'))
  chmodSync(folder, 0o755) // as root, PostgreSQL runs as another user and must get in
  const server = await startEmbeddedServer({ home: join(folder, 'postgres'), isDurable, maxConnections: 300 })
  return {
    ...server,
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface TestDatabase extends StoreAddress {
  readonly password: Secret
  /** A login that may read the public schema and nothing else. */
  readonly reader: StoreAddress & { readonly password: Secret }
  query(sql: string, params?: readonly unknown[]): Promise<QueryResult>
}

/** The server that global-setup.ts started for this run of the suite. */
export function testServer(): { readonly host: string; readonly port: number; readonly user: string; readonly password: Secret } {
  const text = process.env['AISHELL_TEST_SERVER']
  if (text === undefined) throw new Error('global-setup.ts has not run')
  const { host, port, user, password } = JSON.parse(text) as { host: string; port: number; user: string; password: string } // written by global-setup.ts
  return { host, port, user, password: new Secret(password) }
}

/** A new database for one test file, owned by the server's superuser, with a reader beside it. */
export async function freshDatabase(
  server: Pick<EmbeddedServer, 'host' | 'port' | 'user' | 'password'> = testServer(),
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const readerPassword = new Secret(randomBytes(12).toString('hex'))
  const at = { host: server.host, port: server.port, sslmode: 'disable' as const }
  const admin = { ...at, database: 'postgres', user: server.user, password: server.password }
  await execute(admin, `CREATE DATABASE ${name}`)
  await execute(admin, `CREATE ROLE ${name}_reader LOGIN PASSWORD '${readerPassword.reveal()}'`)
  const address = { ...admin, database: name }
  const grants = `GRANT USAGE ON SCHEMA public TO ${name}_reader; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${name}_reader`
  await execute(address, grants)
  return {
    ...address,
    reader: { ...at, database: name, user: `${name}_reader`, password: readerPassword },
    query: (sql, params) => execute(address, sql, params),
  }
}

/** A migrated, empty store, through an owner that is no superuser. */
export async function freshStore(
  server: Pick<EmbeddedServer, 'host' | 'port' | 'user' | 'password'> = testServer(),
): Promise<StoreAddress & { readonly password: Secret; readonly superuser: StoreAddress & { readonly password: Secret } }> {
  const name = `store_${randomBytes(6).toString('hex')}`
  const password = new Secret(randomBytes(12).toString('hex'))
  const superuser = {
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: server.user,
    password: server.password,
    sslmode: 'disable' as const,
  }
  await execute(superuser, `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD '${password.reveal()}'`)
  // The runtime role is the cluster's: the first store makes it, the later ones are granted it.
  await execute(
    superuser,
    `DO $$ BEGIN CREATE ROLE aishell_runtime NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  )
  await execute(superuser, `GRANT aishell_runtime TO ${name}`)
  await execute(superuser, `CREATE DATABASE ${name} OWNER ${name}`)
  const address = { ...superuser, database: name, user: name, password }
  await migrate(address)
  return { ...address, superuser: { ...superuser, database: name } }
}

export async function execute(address: StoreAddress, sql: string, params: readonly unknown[] = []): Promise<QueryResult> {
  const client = new Client({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: address.password?.reveal(),
  })
  await client.connect()
  try {
    return params.length === 0 ? await client.query(sql) : await client.query(sql, [...params])
  } finally {
    await client.end()
  }
}
