import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startRedis } from '../../test/support/redis-server.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, closedLoop, isAnswered, newAgent, openHouse, quantile, round, type Reply } from './house.ts'

/**
 * `bench/faults/redis.ts [--runs 5] [--slice 2000] [--record]`: two servers with limits on, asked while Redis is well and while
 * it is frozen, killed or flushed again and again, in interleaved slices. What is compared is p95.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    slice: { type: 'string', default: '2000' },
    record: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const sliceMs = Number(values.slice)
const clients = 8
const postgres = await startScratchServer(true)
const redis = await startRedis()
// Limits are looked at with each request, and are far above what is asked.
const limits = { RATE_ACTOR_QUESTIONS: '10000000', RATE_TENANT_QUESTIONS: '10000000' }
const house = await openHouse(postgres, { count: 2, redis, env: limits })
const agent = newAgent()

async function slice(): Promise<readonly Reply[]> {
  return await closedLoop(
    (at) => {
      const server = house.servers[at % house.servers.length]
      return askOnce(server?.url ?? '', house.token, `SELECT * FROM account WHERE id = ${1 + Math.floor(Math.random() * 10_000)}`, agent)
    },
    { clients, ms: sliceMs },
  )
}

const faults = {
  frozen: { break: async () => redis.freeze(), mend: async () => redis.thaw() },
  killed: { break: () => redis.kill(), mend: () => redis.restart() },
  flushed: flushing(),
} as const

function flushing() {
  let timer: NodeJS.Timeout | undefined
  const client = redis.client()
  client.on('error', () => undefined)
  return {
    break: async () => {
      timer = setInterval(() => void client.flushall().catch(() => undefined), 50)
    },
    mend: async () => clearInterval(timer),
    close: () => client.disconnect(),
  }
}

async function compare(name: keyof typeof faults) {
  const pairs: { readonly well: number; readonly broken: number }[] = []
  let asked = 0
  let failed = 0
  let longestMs = 0
  for (let run = 0; run < runs; run++) {
    const well = await slice()
    await faults[name].break()
    const broken = await slice() // from its very first moment
    await faults[name].mend()
    await sleep(2_500) // both servers use it again
    const all = [...well, ...broken]
    asked += all.length
    failed += all.filter((reply) => !isAnswered(reply)).length
    longestMs = Math.max(longestMs, ...broken.map((reply) => reply.ms))
    pairs.push({
      well: quantile(
        well.map((one) => one.ms),
        0.95,
      ),
      broken: quantile(
        broken.map((one) => one.ms),
        0.95,
      ),
    })
  }
  const rises = pairs.map((pair) => (pair.broken / pair.well - 1) * 100)
  return {
    asked,
    failed,
    p95WellMs: round(
      quantile(
        pairs.map((pair) => pair.well),
        0.5,
      ),
    ),
    p95BrokenMs: round(
      quantile(
        pairs.map((pair) => pair.broken),
        0.5,
      ),
    ),
    p95RisePercent: round(quantile(rises, 0.5), 1),
    p95RisePercentMin: round(Math.min(...rises), 1),
    p95RisePercentMax: round(Math.max(...rises), 1),
    longestWhileBrokenMs: round(longestMs, 0),
  }
}

try {
  await slice()
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/redis.ts --runs ${runs} --slice ${sliceMs} --record`),
    promised: { failed: 0, p95RisePercent: '< 20' },
    clients,
    frozen: await compare('frozen'),
    killed: await compare('killed'),
    flushed: await compare('flushed'),
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('redis', result)
} finally {
  faults.flushed.close()
  agent.destroy()
  await house.stop()
  await redis.stop()
  await postgres.stop()
}
