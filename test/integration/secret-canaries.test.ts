import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Client, type InvitationBody, type MemberBody } from '../../src/contract/index.ts'
import { Browser } from '../support/browser.ts'
import { startEchoingServers, type EchoingServers } from '../support/echoing-server.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { startServing, type ServingProcess } from '../support/serving-process.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const marker = (name: string): string => `${name}-canary-${randomBytes(18).toString('hex')}`

/** One for each place a secret may be put. */
const planted = {
  DB_PASSWORD: marker('store'),
  SECRET_KEY: marker('key'),
  SECRET_KEYS_OLD: marker('oldkey'),
  JWT_SECRET: marker('jwt'),
  JWT_SECRETS_OLD: marker('oldjwt'),
  ADMIN_TOKEN: `ais_${marker('admin').replaceAll('.', '-')}`,
  LLM_API_KEY: marker('model'),
  OIDC_CLIENT_SECRET: marker('oidc'),
  REDIS_PASSWORD: marker('redis'),
  AUDIT_S3_SECRET_ACCESS_KEY: marker('bucket'),
  OTEL_EXPORTER_OTLP_HEADERS: `x-key=${marker('traces')}`,
  connection: marker('reader'),
  wrongConnection: marker('wrongreader'),
  writer: marker('writer'),
  referredPassword: marker('referred'),
  tenantModelKey: marker('tenantmodel'),
  userPassword: marker('user'),
  wrongUserPassword: marker('wronguser'),
  wrongToken: `ais_${marker('stranger')}`,
}
/** Given out once, on purpose, to whoever asked for it; known only while the test runs. */
const handedOut: Record<string, string> = {}

let store: Awaited<ReturnType<typeof freshStore>>
let shop: TestDatabase
let echoing: EchoingServers
let server: ServingProcess
let folder: string
/** What was sent to clients, by where. */
const heard: (readonly [where: string, text: string])[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aishell-canary-'))
  ;[store, shop, echoing] = await Promise.all([freshStore(), freshDatabase(), startEchoingServers()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, $$x$$)')
  await execute(shop, `ALTER ROLE ${shop.reader.user} PASSWORD '${planted.connection}'`)
  await execute(store.superuser, `ALTER ROLE ${store.user} PASSWORD '${planted.DB_PASSWORD}'`)
  spawnSync(process.execPath, [
    '-e',
    `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(join(folder, 'notes.db'))}).exec('CREATE TABLE note (id INTEGER PRIMARY KEY)')`,
  ])
  server = await startServing(store, { adminToken: planted.ADMIN_TOKEN, env: { ...environment(), LOG_LEVEL: 'trace' } })
  await use()
}, 120_000)
afterAll(async () => {
  await server.kill('SIGKILL')
  echoing.close()
})

function environment(): Record<string, string> {
  const {
    connection: _1,
    wrongConnection: _2,
    writer: _7,
    tenantModelKey: _3,
    userPassword: _4,
    wrongUserPassword: _5,
    wrongToken: _6,
    ...env
  } = planted
  const { referredPassword, ...secrets } = env
  return {
    ...secrets,
    REFERRED_PASSWORD: referredPassword,
    CONNECTION_SECRET_SOURCES: 'env:REFERRED_PASSWORD',
    CONNECTION_SQLITE_DIRS: folder,
    MULTI_TENANCY_ENABLED: 'true',
    LLM_PROVIDER: 'openai-compatible',
    LLM_MODEL: 'any',
    LLM_BASE_URL: echoing.http,
    OIDC_ISSUER: echoing.http,
    OIDC_CLIENT_ID: 'aishell',
    OIDC_ALLOW_HTTP: 'true',
    PUBLIC_URL: 'http://127.0.0.1:1',
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(echoing.redisPort),
    AUDIT_CHECKPOINT_SINK: 's3',
    AUDIT_CHECKPOINT_INTERVAL_MS: '1000',
    AUDIT_S3_ENDPOINT: `${echoing.http}/trail`,
    AUDIT_S3_ACCESS_KEY_ID: 'anybody',
    OTEL_EXPORTER_OTLP_ENDPOINT: echoing.collector,
  }
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${server.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  heard.push([`${method} ${path} (${response.status})`, `${JSON.stringify([...response.headers])}\n${text}`])
  return text
}

/** Everything that touches a secret, rightly and wrongly. */
async function use(): Promise<void> {
  const { host, port, database, reader } = shop
  const target = { host, port, database, user: reader.user, sslmode: 'disable' }
  const connection = (name: string, more: object) => ({ name, engine: 'postgres', target: { ...target, ...more } })
  await ask(
    'POST',
    '/api/v1/connections',
    connection('shop', { password: planted.connection, writer: { user: 'w', password: planted.writer } }),
  )
  await ask('POST', '/api/v1/connections', connection('wrong', { password: planted.wrongConnection }))
  await ask('POST', '/api/v1/connections', connection('referred', { passwordFrom: 'env:REFERRED_PASSWORD' }))
  await ask('POST', '/api/v1/connections', connection('refused', { passwordFrom: 'env:SECRET_KEY' }))
  await ask('POST', '/api/v1/connections', connection('shop', { password: planted.connection, port: planted.connection }))
  await ask('POST', '/api/v1/connections/test', connection('tls', { password: planted.connection, sslmode: 'require' }))
  await ask('POST', '/api/v1/connections', { name: 'notes', engine: 'sqlite', target: { file: join(folder, 'notes.db') } })
  for (const name of ['shop', 'wrong', 'referred', 'notes']) {
    await ask('POST', `/api/v1/connections/${name}/test`)
    await ask('POST', '/api/v1/questions', { connection: name, sql: 'SELECT 1' })
    await ask('POST', '/api/v1/questions', { connection: name, sql: 'SELECT 1' }, { accept: 'text/csv' })
    await ask('POST', '/api/v1/questions', { connection: name, text: 'how many items are there' })
  }
  const invited = JSON.parse(await ask('POST', '/api/v1/members', { name: 'ada' })) as MemberBody
  const { url } = JSON.parse(await unheard('POST', `/api/v1/members/${invited.id}/invitation`)) as InvitationBody
  handedOut['invitation'] = new URL(url).searchParams.get('token') ?? ''
  await ask('PUT', `/api/v1/members/${invited.id}/password`, { password: planted.userPassword })
  const browser = new Browser()
  for (const password of [planted.wrongUserPassword, planted.userPassword]) {
    const response = await browser.json('POST', `${server.url}/api/v1/auth/sign-in`, { name: 'ada', password })
    heard.push(['sign-in', await response.text()])
    handedOut['session'] = /=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1] ?? handedOut['session'] ?? ''
  }
  const minted = JSON.parse(await unheard('POST', '/api/v1/tokens', { name: 'minted' })) as { token: string }
  handedOut['token'] = minted.token
  const acme = JSON.parse(await unheard('POST', '/api/v1/tenants', { name: 'acme' })) as { adminToken: string }
  handedOut['tenantAdmin'] = acme.adminToken
  const model = { provider: 'openai-compatible', model: 'any', baseUrl: echoing.http, apiKey: planted.tenantModelKey }
  await ask('PUT', '/api/v1/tenants/acme/model', model)
  const theirs = { authorization: `Bearer ${acme.adminToken}` }
  await ask('POST', '/api/v1/connections', connection('shop', { password: planted.connection }), theirs)
  await ask('POST', '/api/v1/questions', { connection: 'shop', text: 'how many items are there' }, theirs)
  await ask('GET', '/api/v1/connections', undefined, { authorization: `Bearer ${planted.wrongToken}` })
  const start = await fetch(`${server.url}/auth/oidc/start`, { redirect: 'manual' })
  const state = new URL(start.headers.get('location') ?? 'http://x').searchParams.get('state') ?? ''
  const cookie = start.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  await ask('GET', `/auth/oidc/callback?code=x&state=${state}&iss=${encodeURIComponent(echoing.http)}`, undefined, { cookie })
  const reads = [
    'connections',
    'connections/shop',
    'connections/referred',
    'connections/shop/catalog',
    'connections/shop/policy',
    'members',
    'tokens',
    'roles',
    'groups',
  ]
  const records = [
    'history',
    'audit',
    'audit/verify',
    'audit/public-key',
    'tenants',
    'tenants/acme',
    'tenants/acme/model',
    'tenants/acme/usage',
    'tenants/acme/export',
  ]
  for (const path of [...reads, ...records, 'auth/whoami', 'auth/sessions', 'nothing/here']) await ask('GET', `/api/v1/${path}`)
  for (const format of ['chain', 'ndjson', 'csv', 'cef', 'ocsf']) await ask('GET', `/api/v1/audit/export?format=${format}`)
  for (const path of ['/health', '/ready', '/metrics', '/openapi.json', '/docs', '/auth/sign-in']) await ask('GET', path)
  await ask('POST', '/api/v1/audit/checkpoints')
  await ask('POST', '/api/v1/auth/sign-in', { name: 'ada', password: { it: planted.userPassword } })
  await vi.waitUntil(() => (echoing.calls.get('collector') ?? 0) > 0, { timeout: 20_000 })
}

/** For what is handed out in the answer. */
async function unheard(method: string, path: string, body?: unknown): Promise<string> {
  const text = await ask(method, path, body)
  heard.pop()
  return text
}

function found(where: string, text: string): readonly string[] {
  const all = Object.entries({ ...planted, ...handedOut }).filter(([, value]) => value !== '')
  const spellings = (value: string): readonly string[] => [
    value,
    encodeURIComponent(value),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
  ]
  return all.filter(([, value]) => spellings(value).some((spelt) => text.includes(spelt))).map(([name]) => `${name} in ${where}`)
}

function aishell(args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env } }, (_error, out, err) =>
      resolve(out + err),
    )
  })
}

describe('no planted secret', () => {
  test('is missing from the places that must have it: each was used', () => {
    for (const name of ['redis', 'collector', '/token', '/chat/completions']) expect(echoing.calls.get(name) ?? 0).toBeGreaterThan(0)
    expect([...echoing.calls.keys()].some((path) => path.startsWith('/trail/'))).toBe(true)
    expect(heard.filter(([where]) => where.startsWith('GET') && where.includes('(200)')).length).toBeGreaterThan(25)
    for (const text of Object.values(handedOut)) expect(text.length).toBeGreaterThan(20)
  })

  test('stands in the log, at its most talkative', () => {
    expect(server.said()).toContain('"level":"trace"')
    expect(
      server
        .said()
        .split('\n')
        .flatMap((line) => found(line.slice(0, 300), line)),
    ).toEqual([])
  })

  test('stands in an answer, its headers, an error, an export or the metrics', () => {
    expect(heard.flatMap(([where, text]) => found(where, text))).toEqual([])
  })

  test('goes out with the traces', () => {
    expect(echoing.traces().length).toBeGreaterThan(1000)
    expect(found('traces', echoing.traces())).toEqual([])
  })

  test('is in the list of processes, or in the environment of one that the server started', () => {
    const pid = String(server.process.pid)
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    expect(children.length).toBeGreaterThan(0) // the sandbox of SQLite
    const seen = [pid, ...children].map((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8'))
    const given = children.map((id) => readFileSync(`/proc/${id}/environ`, 'utf8'))
    expect(found('cmdline', seen.join('\n'))).toEqual([])
    expect(found('environ', given.join('\n'))).toEqual([])
  })

  test('is said by the command line', async () => {
    const { ADMIN_TOKEN: _token, ...rest } = environment()
    const settings = {
      ...rest,
      DB_HOST: store.host,
      DB_PORT: String(store.port),
      DB_NAME: store.database,
      DB_USER: store.user,
      DATA_DIR: join(folder, 'data'),
      CONFIG_DIR: folder,
    }
    const client = { AISHELL_SERVER: server.url, AISHELL_TOKEN: server.adminToken }
    const said = await Promise.all([
      ...[
        ['doctor'],
        ['connections', 'list', '--json'],
        ['connections', 'test', 'wrong'],
        ['history', '--json'],
        ['audit', 'export', '--format', 'ndjson'],
        ['tokens', 'list', '--json'],
        ['whoami'],
        ['connections', 'show', 'referred', '--json'],
      ].map((args) => aishell(args, client)),
      aishell(['whoami'], { ...client, AISHELL_TOKEN: planted.wrongToken }),
      aishell(['migrate'], settings),
      aishell(['admin', 'rotate-keys'], settings),
      aishell(['migrate'], { ...settings, SECRET_KEYY: planted.SECRET_KEY, DB_PASSWORD: planted.wrongConnection }),
      aishell(['start'], {
        ...settings,
        APP_ENV: 'production',
        LOG_LEVEL: planted.JWT_SECRET.slice(0, 3),
        DB_PASSWORD: `changeme-${planted.DB_PASSWORD}`,
      }),
    ])
    expect(said.every((text) => text.length > 0)).toBe(true)
    expect(said.flatMap((text, at) => found(`command ${at}`, text))).toEqual([])
  }, 120_000)

  test('is left behind by a crash', async () => {
    const script = join(folder, 'crash.mjs')
    writeFileSync(
      script,
      `import { readSettings } from ${JSON.stringify(new URL('../../src/platform/config/index.ts', import.meta.url).href)}
       import { serve } from ${JSON.stringify(new URL('../../src/serve.ts', import.meta.url).href)}
       const settings = readSettings({ version: 'test' })
       await serve(settings, { port: 0 })
       const error = Object.assign(new Error('uncaught: ' + settings.store.password), { settings, cause: settings })
       setTimeout(() => { throw error }, 10)`,
    )
    const env = {
      ...environment(),
      PATH: process.env['PATH'] ?? '',
      DB_HOST: store.host,
      DB_PORT: String(store.port),
      DB_NAME: store.database,
      DB_USER: store.user,
      DATA_DIR: join(folder, 'crash'),
      CONFIG_DIR: folder,
      PORT: '0',
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8', timeout: 60_000 })
    expect(status).toBe(1)
    expect(stderr).toContain('[secret]')
    expect(found('crash', stdout + stderr)).toEqual([])
  }, 90_000)
})

function parentOf(pid: string): string {
  try {
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
  } catch {
    return '' // it is gone
  }
}

test('a secret handed out works, so the test would have seen it', async () => {
  expect(await new Client({ baseUrl: server.url, token: handedOut['token'] ?? '' }).whoami()).toMatchObject({ kind: 'person' })
})
