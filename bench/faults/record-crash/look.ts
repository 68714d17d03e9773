import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../../src/domain/index.ts'
import { createKeyring, sql } from '../../../src/platform/store/index.ts'
import { createRecord, type Record } from '../../../src/question/record/index.ts'
import { execute } from '../../../test/support/postgres-server.ts'
import { openStore, secretKey } from '../../../test/support/record-rig.ts'
import type { Crash, CrashHouse } from './crash-house.ts'

/** broken: the chain does not verify, or a sweep leaves open what it could see; the others are about single entries. */
type Fault = 'broken' | 'forgotten' | 'unrecorded' | 'twice' | 'unended'

/** One sweep, and what verification says after it. */
interface Swept {
  readonly lost: number
  readonly isIntact: boolean
  readonly findings: readonly unknown[]
  readonly open: readonly OpenIntent[]
  /** What the record told its operator meanwhile. */
  readonly observed: readonly string[]
}

interface OpenIntent {
  readonly entryId: string
  /** false: its transaction was not over when the sweep began. A sweep that misses one it could see is broken. */
  readonly couldBeSeen: boolean
}

export interface Left {
  readonly run: number
  readonly isDatabaseKilled: boolean
  readonly begun: number
  readonly ended: number
  readonly executed: number
  readonly lost: number
  /** Intents the first sweep could not see and the second found. */
  readonly late: number
  readonly faults: readonly Fault[]
  readonly sweeps: readonly Swept[]
  /** Where a copy of the links is, of a run with a fault. */
  readonly copy?: string
}

/** As the next server finds it: it sweeps as it starts and again, every 15 s, and by then no session of the dead one is left. */
export async function lookAtRun(house: CrashHouse, run: number, crash: Crash): Promise<Left> {
  const observed: string[] = []
  const { record, snapshot, close } = openRecord(house, observed)
  const sweep = async (): Promise<Swept> => ({ ...(await sweepOnce(house, record, await snapshot())), observed: observed.splice(0) })
  try {
    const sweeps = [await sweep()]
    if ((sweeps[0]?.open.length ?? 0) > 0) {
      await untilSessionsGone(house)
      sweeps.push(await sweep())
    }
    const { executed, faults } = await faultsOf(house, record, crash)
    const isMissed = sweeps.some(({ open }) => open.some(({ couldBeSeen }) => couldBeSeen))
    const isBroken = isMissed || sweeps.some(({ isIntact }) => !isIntact) || (sweeps.at(-1)?.open.length ?? 0) > 0
    const all = [...(isBroken ? ['broken' as const] : []), ...faults]
    return {
      ...{ run, isDatabaseKilled: crash.isDatabaseKilled, begun: crash.begun.length, ended: crash.ended.length, executed },
      ...{ lost: sweeps.reduce((sum, { lost }) => sum + lost, 0), late: sweeps[0]?.open.length ?? 0, faults: all, sweeps },
      ...(all.length === 0 ? {} : { copy: await copyLinks(house, run) }),
    }
  } finally {
    await close()
  }
}

/** All tenants once more, now that everything is still; gives how many chains are broken. */
export async function lookAtChains(house: CrashHouse): Promise<number> {
  const { record, close } = openRecord(house, [])
  const all = []
  for (const actor of house.actors) all.push(await record.verify(actor))
  await close()
  return all.filter(({ isIntact, openIntents }) => !isIntact || openIntents > 0).length
}

function openRecord(house: CrashHouse, observed: string[]) {
  const store = openStore(house.address())
  const record = createRecord({
    ...{ store, keyring: createKeyring({ store, secretKey }), serverId: newId(), isEnabled: true, isOnlyServer: true },
    observe: (seen) => seen.type !== 'record-committed' && observed.push(JSON.stringify(seen)),
  })
  const close = async (): Promise<void> => {
    await record.close()
    await store.close()
  }
  /** Through the pool that sweeps: a session of its own would take time, in which late commits come to be in time. */
  const snapshot = () =>
    store.withoutTenant(async (query) => {
      const { rows } = await sql<{ now: string }>`SELECT pg_current_snapshot()::text AS now`.execute(query)
      return rows[0]?.now ?? ''
    })
  return { record, snapshot, close }
}

async function sweepOnce(house: CrashHouse, record: Record, snapshot: string): Promise<Omit<Swept, 'observed'>> {
  const lost = await record.sweepLost()
  const { isIntact, openIntents, findings } = await record.verify(house.actor())
  return { lost, isIntact, findings, open: openIntents === 0 ? [] : await openOf(house, snapshot) }
}

async function openOf(house: CrashHouse, snapshot: string): Promise<readonly OpenIntent[]> {
  const { rows } = await execute(
    house.superuser(),
    `SELECT i.entry_id AS "entryId", pg_visible_in_snapshot(i.xmin::text::xid8, $2::pg_snapshot) AS "couldBeSeen" FROM record_link i
     WHERE i.tenant_id = $1 AND i.kind = 'intent'
       AND NOT EXISTS (SELECT 1 FROM record_link o WHERE o.tenant_id = i.tenant_id AND o.entry_id = i.entry_id AND o.kind = 'outcome')`,
    [house.actor().tenantId, snapshot],
  )
  return rows as OpenIntent[]
}

/** A session whose server was killed first finishes what it was sent. */
async function untilSessionsGone(house: CrashHouse): Promise<void> {
  const { user } = house.address()
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    const { rowCount } = await execute(
      house.superuser(),
      `SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND state IN ('active', 'idle in transaction')`,
      [user],
    )
    if (rowCount === 0) return
    await sleep(50)
  }
}

async function faultsOf(house: CrashHouse, record: Record, { begun, ended }: Crash) {
  const { rows } = await execute(house.customer(), 'DELETE FROM executed RETURNING entry_id::text AS id')
  const executed = (rows as { id: string }[]).map(({ id }) => id)
  const states = new Map<string, string>()
  for (const id of new Set([...begun, ...executed])) states.set(id, await stateOf(house, record, id))
  const doubles = `SELECT 1 FROM record_link WHERE kind = 'outcome' GROUP BY tenant_id, entry_id HAVING count(*) > 1`
  const faults: readonly Fault[] = [
    ...begun.filter((id) => states.get(id) === 'missing').map(() => 'forgotten' as const),
    ...ended.filter((id) => states.get(id) !== 'answered').map(() => 'forgotten' as const),
    ...(await execute(house.superuser(), doubles)).rows.map(() => 'twice' as const),
    ...executed.filter((id) => states.get(id) === 'missing').map(() => 'unrecorded' as const),
    ...executed.filter((id) => states.get(id) === 'open').map(() => 'unended' as const),
  ]
  return { executed: executed.length, faults }
}

/** Also of the tenant before: what its killed server had sent to the customer's database may have run after that run was looked at. */
async function stateOf(house: CrashHouse, record: Record, id: string): Promise<string> {
  for (const actor of house.actors.slice(-2).toReversed()) {
    const entry = await record.get(actor, id).catch(() => null)
    if (entry !== null) return entry.state
  }
  return 'missing'
}

async function copyLinks(house: CrashHouse, run: number): Promise<string> {
  const { rows } = await execute(
    house.superuser(),
    `SELECT l.*, l.xmin::text AS transaction FROM record_link l WHERE tenant_id = $1 ORDER BY sequence`,
    [house.actor().tenantId],
  )
  const folder = join(import.meta.dirname, '../../../.cache/record-crash')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `run-${run}.ndjson`)
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return `.cache/record-crash/run-${run}.ndjson`
}
