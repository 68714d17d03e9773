// How fast intents become durable, next to plain single inserts of the same text: both on one durable server, in turns.
// node scripts/start.mjs run bench/load/record-writers.ts
import { Pool } from 'pg'
import { newId } from '../../src/domain/index.ts'
import { question, recordRig } from '../../test/support/record-rig.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { median, round } from '../figures.ts'
import { about, saveResult } from '../report.ts'

const writers = 64
const sliceMs = 1_500
const pairs = 21

interface Slice {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

async function slice(write: () => Promise<unknown>): Promise<Slice> {
  const waitsMs: number[] = []
  const endMs = performance.now() + sliceMs
  const startedMs = performance.now()
  const writer = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const beganMs = performance.now()
      await write()
      waitsMs.push(performance.now() - beganMs)
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  const elapsedMs = performance.now() - startedMs
  const sorted = waitsMs.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return { perSecond: (sorted.length / elapsedMs) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) }
}

const server = await startScratchServer(true)
const rig = await recordRig({}, server)
// As many connections as the record's own store has: the record uses one of them at a time.
const { host, port, database, user, password } = rig.address
const pool = new Pool({ host, port, database, user, password: password.reveal(), max: 8 })
await pool.query('CREATE TABLE plain (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), body text NOT NULL)')
const body = 'x'.repeat(420) // about one intent's length
const plain = (): Promise<unknown> => pool.query('INSERT INTO plain (id, body) VALUES ($1, $2)', [newId(), body])
const intent = (): Promise<unknown> =>
  rig.record.begin(rig.actor, { question: question('how many orders?'), connection: 'x', firstAttempt: null })

await slice(plain) // warm
await slice(intent)
const runs: { readonly plain: Slice; readonly record: Slice }[] = []
for (let pair = 0; pair < pairs; pair++) runs.push({ plain: await slice(plain), record: await slice(intent) })
const verification = await rig.record.verify(rig.actor)

const ratios = runs.map((run) => run.record.perSecond / run.plain.perSecond)
const side = (name: 'plain' | 'record') => ({
  perSecond: Math.round(median(runs.map((run) => run[name].perSecond))),
  p50Ms: round(median(runs.map((run) => run[name].p50Ms))),
  p99Ms: round(median(runs.map((run) => run[name].p99Ms))),
})
const result = {
  what: `durable intents of ${writers} writers in one tenant against plain autocommit inserts over 8 connections`,
  ...about('node scripts/start.mjs run bench/load/record-writers.ts'),
  pairs,
  ratio: { median: round(median(ratios)), min: round(Math.min(...ratios)), max: round(Math.max(...ratios)) },
  plain: side('plain'),
  record: side('record'),
  chain: { isIntact: verification.isIntact, links: verification.checked },
}
saveResult('record-writers', result)
console.log(result)
await pool.end()
await rig.close()
await server.stop()
