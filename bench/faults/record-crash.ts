// Kills writers of the record with -9 at seeded moments, in every other run the database too, and looks at what is left.
// node scripts/start.mjs run bench/faults/record-crash.ts [runs] [seed] [minutes at most]
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../src/domain/index.ts'
import { build } from 'esbuild'
import { createKeyring, startEmbeddedServer, type EmbeddedServer } from '../../src/platform/store/index.ts'
import { createRecord } from '../../src/question/record/index.ts'
import { execute, freshStore } from '../../test/support/postgres-server.ts'
import { actorOf, addTenant, openStore, secretKey } from '../../test/support/record-rig.ts'
import { about, saveResult } from '../report.ts'

const [runs, seed] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1)]
const stopAt = Date.now() + Number(process.argv[4] ?? 600) * 60_000
const folder = mkdtempSync(join(tmpdir(), 'aishell-crash-'))
chmodSync(folder, 0o755) // as root, PostgreSQL runs as another user and must get in
const home = join(folder, 'postgres')
/** As one file: a thousand processes are started, and most of a start is reading modules. */
const crasher = new URL('../../.cache/record-crasher.mjs', import.meta.url).pathname
await build({
  entryPoints: [new URL('../../test/support/record-crasher.ts', import.meta.url).pathname],
  outfile: crasher,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
})

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

let server: EmbeddedServer = await startEmbeddedServer({ home, isDurable: true })
const { superuser: _unused, ...made } = await freshStore(server)
const actor = actorOf(newId())
const first = openStore(made)
await addTenant(first, actor.tenantId)
await first.close()

const random = randomFrom(seed)
/** Where the statements run: the superuser's own database, in the same server that is killed. */
const customer = () => `postgres://${server.user}:${encodeURIComponent(server.password.reveal())}@${server.host}:${server.port}/postgres`
const customerAddress = () => ({ ...made, port: server.port, database: 'postgres', user: server.user, password: server.password })
await execute(customerAddress(), 'CREATE TABLE executed (entry_id uuid PRIMARY KEY)')
const sums = {
  acknowledged: 0,
  executed: 0,
  ended: 0,
  lost: 0,
  broken: 0,
  forgotten: 0,
  unrecorded: 0,
  twice: 0,
  unended: 0,
  databaseKills: 0,
}

/** One server's life; gives the ids it said were durable. */
async function crash(killsDatabase: boolean): Promise<{ begun: readonly string[]; ended: readonly string[] }> {
  const address = { ...made, port: server.port, password: made.password.reveal() }
  const child = spawn(process.execPath, [crasher, JSON.stringify(address), JSON.stringify(actor), customer()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const firstWord = new Promise((resolve) => child.stdout.once('data', resolve))
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  await Promise.race([firstWord, gone])
  await sleep(random() * 120)
  if (killsDatabase) process.kill(Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
  child.kill('SIGKILL')
  await gone
  const ids = (word: string): string[] => Array.from(said.matchAll(new RegExp(`^${word} (\\S{36})$`, 'gm')), (match) => match[1] ?? '')
  return { begun: ids('begun'), ended: ids('ended') }
}

let done = 0
for (let run = 0; run < runs; run++) {
  if (run % 50 === 0) console.error(`${new Date().toISOString()} ${run} of ${runs}`)
  if (Date.now() > stopAt) break
  const killsDatabase = run % 2 === 1
  const { begun, ended } = await crash(killsDatabase)
  if (killsDatabase) {
    sums.databaseKills++
    server = await startEmbeddedServer({ home, isDurable: true })
  }
  const address = { ...made, port: server.port }
  const store = openStore(address)
  const record = createRecord({
    store,
    keyring: createKeyring({ store, secretKey }),
    observe: () => undefined,
    serverId: newId(),
    isEnabled: true,
    isOnlyServer: true,
  })
  sums.lost += await record.sweepLost()
  const verification = await record.verify(actor)
  if (!verification.isIntact || verification.openIntents > 0) sums.broken++
  const { rows } = await execute(address, `SELECT current_setting('server_version')`)
  if (rows.length !== 1) sums.broken++
  for (const id of begun) if ((await record.get(actor, id).catch(() => null)) === null) sums.forgotten++
  for (const id of ended) if ((await record.get(actor, id).catch(() => null))?.state !== 'answered') sums.forgotten++
  const superuser = { ...address, user: server.user, password: server.password }
  const doubles = await execute(
    superuser,
    `SELECT 1 FROM record_link WHERE kind = 'outcome' GROUP BY tenant_id, entry_id HAVING count(*) > 1`,
  )
  sums.twice += doubles.rowCount ?? 0
  const { rows: ran } = await execute(customerAddress(), 'DELETE FROM executed RETURNING entry_id::text')
  sums.executed += ran.length
  for (const { entry_id: id } of ran as { entry_id: string }[]) {
    const entry = await record.get(actor, id).catch(() => null)
    if (entry === null) sums.unrecorded++
    else if (entry.state === 'open') sums.unended++
  }
  sums.acknowledged += begun.length
  sums.ended += ended.length
  await record.close()
  await store.close()
  done++
}
await server.stop()
rmSync(folder, { recursive: true, force: true })

const result = {
  what: 'servers killed with -9 while 16 writers record an intent, run a statement and record its outcome; every other run the database is killed too',
  ...about(`node scripts/start.mjs run bench/faults/record-crash.ts ${runs} ${seed}`),
  runs: done,
  ...sums,
}
saveResult('record-crash', result)
console.log(result)
process.exitCode = sums.broken + sums.forgotten + sums.unrecorded + sums.twice + sums.unended === 0 ? 0 : 1
