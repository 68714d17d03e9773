import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accounts, compareRates, openHouse, post, root, save, type Contender } from './house.ts'

/**
 * `node bench/load/mcp.ts`: `tools/call` of one statement over streamable HTTP, AI-Shell against DBHub and Google's MCP
 * Toolbox (both from npm, into .cache/peers) on the same PostgreSQL, in interleaved slices.
 */
const peers = join(root, '.cache/peers')
const versions = { '@bytebase/dbhub': '1.4.0', '@toolbox-sdk/server': '1.12.0', pg: '8.23.1' }
mkdirSync(peers, { recursive: true })
writeFileSync(join(peers, 'package.json'), JSON.stringify({ name: 'peers', private: true, dependencies: versions }))
const needed = ['@bytebase/dbhub', `@toolbox-sdk/server-${process.platform}-${process.arch}`]
if (!needed.every((name) => existsSync(join(peers, 'node_modules', name))))
  spawnSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'inherit' })

const house = await openHouse(1)
const children: ChildProcess[] = []
const calling = (child: ChildProcess, port: number, name: string, more: object): Contender => ({
  child,
  ask: () => {
    const sql = `SELECT * FROM pgbench_accounts WHERE aid=${1 + Math.floor(Math.random() * accounts)}`
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { sql, ...more } } }
    return post(port, '/mcp', body, 'abalance', { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' })
  },
})

try {
  const ours = calling(house.aishell, house.port, 'run_sql', { connection: 'bench' })
  save('mcp', 'MCP tools/call, as ratios measured side by side', 'node bench/load/mcp.ts', [
    await compareRates('tools/call against DBHub 1.4.0', ours, await dbhub()),
    await compareRates('tools/call against MCP Toolbox 1.12.0 (Go)', ours, await toolbox()),
  ])
} finally {
  for (const child of children) child.kill()
  await house.close()
}

async function dbhub(): Promise<Contender> {
  const port = await freePort()
  const script = join(peers, 'node_modules/@bytebase/dbhub/dist/index.js')
  const dsn = `${house.dsn}?sslmode=disable`
  const child = started(process.execPath, [script, '--transport', 'http', '--port', String(port), '--dsn', dsn])
  return await answering(calling(child, port, 'execute_sql', {}))
}

async function toolbox(): Promise<Contender> {
  const port = await freePort()
  const config = join(peers, 'toolbox.yaml')
  const source = `host: 127.0.0.1\n    port: ${house.postgresPort}\n    database: bench_data\n    user: bench_reader\n    password: bench`
  const tool = 'kind: postgres-execute-sql\n    source: bench\n    description: Runs one statement.'
  writeFileSync(config, `sources:\n  bench:\n    kind: postgres\n    ${source}\ntools:\n  execute_sql:\n    ${tool}\n`)
  const binary = join(peers, `node_modules/@toolbox-sdk/server-${process.platform}-${process.arch}/bin/toolbox`)
  const flags = ['--tools-file', config, '--port', String(port), '--disable-version-check']
  return await answering(calling(started(binary, flags), port, 'execute_sql', {}))
}

function started(command: string, flags: readonly string[]): ChildProcess {
  const child = spawn(command, flags, { stdio: 'ignore' })
  children.push(child)
  return child
}

async function answering(contender: Contender): Promise<Contender> {
  for (let turn = 0; turn < 100; turn++) {
    if (await contender.ask()) return contender
    await sleep(300)
  }
  throw new Error(`${contender.child.spawnfile} does not answer`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  await new Promise((resolve) => server.close(resolve))
  return port
}
