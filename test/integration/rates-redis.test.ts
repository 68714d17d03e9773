import { createServer, type AddressInfo, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../src/domain/index.ts'
import type { Observation } from '../../src/platform/observe/index.ts'
import { createRedis, type Redis } from '../../src/platform/redis/index.ts'
import { RateLimits, type RateOutcome } from '../../src/platform/tenancy/index.ts'
import { redisMissing, startRedis, startSentinels, type RedisServer } from '../support/redis-server.ts'

const closers: (() => Promise<unknown>)[] = []
const observed: Observation[] = []
const observe = (one: Observation): void => void observed.push(one)
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
  observed.length = 0
})

const plain = { password: null, sentinels: [], sentinelName: null, sentinelPassword: null, isTls: false, observe }

function connect(
  server: { readonly port: number; readonly password?: string },
  more: Partial<Parameters<typeof createRedis>[0]> = {},
): Redis {
  const password = server.password === undefined ? null : new Secret(server.password)
  const redis = createRedis({ ...plain, host: '127.0.0.1', port: server.port, password, ...more })
  closers.push(() => redis.close())
  return redis
}

const up = (redis: Redis): Promise<unknown> => vi.waitUntil(() => redis.isUp, { timeout: 20_000, interval: 10 })
const down = (redis: Redis): Promise<unknown> => vi.waitUntil(() => !redis.isUp, { timeout: 20_000, interval: 10 })

let prefix = 0
function limits(redis: Redis | null, limit: number, options: { readonly peers?: number; readonly keyPrefix?: string } = {}): RateLimits {
  const { peers = 0, keyPrefix = `test:${(prefix += 1)}:` } = options
  return new RateLimits({ table: { questions: { actor: limit } }, redis, keyPrefix, peers: () => peers, observe })
}

async function passed(rates: readonly RateLimits[], asked: number, id = 'ada'): Promise<number> {
  const outcomes: RateOutcome[] = []
  for (let at = 0; at < asked; at++)
    outcomes.push(await (rates[at % rates.length] as RateLimits).take([{ holder: 'actor', group: 'questions', id }])) // within the list
  return outcomes.filter((one) => one.waitMs === null).length
}

/** What a minute's limit refills while a test takes its time. */
const refilled = (limit: number, sinceMs: number): number => Math.ceil(((performance.now() - sinceMs) * limit) / 60_000) + 1

describe.skipIf(redisMissing !== null)('with Redis, limits', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  test('are one over all servers: several together pass what one may', async () => {
    const sinceMs = performance.now()
    const redis = [connect(server), connect(server), connect(server)]
    await Promise.all(redis.map(up))
    const rates = redis.map((one) => limits(one, 60, { keyPrefix: 'together:' }))
    const count = await passed(rates, 180)
    expect(count).toBeGreaterThanOrEqual(60 - 6) // each server may hold a token or two that it leased and did not use
    expect(count).toBeLessThanOrEqual(60 + refilled(60, sinceMs))
  })

  test('hold against requests that come at once', async () => {
    const sinceMs = performance.now()
    const redis = [connect(server), connect(server)]
    await Promise.all(redis.map(up))
    const rates = redis.map((one) => limits(one, 50, { keyPrefix: 'at-once:' }))
    const counts = await Promise.all(Array.from({ length: 200 }, (_, at) => passed([rates[at % 2] as RateLimits], 1)))
    const count = counts.reduce((sum, one) => sum + one, 0)
    expect(count).toBeGreaterThanOrEqual(45)
    expect(count).toBeLessThanOrEqual(50 + refilled(50, sinceMs))
  })

  test('are apart by holder, and say how long to wait and what is left', async () => {
    const redis = connect(server)
    await up(redis)
    const rates = limits(redis, 2)
    expect(await passed([rates], 2)).toBe(2)
    const refused = await rates.take([{ holder: 'actor', group: 'questions', id: 'ada' }])
    expect(refused.waitMs).toBeGreaterThan(0)
    expect(refused.waitMs).toBeLessThanOrEqual(30_000)
    expect(refused.tightest).toEqual({ holder: 'actor', limit: 2, left: 0 })
    expect(observed).toContainEqual({ type: 'rate-refused', holder: 'actor', group: 'questions' })
    expect(await passed([rates], 1, 'eve')).toBe(1)
  })

  test('ask Redis far less often than there are requests when they come fast', async () => {
    const redis = connect(server)
    await up(redis)
    const run = vi.spyOn(redis, 'run')
    const rates = limits(redis, 600_000)
    expect(await passed([rates], 3_000)).toBe(3_000)
    await sleep(1_100)
    run.mockClear()
    expect(await passed([rates], 3_000)).toBe(3_000)
    expect(run.mock.calls.length).toBeLessThan(300)
  })

  test('stay within the whole limit on one server when all is flushed again and again', async () => {
    const sinceMs = performance.now()
    const redis = connect(server)
    await up(redis)
    const rates = limits(redis, 30)
    const admin = server.client()
    let count = 0
    for (let round = 0; round < 10; round++) {
      count += await passed([rates], 30)
      await admin.flushall()
    }
    await admin.quit()
    expect(count).toBeLessThanOrEqual(30 + refilled(30, sinceMs))
  })
})

describe.skipIf(redisMissing !== null)('a Redis that', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  test('is frozen holds nobody up, its limits are halved, and it is used again when it wakes', async () => {
    const redis = connect(server)
    await up(redis)
    const rates = limits(redis, 40)
    server.freeze()
    const sinceMs = performance.now()
    try {
      const count = await passed([rates], 100)
      expect(count).toBeLessThanOrEqual(20 + 1 + refilled(40, sinceMs)) // one may pass before it is known
      expect(count).toBeGreaterThanOrEqual(20)
      expect(redis.state()).toEqual({ isUp: false, detail: 'does not answer' })
    } finally {
      server.thaw()
    }
    await up(redis)
    expect(observed.filter((one) => one.type === 'redis-changed').map((one) => one.isUp)).toEqual([true, false, true])
  })

  test('was away is owed what passed meanwhile', async () => {
    const sinceMs = performance.now()
    const redis = connect(server)
    await up(redis)
    const rates = limits(redis, 60)
    server.freeze()
    const alone = await passed([rates], 60)
    expect(alone).toBeGreaterThanOrEqual(30)
    server.thaw()
    await up(redis)
    const together = alone + (await passed([rates], 60))
    expect(together).toBeLessThanOrEqual(60 + refilled(60, sinceMs))
  })

  test('is killed and comes back is used again', async () => {
    const redis = connect(server)
    await up(redis)
    await server.kill()
    await down(redis)
    expect(await passed([limits(redis, 10)], 20)).toBeLessThanOrEqual(6)
    await server.restart()
    await up(redis)
  })

  test('refuses the password is said so, and never waited for', async () => {
    const redis = connect({ port: server.port, password: 'wrong' })
    await vi.waitUntil(() => redis.state().detail === 'refuses REDIS_PASSWORD', { timeout: 20_000, interval: 20 })
    expect(await passed([limits(redis, 10)], 20)).toBeLessThanOrEqual(6)
    expect(JSON.stringify(observed)).not.toContain('wrong')
  })
})

describe('a server that says it is Redis and', () => {
  let lying: Server
  let reply = ''
  beforeAll(async () => {
    lying = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        for (const command of data
          .toString()
          .toLowerCase()
          .split(/^\*\d+\r\n/m)
          .slice(1)) {
          if (command.includes('evalsha')) socket.write(reply)
          else
            socket.write(command.includes('ping') ? '+PONG\r\n' : command.includes('info') ? '$19\r\nredis_version:7.0.0\r\n' : '+OK\r\n')
        }
      })
    })
    await new Promise<void>((resolve) => lying.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => void lying.close())

  test.each([
    ['grants whatever it is asked for', '*3\r\n:1\r\n:10\r\n:0\r\n'],
    ['grants more than was asked for', '*3\r\n:1000000\r\n:10\r\n:0\r\n'],
    ['gives words for numbers', '*3\r\n$3\r\nyes\r\n$3\r\nyes\r\n$3\r\nyes\r\n'],
    ['gives too little', '*0\r\n'],
    ['gives nothing', '$-1\r\n'],
    ['gives an error', '-ERR what?\r\n'],
    ['speaks another language', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('%s: no more passes than the limit, and something does', async (_what, text) => {
    reply = text
    const redis = connect({ port: (lying.address() as AddressInfo).port })
    await up(redis)
    const sinceMs = performance.now()
    const count = await passed([limits(redis, 10)], 60)
    expect(count).toBeGreaterThanOrEqual(5)
    expect(count).toBeLessThanOrEqual(10 + refilled(10, sinceMs))
  })
})

describe('without Redis', () => {
  test.each([
    [0, 60],
    [1, 30],
    [2, 20],
  ])('and %d other servers each keeps its part of the limit', async (peers, part) => {
    const sinceMs = performance.now()
    const count = await passed([limits(null, 60, { peers })], 100)
    expect(count).toBeGreaterThanOrEqual(part)
    expect(count).toBeLessThanOrEqual(part + refilled(60, sinceMs))
  })

  test('nothing is counted where no limit is set', async () => {
    expect(await passed([limits(null, 0)], 100)).toBe(100)
  })
})

describe.skipIf(redisMissing !== null)('Redis behind', () => {
  test('TLS with a CA that is not trusted is not used, and the reason is named', async () => {
    const server = await startRedis({ isTls: true })
    closers.push(() => server.stop())
    const redis = connect(server, { isTls: true })
    await vi.waitUntil(() => redis.state().detail.includes('not trusted'), { timeout: 20_000, interval: 20 })
    expect(redis.isUp).toBe(false)
  })

  test('Sentinels is found, and found again after its primary died', async () => {
    const primary = await startRedis()
    closers.push(() => primary.stop())
    const replica = await startRedis({ replicaOf: primary })
    closers.push(() => replica.stop())
    const sentinels = await startSentinels(primary)
    closers.push(() => sentinels.stop())
    const redis = connect(primary, { host: null, sentinels: sentinels.addresses, sentinelName: 'aishell' })
    await up(redis)
    expect(await passed([limits(redis, 10)], 20)).toBeLessThanOrEqual(11)
    await primary.kill()
    await down(redis)
    await up(redis)
    const other = replica.client()
    expect(await passed([limits(redis, 10, { keyPrefix: 'after:' })], 20)).toBeLessThanOrEqual(11)
    expect(await other.keys('after:*')).toHaveLength(1)
    await other.quit()
  })
})
