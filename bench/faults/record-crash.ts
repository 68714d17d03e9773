// Kills writers of the record with -9 at seeded moments, in every other run the database too, and looks at what is left.
// node scripts/start.mjs run bench/faults/record-crash.ts [runs] [seed] [minutes at most]
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diceOf } from '../../test/support/dice.ts'
import { about, saveResult } from '../report.ts'
import { bundleProgram } from './bundle.ts'
import { openCrashHouse } from './record-crash/crash-house.ts'
import { lookAtChains, lookAtRun, type Left } from './record-crash/look.ts'

const [runs, seed] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1)]
const stopAt = Date.now() + Number(process.argv[4] ?? 600) * 60_000
/** Databases with their servers, side by side: a run is mostly waiting for processes to start. */
const houses = 3
/** Of one tenant: a chain is verified from its first link after each of its runs, and so must not grow for ever. */
const runsPerTenant = 25
/** Writers at once: so many that batches of the record follow one another closely, and not. */
const [few, many] = [16, 64]
const crasher = await bundleProgram('record-crasher.ts')
const folder = mkdtempSync(join(tmpdir(), 'aishell-crash-'))
chmodSync(folder, 0o755) // as root, PostgreSQL runs as another user and must get in

const left: Left[] = []
let [begun, chainsBroken] = [0, 0]
const startedAt = performance.now()
await Promise.all(Array.from({ length: houses }, (_, at) => runHouse(at)))
const minutes = Math.round((performance.now() - startedAt) / 6_000) / 10
rmSync(folder, { recursive: true, force: true })

/** Takes the next run until all are done; every other one of a house kills its database too. */
async function runHouse(at: number): Promise<void> {
  const home = join(folder, String(at))
  mkdirSync(home, { mode: 0o755 })
  const house = await openCrashHouse(home, crasher)
  const dice = diceOf(seed * houses + at)
  for (let turn = 0; begun < runs && Date.now() < stopAt; turn++) {
    const run = begun++
    if (run % 50 === 0) console.error(`${new Date().toISOString()} ${run} of ${runs}`)
    if (turn % runsPerTenant === 0) await house.addTenant()
    const one = await lookAtRun(house, run, await house.crash(dice.below(300), turn % 2 === 1, turn % 4 < 2 ? few : many))
    if (one.faults.length > 0 || one.late > 0) console.error(JSON.stringify(one))
    left.push(one)
  }
  chainsBroken += await lookAtChains(house)
  await house.close()
}

const sum = (of: (one: Left) => number): number => left.reduce((all, one) => all + of(one), 0)
const withFault = (name: string): number => sum(({ faults }) => faults.filter((fault) => fault === name).length)
const result = {
  what: 'servers killed with -9 while 16 or 64 writers record an intent, run a statement and record its outcome; every other run the database is killed too',
  ...about(`node scripts/start.mjs run bench/faults/record-crash.ts ${runs} ${seed}`),
  runs: left.length,
  minutes,
  databaseKills: sum((one) => Number(one.isDatabaseKilled)),
  acknowledged: sum((one) => one.begun),
  executed: sum((one) => one.executed),
  ended: sum((one) => one.ended),
  lost: sum((one) => one.lost),
  broken: withFault('broken') + chainsBroken,
  forgotten: withFault('forgotten'),
  unrecorded: withFault('unrecorded'),
  twice: withFault('twice'),
  unended: withFault('unended'),
  // Sent by a server before it was killed, committed by the database after the sweep had looked, found by the next sweep.
  late: sum((one) => one.late),
  runsToLookAt: left.filter((one) => one.faults.length > 0 || one.late > 0),
}
saveResult('record-crash', result)
console.log(result)
process.exitCode = chainsBroken === 0 && left.every(({ faults }) => faults.length === 0) ? 0 : 1
