import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { serve, type RunningServer } from '../../src/serve.ts'
import { readSettings, type Settings } from '../../src/platform/config/index.ts'
import { migrate, type StoreAddress } from '../../src/platform/store/index.ts'
import { freshDatabase } from '../support/postgres-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-migrations-'))
const logTo = { write: () => undefined }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function settingsFor(store: StoreAddress, more: Readonly<Record<string, string>>): Promise<Settings> {
  const env = {
    DATA_DIR: join(folder, store.database),
    CONFIG_DIR: folder,
    LISTEN_HOST: '127.0.0.1',
    PORT: String(await freePort()),
    DB_HOST: store.host,
    DB_PORT: String(store.port),
    DB_NAME: store.database,
    DB_USER: store.user,
    DB_PASSWORD: store.password?.reveal() ?? '',
    ...more,
  }
  return readSettings({ env, version: '0' })
}

/** Asks again until somebody answers. */
async function ask(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null)
    if (response !== null) return { status: response.status, text: await response.text() }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test.each(['job', 'hook'])('MIGRATIONS=%s waits alive and not ready until somebody has migrated, then serves', async (mode) => {
  const store = await freshDatabase()
  const settings = await settingsFor(store, { MIGRATIONS: mode })
  const { port } = settings.server
  let server: RunningServer | null = null
  const serving = serve(settings, { logTo }).then((running) => (server = running))
  expect((await ask(port, '/health')).status).toBe(200)
  const ready = await ask(port, '/ready')
  expect(ready.status).toBe(503)
  expect(ready.text).toContain('aishell migrate')
  expect((await ask(port, '/api/v1/connections')).status).toBe(503)
  expect(server).toBeNull()
  await migrate(store)
  const running = await serving
  expect((await ask(port, '/ready')).status).toBe(200)
  await running.stop()
})

test('MIGRATIONS=off refuses a store that is behind, and serves one that is not', async () => {
  const store = await freshDatabase()
  const settings = await settingsFor(store, { MIGRATIONS: 'off' })
  await expect(serve(settings, { logTo })).rejects.toMatchObject({ code: 'store.behind' })
  await migrate(store)
  await (await serve(settings, { logTo })).stop()
})

test('a store that is not up yet is waited for, and given up on after DB_WAIT_MS', async () => {
  const store = await freshDatabase()
  const settings = await settingsFor({ ...store, port: await freePort() }, { DB_WAIT_MS: '2000' })
  const serving = serve(settings, { logTo })
  const ready = await ask(settings.server.port, '/ready')
  expect([ready.status, ready.text.includes('cannot be reached')]).toEqual([503, true])
  await expect(serving).rejects.toMatchObject({ code: 'store.unreachable' })
})

test('a wrong password is not waited for', async () => {
  const store = await freshDatabase()
  const settings = await settingsFor(store, { DB_WAIT_MS: '3600000', DB_PASSWORD: 'not-it' })
  await expect(serve(settings, { logTo })).rejects.toMatchObject({ code: 'store.unreachable' })
})
