import { parseArgs } from 'node:util'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, closedLoop, isAnswered, newAgent, openHouse, quantile, round, type Reply } from './house.ts'

/**
 * `bench/faults/overload.ts [--runs 5] [--slice 3000] [--record]`: goodput at its peak against goodput with ten times as many
 * askers, in interleaved slices. Whoever is refused comes again after a tenth of what `Retry-After` asks for. Then two
 * tenants: one with ten times as many askers as there are places, one with a few.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    slice: { type: 'string', default: '3000' },
    record: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const sliceMs = Number(values.slice)
const peakClients = 16
const places = 32
const postgres = await startScratchServer(true)
const house = await openHouse(postgres, { env: { MAX_ANSWERS: String(places), MULTI_TENANCY_ENABLED: 'true' } })
const [server] = house.servers
if (server === undefined) throw new Error('no server')
const agent = newAgent()
const sql = {
  cheap: () => `SELECT * FROM account WHERE id = ${1 + Math.floor(Math.random() * 10_000)}`,
  // Some milliseconds of the database's time.
  dear: () =>
    `SELECT sum(a.balance) FROM account a, account b WHERE a.id <= 300 AND b.id <= 300 AND a.id + b.id > ${Math.floor(Math.random() * 100)}`,
}

interface Slice {
  readonly goodput: number
  readonly replies: readonly Reply[]
}

async function slice(clients: number, question: () => string): Promise<Slice> {
  const replies = await closedLoop(() => askOnce(server?.url ?? '', house.token, question(), agent), {
    clients,
    ms: sliceMs,
    pauseAfterRefusalMs: 100,
  })
  return { goodput: (replies.filter(isAnswered).length * 1000) / sliceMs, replies }
}

async function compare(what: string, question: () => string) {
  await slice(peakClients, question)
  const ratios: number[] = []
  const peaks: number[] = []
  const over: Reply[] = []
  for (let run = 0; run < runs; run++) {
    const peak = await slice(peakClients, question)
    const many = await slice(peakClients * 10, question)
    peaks.push(peak.goodput)
    ratios.push(many.goodput / peak.goodput)
    over.push(...many.replies)
  }
  const refused = over.filter((reply) => reply.status === 429 || reply.status === 503)
  const answered = over.filter(isAnswered)
  return {
    what,
    peakGoodputPerS: round(quantile(peaks, 0.5), 0),
    goodputRatio: round(quantile(ratios, 0.5)),
    goodputRatioMin: round(Math.min(...ratios)),
    goodputRatioMax: round(Math.max(...ratios)),
    answered: answered.length,
    refused: refused.length,
    refusedWithoutRetryAfter: refused.filter((reply) => reply.retryAfter === null).length,
    other: over.length - answered.length - refused.length,
    refusedAfterMs: {
      p50: round(
        quantile(
          refused.map((one) => one.ms),
          0.5,
        ),
        1,
      ),
      p95: round(
        quantile(
          refused.map((one) => one.ms),
          0.95,
        ),
        1,
      ),
      p99: round(
        quantile(
          refused.map((one) => one.ms),
          0.99,
        ),
        1,
      ),
    },
    answeredAfterMs: {
      p50: round(
        quantile(
          answered.map((one) => one.ms),
          0.5,
        ),
        1,
      ),
      p99: round(
        quantile(
          answered.map((one) => one.ms),
          0.99,
        ),
        1,
      ),
    },
  }
}

/** A tenant with 320 askers beside one with 4: what the few get of what they ask. */
async function shares() {
  const { adminToken: token } = await server!.admin.createTenant({ name: 'quiet' })
  const { Client } = await import('../../src/contract/index.ts')
  const quiet = new Client({ baseUrl: server!.url, token })
  const { host, port, user, password, database } = house.shop.reader
  await quiet.createConnection({
    name: 'shop',
    description: '',
    engine: 'postgres',
    target: { host, port, database, user, password: password.reveal(), sslmode: 'disable' },
  })
  const ask = (by: string) => () => askOnce(server?.url ?? '', by, sql.dear(), agent)
  const alone = await closedLoop(ask(token), { clients: 4, ms: sliceMs, pauseAfterRefusalMs: 100 })
  const [loud, beside] = await Promise.all([
    closedLoop(ask(house.token), { clients: places * 10, ms: sliceMs * 2, pauseAfterRefusalMs: 100 }),
    closedLoop(ask(token), { clients: 4, ms: sliceMs * 2, pauseAfterRefusalMs: 100 }),
  ])
  const answered = beside.filter(isAnswered).length
  return {
    what: 'two tenants: 320 askers beside 4',
    quietAnswered: answered,
    quietRefused: beside.length - answered,
    quietP99Ms: round(
      quantile(
        beside.filter(isAnswered).map((one) => one.ms),
        0.99,
      ),
      1,
    ),
    quietAloneP99Ms: round(
      quantile(
        alone.filter(isAnswered).map((one) => one.ms),
        0.99,
      ),
      1,
    ),
    loudAnswered: loud.filter(isAnswered).length,
    loudRefused: loud.filter((one) => one.status === 429).length,
  }
}

try {
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/overload.ts --runs ${runs} --slice ${sliceMs} --record`),
    promised: { goodputRatio: '>= 0.80', refusedAfterMs: '< 100', refusedWithoutRetryAfter: 0 },
    places,
    peakClients,
    cheap: await compare('one row by its key', sql.cheap),
    dear: await compare('some milliseconds of the database', sql.dear),
    shares: await shares(),
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('overload', result)
} finally {
  agent.destroy()
  await house.stop()
  await postgres.stop()
}
