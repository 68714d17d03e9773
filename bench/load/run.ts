import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { accounts, compareRates, openHouse, portFrom, post, save, type Contender } from './house.ts'

/**
 * `node bench/load/run.ts`: AI-Shell with every check on (credential, guard, limits, record) against a bare node:http + pg
 * server on the same PostgreSQL, in interleaved slices. Ratios, not seconds. AI-Shell's duties without its house are held
 * against the same, so that one sees what they alone cost; and the bare server that only writes a line to disk before each
 * statement, to see what any record costs here.
 */
const house = await openHouse(1)
const bare = serveBare(house.dsn)
const barePort = await portFrom(bare.stdout, /port (\d+)/)
const lines = serveBare(house.dsn, house.storeDsn)
const linesPort = await portFrom(lines.stdout, /port (\d+)/)

const runs = serve('run')
const runsPort = await portFrom(runs.stdout, /port (\d+)/)
const records = serve('record')
const recordsPort = await portFrom(records.stdout, /port (\d+)/)

function serveBare(...dsns: readonly string[]) {
  return spawn(process.execPath, [join(import.meta.dirname, 'bare-server.ts'), ...dsns], { stdio: ['ignore', 'pipe', 'inherit'] })
}

function serve(duties: string) {
  const program = join(import.meta.dirname, 'duties-server.ts')
  return spawn(process.execPath, [program, duties, String(house.postgresPort), house.token], { stdio: ['ignore', 'pipe', 'inherit'] })
}

const anyAccount = (): number => 1 + Math.floor(Math.random() * accounts)
const asking = (question: () => object, child = house.aishell, port = house.port): Contender => ({
  child,
  ask: () => post(port, '/api/v1/questions', { connection: 'bench', ...question() }, '"outcome":"answered"'),
})
const askingBare = (child: ChildProcess, port: number): Contender => ({
  child,
  ask: () => post(port, '/', { aid: anyAccount() }, '"aid"'),
})
const theirs = askingBare(bare, barePort)

try {
  const byLiteral = (): object => ({ sql: `SELECT * FROM pgbench_accounts WHERE aid=${anyAccount()}` })
  const literal = asking(byLiteral)
  const bound = asking(() => ({ sql: 'SELECT * FROM pgbench_accounts WHERE aid=$1', params: [String(anyAccount())] }))
  save('load', 'Load, as ratios measured side by side', 'node bench/load/run.ts', [
    await compareRates('guarded literal SQL over HTTP', literal, theirs),
    await compareRates('the same with a bound value', bound, theirs),
    await compareRates('the duties alone, see duties-server.ts: credential, guard, run', asking(byLiteral, runs, runsPort), theirs),
    await compareRates('credential, guard, run and record', asking(byLiteral, records, recordsPort), theirs),
    await compareRates('the bare server with a line on disk before each statement and one after it', askingBare(lines, linesPort), theirs),
  ])
} finally {
  for (const child of [bare, lines, runs, records]) child.kill()
  await house.close()
}
