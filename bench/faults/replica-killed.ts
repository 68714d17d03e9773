import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, isAnswered, newAgent, openHouse, round, type Reply } from './house.ts'

/**
 * `bench/faults/replica-killed.ts [--runs 5] [--record]`: two servers, sixteen askers that go to the other server when theirs does not
 * answer; one server is killed with -9. For how long do requests fail, and does one hang?
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, record: { type: 'boolean', default: false } } })
const runs = Number(values.runs)
const postgres = await startScratchServer(true)

interface Timed extends Reply {
  readonly endedAtMs: number
}

async function oneRun(): Promise<{
  readonly errorsForMs: number
  readonly failed: number
  readonly asked: number
  readonly longestMs: number
  readonly intact: boolean
}> {
  const house = await openHouse(postgres, { count: 2 })
  const agents = [newAgent(), newAgent()]
  const replies: Timed[] = []
  const over = new AbortController()
  const asker = async (at: number): Promise<void> => {
    let place = at % 2
    while (!over.signal.aborted) {
      const reply = await askOnce(
        house.servers[place]?.url ?? '',
        house.token,
        'SELECT * FROM account WHERE id = 7',
        agents[place] ?? newAgent(),
        10_000,
      )
      replies.push({ ...reply, endedAtMs: performance.now() })
      if (reply.status === 0) place = 1 - place
      await sleep(100)
    }
  }
  const askers = Array.from({ length: 16 }, (_, at) => asker(at))
  await sleep(3_000)
  const killedMs = performance.now()
  await house.servers[0]?.kill('SIGKILL')
  await sleep(4_000)
  over.abort()
  await Promise.all(askers)
  const after = replies.filter((reply) => reply.endedAtMs >= killedMs)
  const failed = after.filter((reply) => !isAnswered(reply))
  const verified = await house.servers[1]?.admin.auditVerify()
  agents.forEach((agent) => agent.destroy())
  await house.stop()
  return {
    errorsForMs: Math.max(0, ...failed.map((reply) => reply.endedAtMs - killedMs)),
    failed: failed.length,
    asked: replies.length,
    longestMs: Math.max(...after.map((reply) => reply.ms)),
    intact: verified?.isIntact === true,
  }
}

try {
  const seen = []
  for (let run = 0; run < runs; run++) seen.push(await oneRun())
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/replica-killed.ts --runs ${runs} --record`),
    promised: { errorsForMs: '<= 1000', hanging: 0, chainIntact: true },
    runs,
    errorsForMs: round(Math.max(...seen.map((one) => one.errorsForMs)), 0),
    failedPerRun: seen.map((one) => one.failed),
    askedPerRun: seen.map((one) => one.asked),
    hanging: seen.filter((one) => one.longestMs >= 10_000).length,
    longestMs: round(Math.max(...seen.map((one) => one.longestMs)), 0),
    chainIntact: seen.every((one) => one.intact),
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('replica-killed', result)
} finally {
  await postgres.stop()
}
