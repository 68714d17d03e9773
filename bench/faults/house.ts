import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddedServer } from '../../src/platform/store/index.ts'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../../test/support/postgres-server.ts'
import type { RedisServer } from '../../test/support/redis-server.ts'
import { connectTo, startServing, type ServingProcess } from '../../test/support/serving-process.ts'

/** Servers on one store, and the connection `shop`. */
export interface House {
  readonly servers: readonly ServingProcess[]
  readonly shop: TestDatabase
  readonly store: Awaited<ReturnType<typeof freshStore>>
  readonly token: string
  start(): Promise<ServingProcess>
  stop(): Promise<void>
}

export interface HouseOptions {
  readonly count?: number
  readonly redis?: RedisServer | null
  readonly env?: Readonly<Record<string, string>>
}

/** Rate limits are off unless asked for: what is looked at is something else. */
export async function openHouse(postgres: EmbeddedServer, { count = 1, redis = null, env = {} }: HouseOptions = {}): Promise<House> {
  const [store, shop] = await Promise.all([freshStore(postgres), freshDatabase(postgres)])
  await shop.query(
    `CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO account SELECT g, g FROM generate_series(1, 10000) g; ANALYZE`,
  )
  const token = `ais_${randomBytes(32).toString('base64url')}`
  const all = {
    SECRET_KEY: randomBytes(32).toString('hex'),
    JWT_SECRET: randomBytes(32).toString('hex'),
    LOG_LEVEL: 'warn',
    ...Object.fromEntries(
      ['ACTOR_QUESTIONS', 'TENANT_QUESTIONS', 'ACTOR_REQUESTS', 'TENANT_REQUESTS'].map((name) => [`RATE_${name}`, '0']),
    ),
    ...(redis === null ? {} : { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_PASSWORD: redis.password }),
    ...env,
  }
  const start = (): Promise<ServingProcess> =>
    startServing(store, { env: all, adminToken: token, dataDir: mkdtempSync(join(tmpdir(), 'aishell-faults-')) })
  const servers: ServingProcess[] = []
  for (let at = 0; at < count; at++) servers.push(await start())
  const [first] = servers
  if (first !== undefined) await connectTo(first.admin, 'shop', shop)
  return {
    servers,
    shop,
    store,
    token,
    start,
    stop: async () => {
      await Promise.all(servers.map((server) => server.kill('SIGKILL')))
      await execute(store.superuser, 'SELECT 1').catch(() => undefined)
    },
  }
}

export interface Reply {
  /** 0: no answer came. */
  readonly status: number
  readonly outcome: string
  readonly ms: number
  readonly retryAfter: string | null
}

/** One question, answered as JSON. */
export function askOnce(url: string, token: string, sql: string, agent: Agent, timeoutMs = 30_000): Promise<Reply> {
  const startedMs = performance.now()
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ connection: 'shop', sql })
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve) => {
    const end = (status: number, outcome: string, retryAfter: string | null = null): void =>
      resolve({ status, outcome, ms: performance.now() - startedMs, retryAfter })
    const sent = request(
      { agent, host: hostname, port, path: '/api/v1/questions', method: 'POST', headers, timeout: timeoutMs },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', () => end(0, 'broken off'))
        response.on('end', () => {
          const said = /"outcome":"([\w-]+)"/.exec(text)?.[1] ?? /"code":"([\w.-]+)"/.exec(text)?.[1] ?? ''
          end(response.statusCode ?? 0, said, response.headers['retry-after'] ?? null)
        })
      },
    )
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => end(0, 'no answer'))
    sent.end(body)
  })
}

/** So many askers, each asking again as soon as it has its answer, for a time. */
export async function closedLoop(
  ask: (at: number) => Promise<Reply>,
  options: { readonly clients: number; readonly ms: number; readonly pauseAfterRefusalMs?: number },
): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  const endMs = performance.now() + options.ms
  const one = async (at: number): Promise<void> => {
    while (performance.now() < endMs) {
      const reply = await ask(at)
      replies.push(reply)
      if (reply.status !== 200 && options.pauseAfterRefusalMs !== undefined) await pause(options.pauseAfterRefusalMs)
    }
  }
  await Promise.all(Array.from({ length: options.clients }, (_, at) => one(at)))
  return replies
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const newAgent = (): Agent => new Agent({ keepAlive: true, maxSockets: Infinity })

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

export const isAnswered = (reply: Reply): boolean => reply.status === 200 && reply.outcome === 'answered'

export { round } from '../figures.ts'
