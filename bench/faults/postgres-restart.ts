import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startEmbeddedServer, type EmbeddedServer } from '../../src/platform/store/index.ts'
import { about, saveResult } from '../report.ts'
import { isAnswered, openHouse, quantile, round, type Reply } from './house.ts'

/**
 * `bench/faults/postgres-restart.ts [--runs 5] [--record]`: the PostgreSQL of the store is killed with -9 while four askers ask,
 * and started again. When does an answer come again, and is every answer that somebody got in the record?
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, record: { type: 'boolean', default: false } } })
const runs = Number(values.runs)
const folder = mkdtempSync(join(tmpdir(), 'aishell-restart-'))
chmodSync(folder, 0o755) // as root, PostgreSQL runs as another user and must get in
const home = join(folder, 'postgres')
let postgres: EmbeddedServer = await startEmbeddedServer({ home, isDurable: true })

/** The same port before and after: PostgreSQL itself takes another each time. */
const sockets = new Set<Socket>()
const door = createServer((client) => {
  const server = connect(postgres.port, '127.0.0.1')
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    sockets.add(one)
    one.on('error', () => other.destroy())
    one.on('close', () => {
      sockets.delete(one)
      other.destroy()
    })
    one.pipe(other)
  }
})
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
const house = await openHouse({ ...postgres, port: (door.address() as AddressInfo).port })
const [server] = house.servers
if (server === undefined) throw new Error('no server')

server.process.once('exit', (code) => code !== null && console.error(`The server ended with ${code}: ${server.said().slice(-4000)}`))

interface Told extends Reply {
  readonly id: string | null
  readonly atMs: number
}

async function ask(): Promise<Told> {
  const startedMs = performance.now()
  try {
    const response = await fetch(`${server?.url}/api/v1/questions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${house.token}` },
      body: JSON.stringify({ connection: 'shop', sql: 'SELECT count(*) FROM account' }),
      signal: AbortSignal.timeout(30_000),
    })
    const body = (await response.json()) as { readonly outcome?: string; readonly code?: string }
    const [atMs, id] = [performance.now(), response.headers.get('x-aishell-question')]
    return { status: response.status, outcome: body.outcome ?? body.code ?? '', ms: atMs - startedMs, retryAfter: null, id, atMs }
  } catch {
    return { status: 0, outcome: 'no answer', ms: performance.now() - startedMs, retryAfter: null, id: null, atMs: performance.now() }
  }
}

async function oneRun(): Promise<{ readonly downMs: number; readonly resumedMs: number; readonly replies: readonly Told[] }> {
  const replies: Told[] = []
  const over = new AbortController()
  const asker = async (): Promise<void> => {
    while (!over.signal.aborted) {
      replies.push(await ask())
      await sleep(20)
    }
  }
  const askers = [asker(), asker(), asker(), asker()]
  await sleep(1_500)
  const killedMs = performance.now()
  process.kill(Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
  for (const socket of sockets) socket.destroy()
  postgres = await startEmbeddedServer({ home, isDurable: true })
  const backMs = performance.now()
  const isBack = (): boolean => replies.some((reply) => isAnswered(reply) && reply.atMs - reply.ms > killedMs && reply.atMs > backMs)
  while (!isBack() && performance.now() - backMs < 60_000) await sleep(20)
  const resumedMs = performance.now() - backMs
  over.abort()
  await Promise.all(askers)
  return { downMs: backMs - killedMs, resumedMs, replies }
}

try {
  const seen = []
  for (let run = 0; run < runs; run++) seen.push(await oneRun())
  const acknowledged = seen.flatMap((run) =>
    run.replies.filter((reply) => isAnswered(reply) && reply.id !== null).map((reply) => reply.id ?? ''),
  )
  let lost = 0
  for (const id of acknowledged) if ((await server.admin.entry(id).catch(() => null)) === null) lost += 1
  const verified = await server.admin.auditVerify()
  const resumed = seen.map((run) => run.resumedMs)
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/postgres-restart.ts --runs ${runs} --record`),
    promised: { resumedAfterMs: '<= 10000', acknowledgedLost: 0, chainIntact: true },
    runs,
    databaseAwayMs: round(
      quantile(
        seen.map((run) => run.downMs),
        0.5,
      ),
      0,
    ),
    resumedAfterMs: { p50: round(quantile(resumed, 0.5), 0), most: round(Math.max(...resumed), 0) },
    longestRequestMs: round(Math.max(...seen.flatMap((run) => run.replies.map((reply) => reply.ms))), 0),
    acknowledged: acknowledged.length,
    acknowledgedLost: lost,
    chainIntact: verified.isIntact,
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('postgres-restart', result)
} finally {
  await house.stop()
  for (const socket of sockets) socket.destroy()
  door.close()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}
