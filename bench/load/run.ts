import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { accounts, compareRates, openHouse, portFrom, post, save, type Contender } from './house.ts'

/**
 * `node bench/load/run.ts`: AI-Shell with every check on (credential, guard, limits, record) against a bare node:http + pg
 * server on the same PostgreSQL, in interleaved slices. Ratios, not seconds.
 */
const house = await openHouse(1)
const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.ts'), house.dsn], { stdio: ['ignore', 'pipe', 'inherit'] })
const barePort = await portFrom(bare.stdout, /port (\d+)/)

const anyAccount = (): number => 1 + Math.floor(Math.random() * accounts)
const asking = (question: () => object): Contender => ({
  child: house.aishell,
  ask: () => post(house.port, '/api/v1/questions', { connection: 'bench', ...question() }, '"outcome":"answered"'),
})
const theirs: Contender = { child: bare, ask: () => post(barePort, '/', { aid: anyAccount() }, '"aid"') }

try {
  const literal = asking(() => ({ sql: `SELECT * FROM pgbench_accounts WHERE aid=${anyAccount()}` }))
  const bound = asking(() => ({ sql: 'SELECT * FROM pgbench_accounts WHERE aid=$1', params: [String(anyAccount())] }))
  save('load', 'Load, as ratios measured side by side', 'node bench/load/run.ts', [
    await compareRates('guarded literal SQL over HTTP', literal, theirs),
    await compareRates('the same with a bound value', bound, theirs),
  ])
} finally {
  bare.kill()
  await house.close()
}
