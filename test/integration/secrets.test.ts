import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AccessTokenBody, AnswerBody, InvitationBody, MemberBody } from '../../src/contract/index.ts'
import { Client } from '../../src/contract/index.ts'
import { Browser } from '../support/browser.ts'
import { MountedSecrets } from '../support/mounted-secrets.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'
import { goodPassword } from '../support/signed-in.ts'

const random = (): string => randomBytes(36).toString('base64url')
const adminToken = (): string => `ais_${random()}`

let store: Awaited<ReturnType<typeof freshStore>>
let shop: TestDatabase
let server: ServingProcess
let first: Record<'SECRET_KEY' | 'JWT_SECRET' | 'ADMIN_TOKEN' | 'DB_PASSWORD', string>
let mounted: MountedSecrets
let passwords: MountedSecrets

beforeAll(async () => {
  ;[store, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 30)')
  first = { SECRET_KEY: random(), JWT_SECRET: random(), ADMIN_TOKEN: adminToken(), DB_PASSWORD: store.password.reveal() }
  mounted = new MountedSecrets(first)
  passwords = new MountedSecrets({ shop: shop.reader.password.reveal() })
  const env = {
    ...mounted.env(),
    ADMIN_TOKEN: '', // its file says it
    CONNECTION_SECRET_SOURCES: `file:${passwords.folder}/*,env:SHOP_PASSWORD`,
    SHOP_PASSWORD: shop.reader.password.reveal(),
    CONNECTION_POOL_MAX: '2',
  }
  server = await startServing(store, { adminToken: first.ADMIN_TOKEN, env })
})
afterAll(() => server.kill('SIGTERM'))

async function count(client: Client, connection: string): Promise<AnswerBody> {
  return client.answer({ connection, sql: 'SELECT count(*) FROM item' })
}

describe('secrets that change in their files', () => {
  test('hold from then on, in a server that goes on serving; what the old ones wrote is still read', async () => {
    const { admin, url } = server
    const { user, password } = shop.reader
    await connectTo(admin, 'sealed', shop, { user, password: password.reveal() })
    const token = await accessToken()
    const second = { SECRET_KEY: random(), JWT_SECRET: random(), ADMIN_TOKEN: adminToken(), DB_PASSWORD: random() }
    await execute(store.superuser, `ALTER ROLE ${store.user} PASSWORD '${second.DB_PASSWORD}'`)
    mounted.publish(second)
    await vi.waitUntil(() => Object.keys(second).every((name) => server.said().includes(`"name":"${name}"`)), { timeout: 20_000 })
    // The store is signed in to anew, with the new password only.
    await execute(store.superuser, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${store.user}'`)
    const renewed = new Client({ baseUrl: url, token: second.ADMIN_TOKEN })
    await vi.waitUntil(
      () =>
        renewed.whoami().then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    await vi.waitUntil(
      () =>
        admin.whoami().then(
          () => false,
          (error: Error) => /unknown|revoked/.test(JSON.stringify(error)),
        ),
      { timeout: 10_000 },
    )
    expect(await count(renewed, 'sealed')).toMatchObject({ outcome: 'answered' })
    expect(await renewed.testConnection('sealed')).toMatchObject({ isReachable: true, writer: { isReachable: true } })
    expect(await new Client({ baseUrl: url, token }).whoami()).toMatchObject({ kind: 'person' })
    const signedAnew = await accessToken(renewed)
    expect(await new Client({ baseUrl: url, token: signedAnew }).whoami()).toMatchObject({ kind: 'person' })
    for (const text of [...Object.values(first), ...Object.values(second)]) expect(server.said()).not.toContain(text)
  })

  test('and have leaked are believed only while JWT_SECRETS_OLD names them', async () => {
    const [leaked, fresh, toCome] = [random(), random(), random()]
    const files = new MountedSecrets({ JWT_SECRET: leaked, JWT_SECRETS_OLD: fresh })
    const other = await startServing(await freshStore(), { env: { ...files.env(), SECRET_KEY: random() } })
    try {
      const token = await accessToken(other.admin, other.url)
      const isBelieved = async (text: string): Promise<boolean> =>
        (await fetch(`${other.url}/api/v1/auth/whoami`, { headers: { authorization: `Bearer ${text}` } })).status === 200
      files.publish({ JWT_SECRET: fresh, JWT_SECRETS_OLD: leaked })
      await vi.waitUntil(() => other.said().includes('"name":"JWT_SECRETS_OLD"'), { timeout: 20_000 })
      await new Promise((resolve) => setTimeout(resolve, 6_000)) // what is only remembered is forgotten by then
      expect(await isBelieved(token)).toBe(true)
      files.publish({ JWT_SECRET: fresh, JWT_SECRETS_OLD: toCome })
      await vi.waitUntil(async () => !(await isBelieved(token)), { timeout: 20_000, interval: 100 })
      expect(await isBelieved(await accessToken(other.admin, other.url))).toBe(true)
    } finally {
      await other.kill('SIGTERM')
    }
  }, 90_000)

  test('and are gone, or wrong, leave the server with what it had, and a warning', async () => {
    mounted.publish({ SECRET_KEY: random() }) // the others' links lead nowhere now
    await vi.waitUntil(() => server.said().includes('config.secret-not-reloaded'), { timeout: 20_000 })
    expect(server.said()).toMatch(/ADMIN_TOKEN names the file .* which cannot be read \(ENOENT\)\. The text it had before stays in use\./)
    expect(await (await fetch(`${server.url}/ready`)).json()).toMatchObject({ status: 'ready' })
  })
})

describe('a password that a connection refers to', () => {
  const save = (client: Client, name: string, passwordFrom: string, host = shop.host) =>
    client.createConnection({
      name,
      description: '',
      engine: 'postgres',
      target: { host, port: shop.port, database: shop.database, user: shop.reader.user, sslmode: 'disable', passwordFrom },
    })

  test.each([
    ['by-env', 'env:SHOP_PASSWORD'],
    ['by-file', 'FILE'],
  ])('is used, and only the reference is shown: %s', async (name, given) => {
    const admin = await adminNow()
    const reference = given === 'FILE' ? `file:${passwords.path('shop')}` : given
    const saved = await save(admin, name, reference)
    expect(saved.target).toMatchObject({ passwordFrom: reference })
    expect(JSON.stringify(saved)).not.toContain(shop.reader.password.reveal())
    expect(await count(admin, name)).toMatchObject({ outcome: 'answered' })
    const { rows } = await execute(store.superuser, `SELECT sealed_password, target FROM connection WHERE name = '${name}'`)
    expect(rows).toMatchObject([{ sealed_password: null, target: { passwordFrom: reference } }])
  })

  test('is looked up again when its file changes', async () => {
    const admin = await adminNow()
    const changed = random()
    await execute(shop, `ALTER ROLE ${shop.reader.user} PASSWORD '${changed}'`)
    await execute(shop, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${shop.reader.user}'`)
    passwords.publish({ shop: changed })
    await vi.waitUntil(async () => (await count(admin, 'by-file')).outcome === 'answered', { timeout: 20_000, interval: 200 })
    expect(await admin.testConnection('by-env')).toMatchObject({ isReachable: false }) // a process's environment does not change
  })

  test.each(['env:SECRET_KEY_FILE', 'env:DB_PASSWORD_FILE', 'env:PATH', 'file:/etc/passwd', 'file:/proc/self/environ'])(
    'is refused where the operator has not allowed it, alike whether it is there or not: %s',
    async (reference) => {
      const admin = await adminNow()
      await expect(save(admin, 'stolen', reference)).rejects.toMatchObject({
        problem: {
          status: 403,
          code: 'connections.password-reference',
          detail: `The password at ${reference} cannot be used for this connection.`,
        },
      })
      await expect(admin.connection('stolen')).rejects.toMatchObject({ problem: { status: 404 } })
    },
  )

  test('does not stand beside a password', async () => {
    const admin = await adminNow()
    const { host, port, database } = shop
    const target = { host, port, database, user: 'u', sslmode: 'disable' as const, password: 'x', passwordFrom: 'env:SHOP_PASSWORD' }
    await expect(admin.createConnection({ name: 'both', description: '', engine: 'postgres', target })).rejects.toMatchObject({
      problem: { status: 400, code: 'connections.two-passwords' },
    })
  })
})

/** ADMIN_TOKEN as the first test left it. */
let current: Client | null = null
async function adminNow(): Promise<Client> {
  if (current !== null) return current
  const renewed = { SECRET_KEY: random(), JWT_SECRET: random(), ADMIN_TOKEN: adminToken(), DB_PASSWORD: random() }
  await execute(store.superuser, `ALTER ROLE ${store.user} PASSWORD '${renewed.DB_PASSWORD}'`)
  mounted.publish(renewed)
  const client = new Client({ baseUrl: server.url, token: renewed.ADMIN_TOKEN })
  await vi.waitUntil(
    () =>
      client.whoami().then(
        () => true,
        () => false,
      ),
    { timeout: 20_000 },
  )
  return (current = client)
}

/** Of a person signed in with a password. */
async function accessToken(admin: Client = server.admin, at = server.url): Promise<string> {
  const { id } = await admin.json<MemberBody>('POST', '/api/v1/members', { name: `p-${random()}`, role: 'reader' })
  const { url: link } = await admin.json<InvitationBody>('POST', `/api/v1/members/${id}/invitation`)
  const browser = new Browser()
  const token = new URL(link).searchParams.get('token') ?? ''
  await browser.post(`${at}/auth/invitation`, { token, password: goodPassword, again: goodPassword })
  const response = await browser.json('POST', `${at}/api/v1/auth/access-tokens`)
  return ((await response.json()) as AccessTokenBody).accessToken
}
