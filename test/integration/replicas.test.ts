import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import type { StoreAddress } from '../../src/platform/store/index.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { redisMissing, startRedis, type RedisServer } from '../support/redis-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'

/** A change may take as long as this to be seen everywhere. */
const seenWithinMs = 1_000

const ways = [
  { way: 'with Redis', hasRedis: true },
  { way: 'without Redis', hasRedis: false },
]

for (const { way, hasRedis } of ways)
  describe.skipIf(hasRedis && redisMissing !== null)(`two servers on one store, ${way}`, () => {
    let redis: RedisServer | null = null
    let shop: TestDatabase
    let superuser: StoreAddress
    let address: StoreAddress
    let keys: Record<string, string>
    let one: ServingProcess
    let two: ServingProcess
    let hold = ''
    let servants: string[] = []

    beforeAll(async () => {
      redis = hasRedis ? await startRedis() : null
      const [store, database] = await Promise.all([freshStore(), freshDatabase()])
      shop = database
      superuser = store.superuser
      address = store
      await shop.query(
        'CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT g, g::text FROM generate_series(1, 3000) g',
      )
      keys = { SECRET_KEY: randomBytes(32).toString('hex'), JWT_SECRET: randomBytes(32).toString('hex') }
      const place: Record<string, string> =
        redis === null ? {} : { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_PASSWORD: redis.password }
      const adminToken = `ais_${randomBytes(32).toString('base64url')}`
      const env = { ...keys, ...place, RATE_ACTOR_REQUESTS: '0', RATE_ACTOR_QUESTIONS: '120', MULTI_TENANCY_ENABLED: 'true' }
      one = await startServing(store, { env, adminToken })
      two = await startServing(store, { env, adminToken })
      await connectTo(one.admin, 'shop', shop)
      hold = 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id = 4'
      const both = async (): Promise<boolean> =>
        (await Promise.all([one, two].map(peersOf))).every((detail) => detail.includes('1 other server'))
      await vi.waitUntil(both, { timeout: 30_000, interval: 50 })
      servants = await Promise.all([member('first', 'reader'), member('second', 'reader')])
    }, 180_000)
    afterAll(async () => {
      await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')])
      await redis?.stop()
    })

    test('know of each other', async () => {
      const checks = (await one.admin.ready()).checks
      expect(checks).toContainEqual({
        name: 'signals',
        state: 'ok',
        detail: `1 other server(s), reached through the store${hasRedis ? ' and Redis' : ''}`,
      })
      expect(checks.find((check) => check.name === 'redis')).toMatchObject({ state: 'ok' })
    })

    test('a question that one answers is cancelled through the other, and its database stops', async () => {
      const { id, answer } = await ask(one, hold)
      await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
      expect((await cancel(two, id)).status).toBe(204)
      expect(await answer).toContain('"outcome":"abandoned"')
      await vi.waitUntil(async () => (await running()) === 0, { timeout: 5_000, interval: 20 })
      expect((await cancel(two, id)).status).toBe(404)
      expect((await cancel(two, newId())).status).toBe(404)
    })

    test('somebody else’s question is not, whatever the server', async () => {
      const stranger = await member('eve', 'reader')
      const { id, answer } = await ask(one, hold)
      await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
      expect((await cancel({ ...two, adminToken: stranger }, id)).status).toBe(404)
      expect(await running()).toBe(1)
      await cancel(one, id)
      await answer
    })

    test('an agent’s call that one carries out is cancelled through the other, by the client that made it alone', async () => {
      const theirs = await member('agent', 'reader')
      const [agent, elsewhere] = [one, two].map(({ url }) => ({ url, adminToken: theirs })) as [Place, Place]
      const session = (await mcp(agent, initialize)).headers.get('mcp-session-id') ?? ''
      const call = mcp(agent, callOf(hold), session).then((response) => response.text())
      await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
      const stranger = await member('eve', 'reader')
      for (const [token, ofSession] of [
        [stranger, session],
        [theirs, newId()],
        [theirs, ''],
      ] as const)
        expect((await mcp({ ...elsewhere, adminToken: token }, cancelOf(7), ofSession)).status).toBe(202)
      await mcp(elsewhere, cancelOf(8), session)
      await new Promise((resolve) => setTimeout(resolve, 1_000)) // each would have been acted upon by now
      expect(await running()).toBe(1)
      expect((await mcp(elsewhere, cancelOf(7), session)).status).toBe(202)
      expect(await call).toContain('question.abandoned')
      await vi.waitUntil(async () => (await running()) === 0, { timeout: 5_000, interval: 20 })
    })

    test('a token revoked on one is refused on the other, and what runs with it ends', async () => {
      const made = await one.admin.createToken({ name: newId(), kind: 'person', expiresInDays: 1 })
      const theirs = { ...two, adminToken: made.token }
      const { answer } = await ask(theirs, hold)
      await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
      await one.admin.revokeToken(made.id)
      await seen(
        async () => (await fetch(`${two.url}/api/v1/auth/whoami`, { headers: { authorization: `Bearer ${made.token}` } })).status === 401,
      )
      expect(await answer).toContain('identity.')
      await vi.waitUntil(async () => (await running()) === 0, { timeout: 5_000, interval: 20 })
    })

    test('a policy set on one is obeyed by the other', async () => {
      const sql = 'SELECT name FROM item WHERE id = 1'
      expect(await outcome(two, sql)).toBe('answered')
      const policy = await one.admin.policy('shop')
      await one.admin.setPolicy('shop', { ...policy, rules: [{ effect: 'deny', roles: [], tables: ['item'], columns: ['name'] }] })
      await seen(async () => (await outcome(two, sql)) === 'refused')
      await one.admin.setPolicy('shop', policy)
      await seen(async () => (await outcome(two, sql)) === 'answered')
    })

    test('a connection made, changed and removed on one is so on the other', async () => {
      const { host, port, user, password, database } = shop.reader
      const target = { host, port, database, user, password: password.reveal(), sslmode: 'disable' as const }
      const input = { name: 'second', description: '', engine: 'postgres' as const, target }
      const { id } = await one.admin.createConnection(input)
      await seen(async () => (await outcome(two, 'SELECT 1', 'second')) === 'answered')
      await one.admin.updateConnection(id, { ...input, name: 'renamed' })
      await seen(
        async () => (await outcome(two, 'SELECT 1', 'second')) !== 'answered' && (await outcome(two, 'SELECT 1', 'renamed')) === 'answered',
      )
      await one.admin.removeConnection(id)
      expect(await seen(async () => (await outcome(two, 'SELECT 1', 'renamed')) !== 'answered')).toBe(true)
    })

    test('a schema that one reads anew is read anew by the other', async () => {
      const table = `added_${randomBytes(3).toString('hex')}`
      const sql = `SELECT * FROM ${table}`
      await Promise.all([outcome(one, 'SELECT id FROM item LIMIT 1'), outcome(two, 'SELECT id FROM item LIMIT 1')]) // both know it
      await shop.query(`CREATE TABLE ${table} (id int)`)
      expect(await outcome(two, sql)).not.toBe('answered')
      await one.admin.catalog('shop', { refresh: true })
      await seen(async () => (await outcome(two, sql)) === 'answered')
    })

    test('an approval asked for on one is given on the other, and both know that it was run', async () => {
      await shop.query(`CREATE TABLE note (id int PRIMARY KEY); GRANT INSERT, SELECT ON note TO ${shop.reader.user}`)
      await one.admin.catalog('shop', { refresh: true })
      await one.admin.setPolicy('shop', { ...(await one.admin.policy('shop')), writers: ['editor'], approvers: ['admin'] })
      const editor = await member('writer', 'editor')
      await seen(async () => (await outcome({ ...one, adminToken: editor }, 'INSERT INTO note VALUES (1)')) === 'needs-approval')
      const { items } = await two.admin.approvals({ state: 'requested' })
      const [request] = items
      expect(request).toBeDefined()
      const id = request?.id ?? ''
      await two.admin.decide(id, 'approve')
      expect(await seen(async () => (await one.admin.approval(id)).state === 'executed')).toBe(true)
      expect((await shop.query('SELECT id FROM note')).rows).toEqual([{ id: 1 }])
    })

    test('a tenant has no more answers at once than its quota, whichever server gives them', async () => {
      await one.admin.setQuotas('default', { concurrentQuestions: 2 })
      try {
        const held = [await ask(one, hold), await ask(two, hold)]
        await vi.waitUntil(async () => (await running()) === 2, { timeout: 20_000, interval: 20 })
        const small = { connection: 'shop', sql: 'SELECT 1' }
        for (const server of [one, two]) {
          await vi.waitUntil(async () => (await post(server, '/api/v1/questions', small)).status === 429, { timeout: 10_000, interval: 50 })
          // the last that was let in may not be over yet
          await expect.poll(async () => (await server.admin.tenantUsage('default')).running, { timeout: 5_000 }).toBe(2)
        }
        await cancel(one, held[1]?.id ?? '')
        await Promise.all([held[1]?.answer, seen(async () => (await outcome(one, 'SELECT 1')) === 'answered')])
        await cancel(two, held[0]?.id ?? '')
        await held[0]?.answer
      } finally {
        await one.admin.setQuotas('default', {})
      }
    })

    test('the record stays one chain while both append at once', async () => {
      const asked = await Promise.all(
        Array.from({ length: 100 }, (_, at) =>
          outcome({ ...(at % 2 === 0 ? one : two), adminToken: servants[at % 2] ?? '' }, `SELECT ${at}`),
        ),
      )
      expect(new Set(asked)).toEqual(new Set(['answered']))
      expect(await two.admin.auditVerify()).toMatchObject({ isIntact: true, findings: [] })
    })

    test('limits a minute are one over both', async () => {
      const token = await member('hurried', 'reader')
      const servers = [one, two].map((server) => ({ ...server, adminToken: token }))
      const sinceMs = performance.now()
      const statuses: number[] = []
      for (let round = 0; round < 5; round++)
        statuses.push(...(await Promise.all(Array.from({ length: 50 }, (_, at) => draft(servers[at % 2] as ServingProcess)))))
      const passed = statuses.filter((status) => status === 200).length
      expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([])
      expect(passed).toBeLessThanOrEqual(120 + ((performance.now() - sinceMs) * 120) / 60_000 + 2)
      expect(passed).toBeGreaterThan(90)
    })

    test('a store that a newer version has migrated is served on, but no server of this version starts on it', async () => {
      await execute(
        superuser,
        `INSERT INTO schema_migration (name, digest) VALUES ('9999-to-come', 'x'); ALTER TABLE connection ADD COLUMN to_come text`,
      )
      for (const server of [one, two]) {
        expect((await server.admin.ready()).status).toBe('ready')
        expect(await outcome(server, 'SELECT 1')).toBe('answered')
      }
      await expect(startServing(address, { env: keys })).rejects.toThrow('store.newer')
      await execute(superuser, `DELETE FROM schema_migration WHERE name = '9999-to-come'; ALTER TABLE connection DROP COLUMN to_come`)
    })

    test.each(hasRedis ? ['Redis'] : [])('a frozen %s is shown and keeps nobody from an answer or a cancel', async () => {
      redis?.freeze()
      try {
        const shown = async (): Promise<boolean> =>
          (await one.admin.ready()).checks.some(({ name, state }) => name === 'redis' && state === 'degraded')
        await vi.waitUntil(shown, { timeout: 20_000, interval: 50 })
        expect((await fetch(`${one.url}/ready`)).status).toBe(200)
        expect(await (await fetch(`${one.url}/metrics`)).text()).toContain('aishell_redis_up{kind="standalone"} 0')
        expect(await outcome({ ...one, adminToken: servants[0] ?? '' }, 'SELECT 1')).toBe('answered')
        const { id, answer } = await ask(one, hold)
        await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
        expect((await cancel(two, id)).status).toBe(204)
        expect(await answer).toContain('"outcome":"abandoned"')
      } finally {
        redis?.thaw()
      }
    })

    test('one of them leads; when it is killed the other does, and finds what it has left open', async () => {
      const leads = async (server: ServingProcess): Promise<boolean> =>
        /^aishell_leader 1$/m.test(await (await fetch(`${server.url}/metrics`)).text())
      await vi.waitUntil(async () => (await leads(one)) !== (await leads(two)), { timeout: 30_000, interval: 50 })
      const [leader, other] = (await leads(one)) ? [one, two] : [two, one]
      const ended = (await ask(leader, hold)).answer.catch(() => 'broken off')
      await vi.waitUntil(async () => (await running()) === 1, { timeout: 20_000, interval: 20 })
      await leader.kill('SIGKILL')
      expect(await ended).toBe('broken off')
      await vi.waitUntil(() => leads(other), { timeout: 30_000, interval: 50 })
      await execute(
        superuser,
        `UPDATE server_instance SET beat_at = now() - interval '31 seconds' WHERE beat_at < now() - interval '1 second'`,
      )
      await vi.waitUntil(async () => (await other.admin.auditVerify()).openIntents === 0, { timeout: 60_000, interval: 200 })
      expect(await other.admin.auditVerify()).toMatchObject({ isIntact: true, lostIntents: 1, findings: [] })
    })

    /** The statements of ours that run in the shop just now. */
    async function running(): Promise<number> {
      const { rows } = await shop.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND leader_pid IS NULL AND query LIKE '%item c%'`,
      )
      return (rows[0] as { n: number }).n // the query's own column
    }

    async function member(name: string, role: string): Promise<string> {
      const unique = `${name}-${randomBytes(3).toString('hex')}`
      await one.admin.json('POST', '/api/v1/members', { name: unique, kind: 'service', role })
      return (await one.admin.createToken({ name: newId(), kind: 'service', expiresInDays: 1, member: unique })).token
    }
  })

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'agent', version: '1' } },
}

const callOf = (sql: string) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'run_sql', arguments: { connection: 'shop', sql } },
})
const cancelOf = (requestId: number) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })

/** One message of an agent; `session` is what `initialize` gave it. */
function mcp(place: Place, message: object, session = ''): Promise<Response> {
  return fetch(`${place.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${place.adminToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session === '' ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify(message),
  })
}

async function peersOf(server: ServingProcess): Promise<string> {
  return (await server.admin.ready()).checks.find((check) => check.name === 'signals')?.detail ?? ''
}

async function seen(look: () => Promise<boolean>): Promise<boolean> {
  return await vi.waitUntil(look, { timeout: seenWithinMs + 10_000, interval: 20 })
}

interface Place {
  readonly url: string
  readonly adminToken: string
}

function post({ url, adminToken }: Place, path: string, body: object, accept = 'application/json'): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  })
}

async function ask(place: Place, sql: string): Promise<{ readonly id: string; readonly answer: Promise<string> }> {
  const response = await post(place, '/api/v1/questions', { connection: 'shop', sql }, 'text/event-stream')
  return { id: response.headers.get('x-aishell-question') ?? '', answer: response.text() }
}

async function outcome(place: Place, sql: string, connection = 'shop'): Promise<string> {
  const response = await post(place, '/api/v1/questions', { connection, sql })
  return ((await response.json()) as { outcome?: string; code?: string }).outcome ?? String(response.status)
}

async function draft(place: Place): Promise<number> {
  const response = await post(place, '/api/v1/drafts', { connection: 'shop', sql: 'SELECT 1' })
  await response.text()
  return response.status
}

async function cancel({ url, adminToken }: Place, id: string): Promise<Response> {
  return await fetch(`${url}/api/v1/questions/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${adminToken}` } })
}
