import { createPublicKey, verify } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Client, ProblemError, type MemberBody } from '../../src/contract/index.ts'
import { verifyTrail } from '../../src/question/record/index.ts'
import { Browser } from '../support/browser.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'
import { goodPassword } from '../support/signed-in.ts'

let store: Awaited<ReturnType<typeof freshStore>>
let shop: TestDatabase
let server: ServingProcess
let operator: Client

beforeAll(async () => {
  ;[store, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 50); ANALYZE item')
  server = await startServing(store, { env: { MULTI_TENANCY_ENABLED: 'true', TENANT_HOST_SUFFIX: 'example.org' } })
  operator = server.admin
})
afterAll(() => server.kill('SIGTERM'))

const as = (token: string): Client => new Client({ baseUrl: server.url, token })

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it went through'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ProblemError)) throw error
  return `${error.problem.status} ${error.problem.code}`
}

async function openTenant(name: string): Promise<{ readonly id: string; readonly admin: Client; readonly token: string }> {
  const { id, adminToken } = await operator.createTenant({ name })
  return { id, admin: as(adminToken), token: adminToken }
}

function ask(token: string, sql: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.url}/api/v1/questions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ connection: 'shop', sql }),
  })
}

describe('a tenant', () => {
  let acmeToken: string | undefined
  test('has members, connections and a record of its own, and sees nothing of others', async () => {
    const [a, b] = [await openTenant('acme'), await openTenant('bolt')]
    await connectTo(a.admin, 'shop', shop)
    expect((await ask(a.token, 'SELECT count(*) FROM item')).status).toBe(200)
    expect((await a.admin.connections()).map((one) => one.name)).toEqual(['shop'])
    expect(await b.admin.connections()).toEqual([])
    expect((await b.admin.audit()).items).toEqual([])
    expect((await a.admin.audit()).items).toHaveLength(1)
    expect(await codeOf(operator.createTenant({ name: 'acme' }))).toBe('409 tenancy.name-taken')
    expect(await codeOf(operator.createTenant({ name: 'Not A Label' }))).toBe('400 http.invalid')
  })

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ['its own host', { host: 'acme.example.org' }, 200],
    ['its own name', { 'x-aishell-tenant': 'acme' }, 200],
    ['a host that tells nothing', { host: 'server.elsewhere' }, 200],
    ['another tenant’s host', { host: 'bolt.example.org' }, 403],
    ['another tenant’s name', { 'x-aishell-tenant': 'bolt' }, 403],
    ['a name that nobody has', { 'x-aishell-tenant': 'nobody' }, 403],
  ])('is chosen by its token; %s is checked against it', async (_what, headers, status) => {
    acmeToken ??= (await as((await openTenant('chosen')).token).createToken({ name: 'x', kind: 'person', expiresInDays: 1 })).token
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('acme', 'chosen')]))
    const seen = await new Promise<number>((resolve, reject) => {
      // fetch sets the host by itself.
      request(`${server.url}/api/v1/auth/whoami`, { headers: { authorization: `Bearer ${acmeToken}`, ...named } }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })
    expect(seen).toBe(status)
  })

  test('is kept by operators only: no admin of another tenant, no narrowed token', async () => {
    const { id, admin } = await openTenant('corner')
    expect(await codeOf(admin.tenants())).toBe('403 tenancy.not-operator')
    expect(await codeOf(admin.suspendTenant('acme'))).toBe('403 tenancy.not-operator')
    expect(await codeOf(admin.tenantUsage('acme'))).toBe('403 tenancy.not-operator')
    expect((await admin.tenantUsage(id)).days).toEqual([]) // their own
    const { token } = await operator.createToken({ name: 'narrow', kind: 'person', verbs: ['manage-members'], expiresInDays: 1 })
    expect(await codeOf(as(token).tenants())).toBe('403 tenancy.not-operator')
  })

  test('that is suspended is closed to everybody within a second, and open again afterwards', async () => {
    const { admin } = await openTenant('sleepy')
    await admin.whoami()
    await operator.suspendTenant('sleepy')
    await vi.waitUntil(
      async () =>
        (await admin.whoami().then(
          () => 'in',
          () => 'out',
        )) === 'out',
      { timeout: 10_000, interval: 50 },
    )
    expect(await codeOf(admin.whoami())).toBe('403 tenancy.suspended')
    await operator.resumeTenant('sleepy')
    expect((await admin.whoami()).roles).toEqual(['admin'])
    expect(await codeOf(operator.suspendTenant('default'))).toBe('409 tenancy.default-stays')
  })
})

describe('quotas', () => {
  test('of questions and rows say no with 429 and when to come again; usage shows what was used', async () => {
    const { id, admin, token } = await openTenant('frugal')
    await connectTo(admin, 'shop', shop)
    await operator.setQuotas('frugal', { questionsPerDay: 2 })
    expect([(await ask(token, 'SELECT id FROM item')).status, (await ask(token, 'SELECT id FROM item')).status]).toEqual([200, 200])
    const refused = await ask(token, 'SELECT 1')
    expect([refused.status, (JSON.parse(await refused.text()) as { code: string }).code]).toEqual([429, 'tenancy.quota-questions'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1)
    expect((await ask(token, 'SELECT 1', { accept: 'text/event-stream' })).status).toBe(429)
    expect(await admin.tenantUsage(id)).toMatchObject({ quotas: { questionsPerDay: 2 }, days: [{ questions: 2, rows: 100 }] })

    await operator.setQuotas('frugal', { rowsPerDay: 110 })
    const cut = JSON.parse(await (await ask(token, 'SELECT id FROM item')).text()) as { rows: number; truncated: string }
    expect(cut).toMatchObject({ rows: 10, truncated: 'row-cap' })
    expect(((await (await ask(token, 'SELECT id FROM item')).json()) as { code: string }).code).toBe('tenancy.quota-rows')
  })

  test('of answers at once count those under way', async () => {
    const { admin, token } = await openTenant('single-file')
    await connectTo(admin, 'shop', shop)
    await operator.setQuotas('single-file', { concurrentQuestions: 1 })
    const leave = new AbortController()
    const long = fetch(`${server.url}/api/v1/questions`, {
      method: 'POST',
      signal: leave.signal,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ connection: 'shop', sql: 'SELECT count(*) FROM item a, item b, item c, item d, item e, item f' }),
    })
    await vi.waitUntil(async () => (await admin.tenantUsage((await admin.whoami()).tenantId)).running === 1, {
      timeout: 20_000,
      interval: 20,
    })
    const refused = await ask(token, 'SELECT 1')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    leave.abort()
    await long.then((response) => response.text()).catch(() => undefined)
    await vi.waitUntil(async () => (await ask(token, 'SELECT 1')).status === 200, { timeout: 20_000, interval: 50 })
  })
})

describe('a tenant’s own language model', () => {
  test('is sealed, shown without its key, and its address is the operator’s to give', async () => {
    const { id, admin } = await openTenant('modelled')
    const key = 'sk-canary-0123456789'
    const set = await admin.setTenantModel(id, { provider: 'openai', model: 'm', apiKey: key })
    expect(set).toEqual({ provider: 'openai', model: 'm', baseUrl: null, hasKey: true })
    expect(await codeOf(admin.setTenantModel(id, { provider: 'openai', model: 'm', baseUrl: 'http://inside.example' }))).toBe(
      '403 tenancy.address-is-operators',
    )
    const moved = operator.setTenantModel('modelled', { provider: 'openai', model: 'm', baseUrl: 'http://127.0.0.1:9' })
    expect(await codeOf(moved)).toBe('400 tenancy.model-key-needed') // else the saved key would go to another place
    const { rows } = await execute(store.superuser, `SELECT sealed_key FROM tenant_model WHERE tenant_id = '${id}'`)
    expect((rows[0] as { sealed_key: Buffer }).sealed_key.includes(key)).toBe(false)
  })
})

describe('leaving', () => {
  test('takes an export, and an erasure with a proof that verifies; nothing of the tenant is left, nothing of others is gone', async () => {
    const [gone, stays] = [await openTenant('leaving'), await openTenant('staying')]
    for (const { admin } of [gone, stays]) await connectTo(admin, 'shop', shop, { user: 'scribe', password: 'writes-of-leaving' })
    for (const { token } of [gone, stays]) expect((await ask(token, 'SELECT id FROM item')).status).toBe(200)
    await stays.admin.auditVerify() // waits for the outcome, which is on its way to the disk when the answer ends
    await operator.tenantUsage('staying') // and brings what was counted to the store
    const before = await rowsOf(stays.id)
    const { publicKey } = await gone.admin.auditPublicKey()

    const lines = (await (await operator.exportTenant('leaving')).text()).trim().split('\n')
    const rows = lines.filter((line) => line.startsWith('{"table"'))
    expect(rows.map((line) => (JSON.parse(line) as { table: string }).table)).toEqual(
      expect.arrayContaining(['connection', 'member', 'token', 'tenant']),
    )
    expect(lines.join('\n')).not.toContain(shop.reader.password.reveal())
    expect(lines.join('\n')).toContain('scribe')
    expect(lines.join('\n')).not.toContain('writes-of-leaving')
    expect(rows.join('\n')).not.toMatch(/hash|sealed/)
    expect(
      await verifyTrail(
        lines.filter((line) => !line.startsWith('{"table"')),
        publicKey,
      ),
    ).toMatchObject({ isIntact: true, findings: [] })

    expect(await codeOf(operator.eraseTenant('leaving'))).toBe('409 tenancy.not-suspended')
    await operator.suspendTenant('leaving')
    expect(await codeOf(operator.eraseTenant('leaving'))).toBe('409 tenancy.not-suspended') // answers may still be under way
    await execute(store.superuser, `UPDATE tenant SET suspended_at = now() - interval '1 minute' WHERE name = 'leaving'`)
    const { erasure, proof, signature } = await operator.eraseTenant('leaving')
    expect(erasure).toMatchObject({ name: 'leaving', left: 0, tables: { connection: 1, member: 1, tenant: 1 }, chain: { publicKey } })
    const key = createPublicKey((await operator.auditPublicKey()).publicKey)
    expect(verify(null, Buffer.from(proof), key, Buffer.from(signature, 'hex'))).toBe(true)
    expect(JSON.parse(proof)).toEqual(erasure)
    expect(await operator.tenantErasure(erasure.tenantId)).toEqual({ erasure, proof, signature })
    expect(await codeOf(operator.tenantErasure('leaving'))).toBe('404 tenancy.erasure-unknown')
    expect(await rowsOf(gone.id)).toEqual({})
    expect(await rowsOf(stays.id)).toEqual(before)
    await vi.waitUntil(
      async () =>
        (await gone.admin.whoami().then(
          () => 200,
          (error: ProblemError) => error.problem.status,
        )) !== 200,
      { timeout: 15_000, interval: 100 },
    )
    const trail = await (await operator.auditExport()).text()
    for (const action of ['tenant-create', 'tenant-suspend', 'tenant-export', 'tenant-erase', 'tenant-erased'])
      expect(trail).toContain(`"action":"${action}"`)
    expect((await operator.auditVerify()).isIntact).toBe(true)
  })
})

/** Rows by table that bear the tenant's id. */
async function rowsOf(tenantId: string): Promise<Record<string, number>> {
  const { rows: tables } = await execute(
    store.superuser,
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await execute(store.superuser, `SELECT count(*)::int AS n FROM ${name} WHERE tenant_id = '${tenantId}'`)
    const [row] = rows as { n: number }[]
    if (row !== undefined && row.n > 0) counts[name] = row.n
  }
  return counts
}

test('an installation for one tenant says so, and keeps tokens of others out', async () => {
  const other = await openTenant('orphan')
  const alone = await startServing(store, { adminToken: server.adminToken, dataDir: server.dataDir })
  try {
    const refusedAdmin = new Client({ baseUrl: alone.url, token: server.adminToken })
    expect(await codeOf(refusedAdmin.tenants())).toBe('409 tenancy.single')
    expect(await codeOf(new Client({ baseUrl: alone.url, token: other.token }).whoami())).toBe('409 tenancy.single')
    expect((await refusedAdmin.whoami()).roles).toEqual(['admin'])
    const { id } = await other.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'eve' })
    await other.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: goodPassword } })
    const signIn = (url: string) =>
      new Browser().json('POST', `${url}/api/v1/auth/sign-in`, { name: 'eve', password: goodPassword }, { 'x-aishell-tenant': 'orphan' })
    expect([(await signIn(server.url)).status, (await signIn(alone.url)).status]).toEqual([204, 401])
  } finally {
    await alone.kill('SIGTERM')
  }
})
