import { request, type ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, isAnswered, newAgent, openHouse, quantile, round } from './house.ts'

/**
 * `bench/faults/client-gone.ts [--runs 20] [--cancels 2000] [--record]`: how long the database works on for a client that has
 * gone; and clients that leave at random moments beside others that stay, on few database sessions: does a cancel ever hit
 * the statement of somebody else?
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    cancels: { type: 'string', default: '2000' },
    record: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const cancels = Number(values.cancels)
const postgres = await startScratchServer(true)
const house = await openHouse(postgres, { env: { CONNECTION_POOL_MAX: '4', CONNECTION_QUEUE_MAX: '1000' } })
const [server] = house.servers
if (server === undefined) throw new Error('no server')
const { hostname, port } = new URL(server.url)
const agent = newAgent()

/** A question whose asker can leave by destroying it; `over` resolves when nobody listens any more. */
function begin(sql: string): { readonly sent: ClientRequest; readonly over: Promise<void> } {
  const sent = request({
    host: hostname,
    port,
    path: '/api/v1/questions',
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${house.token}` },
  })
  const over = new Promise<void>((resolve) => {
    sent.on('error', () => undefined)
    sent.on('response', (response) => response.on('error', () => undefined).resume())
    sent.on('close', () => resolve())
  })
  sent.end(JSON.stringify({ connection: 'shop', sql }))
  return { sent, over }
}

async function running(marker: string): Promise<boolean> {
  const { rows } = await house.shop.query(
    `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1`,
    [`%${marker}%`],
  )
  return rows.length > 0
}

async function stoppedAfterMs(run: number): Promise<number> {
  const marker = `= -${100_000 + run}`
  const { sent, over } = begin(`SELECT count(*) FROM account a, account b WHERE a.id + b.id ${marker}`)
  while (!(await running(marker))) await sleep(5)
  const startedMs = performance.now()
  sent.destroy()
  while (await running(marker)) await sleep(5)
  await over
  return performance.now() - startedMs
}

/** Those who leave, and those who stay beside them until all have left. */
async function leaveAndStay(): Promise<{ readonly stayed: number; readonly hit: number }> {
  let left = 0
  const over = new AbortController()
  const leaver = async (): Promise<void> => {
    while (left < cancels) {
      left += 1
      const { sent, over } = begin('SELECT count(*) FROM account a, account b WHERE a.id <= 2000 AND b.id <= 2000 AND a.id + b.id = -1')
      const timer = setTimeout(() => sent.destroy(), Math.random() * 40)
      await over
      clearTimeout(timer)
    }
  }
  let stayed = 0
  let hit = 0
  const stayer = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const reply = await askOnce(server?.url ?? '', house.token, `SELECT count(*) FROM account WHERE id > ${stayed % 100}`, agent)
      stayed += 1
      if (!isAnswered(reply)) hit += 1
    }
  }
  const stayers = [stayer(), stayer(), stayer(), stayer()]
  await Promise.all([leaver(), leaver(), leaver(), leaver()])
  over.abort()
  await Promise.all(stayers)
  return { stayed, hit }
}

try {
  const times: number[] = []
  for (let run = 0; run < runs; run++) times.push(await stoppedAfterMs(run))
  const { stayed, hit } = await leaveAndStay()
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/client-gone.ts --runs ${runs} --cancels ${cancels} --record`),
    promised: { stoppedAfterMsP99: '<= 1000', othersHit: 0 },
    stoppedAfterMs: { runs, p50: round(quantile(times, 0.5), 0), p99: round(quantile(times, 0.99), 0) },
    cancels,
    othersAsked: stayed,
    othersHit: hit,
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('client-gone', result)
} finally {
  agent.destroy()
  await house.stop()
  await postgres.stop()
}
