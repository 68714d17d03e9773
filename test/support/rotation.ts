import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { Client as ApiClient } from '../../src/contract/index.ts'
import type { StoreAddress } from '../../src/platform/store/index.ts'
import { MountedSecrets } from './mounted-secrets.ts'
import type { freshStore, TestDatabase } from './postgres-server.ts'
import { connectTo, startServing } from './serving-process.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

type RotatedStore = Awaited<ReturnType<typeof freshStore>>

export interface Rotation {
  readonly requests: number
  readonly failed: readonly string[]
  /** Keys wrapped anew when the first, second, … run of `rotate-keys` had been killed with -9 in the middle of wrapping one more. */
  readonly wrappedAfterEachKill: readonly number[]
  /** What the last run said, which was let end. */
  readonly last: { readonly tenants: number; readonly rewrapped: number; readonly failed: number }
  /** Tenants that a server which knows only the new key answered for. */
  readonly answeredByNewKeyAlone: number
}

/**
 * Rotates SECRET_KEY as the how-to says, while every tenant asks again and again: the files change, `rotate-keys` is killed some times and
 * then let end, the old key goes, and a server that never saw it starts.
 */
export async function rotateUnderLoad(
  store: RotatedStore,
  shop: TestDatabase,
  options: { tenants: number; kills: number },
): Promise<Rotation> {
  const [before, after] = [1, 2].map(() => randomBytes(36).toString('base64url')) as [string, string] // two of two
  const mounted = new MountedSecrets({ SECRET_KEY: before, SECRET_KEYS_OLD: after })
  const env = { ...mounted.env(), MULTI_TENANCY_ENABLED: 'true', LOG_LEVEL: 'error' }
  const server = await startServing(store, { env })
  const tokens: string[] = []
  for (let at = 0; at < options.tenants; at++) {
    const { adminToken } = await server.admin.createTenant({ name: `tenant-${at}` })
    await connectTo(new ApiClient({ baseUrl: server.url, token: adminToken }), 'shop', shop)
    tokens.push(adminToken)
  }
  let requests = 0
  const over = new AbortController()
  const failed: string[] = []
  const askAll = async (url: string): Promise<void> => {
    for (const token of tokens) {
      requests += 1
      const outcome = await new ApiClient({ baseUrl: url, token }).answer({ connection: 'shop', sql: 'SELECT 1' }).then(
        (answer) => answer.outcome,
        (error: Error) => error.message,
      )
      if (outcome !== 'answered') failed.push(outcome)
    }
  }
  const load = Promise.all(
    [1, 2].map(async () => {
      while (!over.signal.aborted) await askAll(server.url)
    }),
  )
  mounted.publish({ SECRET_KEY: after, SECRET_KEYS_OLD: before })
  await sleep(2_500) // the server looks at its files again
  const watch = new Client({ ...store.superuser, password: store.superuser.password.reveal() })
  await watch.connect()
  const atFirst = await keysOf(watch)
  const wrappedAfterEachKill: number[] = []
  for (let left = options.kills; left > 0; left--) {
    const waiting = (await keysOf(watch)).filter(({ key }) => atFirst.some((one) => one.key.equals(key)))
    const victim = waiting[Math.floor(waiting.length / (left + 1))]
    if (victim === undefined) throw new Error('There are more kills than keys')
    await rotateKilledAt(store, mounted, watch, victim.tenantId)
    wrappedAfterEachKill.push((await keysOf(watch)).filter(({ key }) => !atFirst.some((one) => one.key.equals(key))).length)
  }
  await watch.end()
  const last = await ended(startRotation(store, mounted))
  mounted.publish({ SECRET_KEY: after })
  const alone = await startServing(store, { adminToken: server.adminToken, env: { ...env, SECRET_KEYS_OLD_FILE: '' } })
  const failedBefore = failed.length
  await askAll(alone.url)
  const answeredByNewKeyAlone = tokens.length - (failed.length - failedBefore)
  over.abort()
  await load
  await Promise.all([server.kill('SIGTERM'), alone.kill('SIGTERM')])
  return { requests, failed, wrappedAfterEachKill, last, answeredByNewKeyAlone }
}

interface WrappedKey {
  readonly tenantId: string
  readonly key: Buffer
}

/** In the order in which `rotate-keys` takes them. */
async function keysOf(watch: Client): Promise<readonly WrappedKey[]> {
  const { rows } = await watch.query<WrappedKey>(
    'SELECT id AS "tenantId", wrapped_key AS key FROM tenant_ids() WITH ORDINALITY AS ids (id, place) JOIN tenant ON tenant_id = id ORDER BY place',
  )
  return rows
}

/** Killed with -9 while it wraps the key of this tenant, whose row is held until then. */
async function rotateKilledAt(store: RotatedStore, mounted: MountedSecrets, watch: Client, tenantId: string): Promise<void> {
  await watch.query('BEGIN')
  await watch.query('SELECT FROM tenant WHERE tenant_id = $1 FOR NO KEY UPDATE', [tenantId]) // references to the row go on
  const child = startRotation(store, mounted)
  const gone = once(child, 'close')
  const isWaiting = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error('rotate-keys ended although it could not')
    const { rows } = await watch.query(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database() AND query ILIKE 'update "tenant"%'`,
    )
    return rows.length > 0
  }
  while (!(await isWaiting())) await sleep(10)
  child.kill('SIGKILL')
  await gone
  await watch.query('ROLLBACK')
}

function startRotation(store: StoreAddress, mounted: MountedSecrets): ChildProcessByStdio<null, Readable, Readable> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-rotate-'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...mounted.env(),
    DB_HOST: store.host,
    DB_PORT: String(store.port),
    DB_NAME: store.database,
    DB_USER: store.user,
    DB_PASSWORD: store.password?.reveal() ?? '',
    DATA_DIR: folder,
    CONFIG_DIR: folder,
  }
  return spawn(process.execPath, [main, 'admin', 'rotate-keys', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Rotation['last']> {
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>])
  if (code !== 0) throw new Error(`${out}${err}`)
  return JSON.parse(out) as Rotation['last'] // what --json prints
}
