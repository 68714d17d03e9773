// Kills a server, at a seeded moment, while it runs what was approved; then another server carries on. Promised: a statement runs at
// most once, and what is told of it is true. `node scripts/start.mjs run bench/faults/approvals.ts --runs 60 --seed 1`
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { approvalRig } from '../../test/support/approval-rig.ts'
import { freshDatabase, freshStore, startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { bundleProgram } from './bundle.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, record: { type: 'boolean', default: false } },
})
const runs = Number(values.runs)
const main = await bundleProgram('approving-main.ts')

/** A number from 0 to 1 that the seed and the place decide (mulberry32). */
function chance(at: number): number {
  let t = (Number(values.seed) * 7919 + at * 0x6d2b79f5) | 0
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

interface Seen {
  /** Where the request stood when the server was killed. */
  readonly stoodAt: string
  readonly endedAs: string
  readonly happened: number
}

const server = await startScratchServer(true)
const address = await freshStore(server)
const shop = await freshDatabase(server)
// Two slow places: after the statement, before its count is told; and inside the commit. So kills find all steps.
await shop.query(`
  CREATE TABLE effect (run int PRIMARY KEY, at timestamptz DEFAULT now());
  CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.25); RETURN NULL; END $$;
  CREATE TRIGGER slow_statement AFTER INSERT ON effect FOR EACH ROW EXECUTE FUNCTION slowly();
  CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON effect DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly();
  GRANT SELECT, INSERT ON effect TO ${shop.reader.user}`)
const rig = await approvalRig(address, { isOnlyServer: true })
const ada = await rig.member('ada', 'admin')
const eve = await rig.member('eve', 'admin')
const { host, port, user, password, database } = shop.reader
const connection = await rig.rooms.connections.create(ada.actor, {
  name: 'shop',
  description: '',
  labels: [],
  engine: 'postgres',
  target: { host, port, database, user, password: password.reveal(), sslmode: 'disable' },
})
await rig.rooms.connections.setPolicy(ada.actor, connection.id, {
  ...(await rig.rooms.connections.policy(ada.actor, connection.id)),
  writers: ['admin'],
})

const seen: Seen[] = []
for (let run = 1; run <= runs; run++) seen.push(await oneRun(run))
const raced = await race()
await rig.close()
await server.stop()

const wrong = seen.filter(({ endedAs, happened }) => happened > 1 || (endedAs === 'executed') !== (happened === 1))
const count = (of: (one: Seen) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(seen, of)].map(([key, all]) => [key, all.length] as const).toSorted(([a], [b]) => a.localeCompare(b)))
const result = {
  ...about(`node scripts/start.mjs run bench/faults/approvals.ts --runs ${runs} --seed ${values.seed}`),
  promised: { runTwice: 0, toldWrongly: 0, unknownOnPostgres: 0, executionsOf100Approvers: 1 },
  seen: {
    runs,
    runTwice: seen.filter((one) => one.happened > 1).length,
    toldWrongly: wrong.length,
    unknownOnPostgres: seen.filter((one) => one.endedAs === 'unknown').length,
    executionsOf100Approvers: raced,
  },
  killedWhen: count((one) => one.stoodAt),
  endedAs: count((one) => `${one.stoodAt} → ${one.endedAs}`),
}
console.log(JSON.stringify(result, null, 2))
if (values.record) saveResult('approvals', result)
process.exit(wrong.length === 0 && raced === 1 ? 0 : 1)

async function oneRun(run: number): Promise<Seen> {
  const { id } = await rig.request(ada.actor, 'shop', `INSERT INTO effect (run) VALUES (${run})`)
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const ready = new Promise<void>((resolve) => child.stdout.on('data', (said: Buffer) => said.includes('ready') && resolve()))
  child.stdin.end(JSON.stringify({ address: { ...address, password: address.password.reveal() }, token: eve.token, id }))
  await Promise.race([ready, gone])
  await Promise.race([sleep(chance(run) * 1_100), gone])
  const stoodAt = await place(id)
  child.kill('SIGKILL')
  await gone
  const endedAs = await settle(id)
  const { rows } = await shop.query('SELECT count(*)::int AS n FROM effect WHERE run = $1', [run])
  return { stoodAt, endedAs, happened: (rows[0] as { n: number }).n }
}

async function place(id: string): Promise<string> {
  const { rows } = await rig.store
    .within(rig.scope, (query) => query.selectFrom('approval').select(['state', 'committing_at']).where('approval_id', '=', id).execute())
    .then((all) => ({ rows: all }))
  const [row] = rows
  return row?.state === 'executing' && row.committing_at !== null ? 'committing' : (row?.state ?? 'gone')
}

/** The next server: what waits is approved again by the same person, the rest is found out by its sweep. */
async function settle(id: string): Promise<string> {
  for (;;) {
    const { state } = await rig.desk.get(eve.actor, id)
    if (state === 'requested') await rig.desk.approve(eve.actor, id, null).catch(() => undefined)
    else if (state === 'approved' || state === 'executing') await rig.desk.sweep()
    else return state
    await sleep(100)
  }
}

/** A hundred approvals of one request at once, by two persons over two servers. */
async function race(): Promise<number> {
  const other = await approvalRig(address)
  const bob = await rig.member('bob', 'admin')
  await shop.query('CREATE TABLE counted (n int); INSERT INTO counted VALUES (0)')
  await shop.query(`GRANT SELECT, UPDATE ON counted TO ${user}`)
  await rig.rooms.connections.catalog(ada.actor, 'shop', { refresh: true })
  const { id } = await rig.request(ada.actor, 'shop', 'UPDATE counted SET n = n + 1 WHERE n >= 0')
  await Promise.allSettled(
    Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? rig : other).desk.approve(at % 3 === 0 ? bob.actor : eve.actor, id, null)),
  )
  const { rows } = await shop.query('SELECT n FROM counted')
  await other.close()
  return (rows[0] as { n: number }).n
}
