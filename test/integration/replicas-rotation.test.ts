import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { MountedSecrets } from '../support/mounted-secrets.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { redisMissing, startRedis, type RedisServer } from '../support/redis-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'

const random = (): string => randomBytes(36).toString('base64url')
const endless = 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id = 4'
const [old, fresh] = [random(), random()]
const abandoned = '"outcome":"abandoned"'

describe.skipIf(redisMissing !== null)('servers that hear one another through Redis alone, while JWT_SECRET rotates', () => {
  let redis: RedisServer
  let store: Awaited<ReturnType<typeof freshStore>>
  let shop: TestDatabase
  let env: Record<string, string>
  let one: ServingProcess
  let two: ServingProcess
  const [mountedAtOne, mountedAtTwo] = [new MountedSecrets({ JWT_SECRET: old }), new MountedSecrets({ JWT_SECRET: old })]

  beforeAll(async () => {
    ;[redis, store, shop] = await Promise.all([startRedis(), freshStore(), freshDatabase()])
    await shop.query('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 3000)')
    // The store takes what is notified and tells nobody, as behind a pooler of transactions.
    await execute(
      store.superuser,
      `CREATE SCHEMA hushed; GRANT USAGE ON SCHEMA hushed TO PUBLIC;
       CREATE FUNCTION hushed.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT';
       ALTER DATABASE "${store.database}" SET search_path = hushed, pg_catalog, public`,
    )
    env = { SECRET_KEY: random(), REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_PASSWORD: redis.password }
    one = await serve(mountedAtOne.env())
    two = await serve(mountedAtTwo.env(), one.adminToken)
    await connectTo(one.admin, 'shop', shop)
    await know(one, two)
  }, 180_000)
  afterAll(async () => {
    await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')])
    await redis.stop()
  })

  test('one that has read the new secret and one that has not go on cancelling for each other', { timeout: 90_000 }, async () => {
    await rotate(mountedAtOne, one)
    expect(await stopped(two, one)).toContain(abandoned)
    expect(await stopped(one, two)).toContain(abandoned)
    await rotate(mountedAtTwo, two)
    expect(await stopped(two, one)).toContain(abandoned)
    expect(await stopped(one, two)).toContain(abandoned)
  })

  test('one that starts with the new secret alone is heard, and hears', { timeout: 90_000 }, async () => {
    const third = await serve({ JWT_SECRET: fresh }, one.adminToken)
    try {
      await know(third, one)
      expect(await stopped(one, third)).toContain(abandoned)
      expect(await stopped(third, one)).toContain(abandoned)
    } finally {
      await third.kill('SIGTERM')
    }
  })

  test('what is signed with no secret of theirs is not heard', { timeout: 90_000 }, async () => {
    const { tenantId, memberId } = await one.admin.whoami()
    const { id, answer } = await running(one)
    const client = redis.client()
    const [channel = ''] = (await client.pubsub('CHANNELS', 'aishell:*:signals')) as string[]
    const heard: string[] = []
    const listener = redis.client()
    await listener.subscribe(channel)
    listener.on('message', (_channel, text: string) => heard.push(text))
    const forge = async (secret: string): Promise<void> => {
      const signal = { kind: 'cancel', questionId: id, tenantId, memberId, isOverseer: true }
      const text = JSON.stringify({ from: newId(), number: 1, signal })
      const key = createHmac('sha256', secret).update('aishell signals').digest('hex')
      await client.publish(channel, `${createHmac('sha256', key).update(`signal ${text}`).digest('base64url')} ${text}`)
    }
    await forge(random())
    await vi.waitUntil(() => heard.length > 1, { timeout: 20_000 }) // others were heard after it
    expect(
      (
        await shop.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%item c%' AND pid <> pg_backend_pid() AND leader_pid IS NULL`,
        )
      ).rowCount,
    ).toBe(1)
    await forge(fresh) // the same with theirs: so it was the signature that did it
    expect(await answer).toContain(abandoned)
    await Promise.all([client.quit(), listener.quit()])
  })

  function serve(secret: Readonly<Record<string, string>>, adminToken?: string): Promise<ServingProcess> {
    return startServing(store, { env: { ...env, ...secret }, ...(adminToken === undefined ? {} : { adminToken }) })
  }

  /** Each has heard of the other, and through Redis. */
  async function know(...servers: readonly ServingProcess[]): Promise<void> {
    const detail = async (server: ServingProcess): Promise<string> =>
      (await server.admin.ready()).checks.find(({ name }) => name === 'signals')?.detail ?? ''
    await vi.waitUntil(async () => (await Promise.all(servers.map(detail))).every((one) => /[1-9] other.* through Redis$/.test(one)), {
      timeout: 40_000,
      interval: 100,
    })
  }

  async function rotate(mounted: MountedSecrets, server: ServingProcess): Promise<void> {
    mounted.publish({ JWT_SECRET: fresh })
    await vi.waitUntil(() => server.said().includes('"name":"JWT_SECRET"'), { timeout: 30_000 })
  }

  async function running(server: ServingProcess): Promise<{ readonly id: string; readonly answer: Promise<string> }> {
    const response = await server.admin.send('POST', '/api/v1/questions', {
      body: { connection: 'shop', sql: endless },
      accept: 'text/event-stream',
    })
    return { id: response.headers.get('x-aishell-question') ?? '', answer: response.text() }
  }

  /** The end of what `answering` runs when it is cancelled through the other. */
  async function stopped(answering: ServingProcess, through: ServingProcess): Promise<string> {
    const { id, answer } = await running(answering)
    await through.admin.send('DELETE', `/api/v1/questions/${id}`).catch(() => undefined) // a slow one has said no before it heard
    return await answer
  }
})
