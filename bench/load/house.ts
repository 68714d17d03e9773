import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execute, startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult, saveText } from '../report.ts'

/** A served AI-Shell with every check on, a PostgreSQL with data beside it, and what benches need to hold others against it. */
export interface House {
  /** AI-Shell's process, and where it answers. */
  readonly aishell: ChildProcess
  readonly port: number
  readonly token: string
  readonly postgresPort: number
  /** Of `bench_data`, as its reader. */
  readonly dsn: string
  /** Of `bench_store`, as its owner. */
  readonly storeDsn: string
  close(): Promise<void>
}

export const root = join(import.meta.dirname, '../..')
export const accounts = 100_000
const token = `ais_${'b'.repeat(43)}`

/** Tables `pgbench_accounts` (100,000 rows) and `wide`, of as many rows as asked for. */
export async function openHouse(wideRows: number): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-load-'))
  const postgres = await startScratchServer(true)
  const admin = { ...postgres, database: 'postgres', sslmode: 'disable' as const }
  await execute(admin, "CREATE ROLE bench_owner LOGIN CREATEROLE PASSWORD 'bench'; CREATE ROLE bench_reader LOGIN PASSWORD 'bench'")
  await execute(admin, 'CREATE DATABASE bench_store OWNER bench_owner')
  await execute(admin, 'CREATE DATABASE bench_data')
  await execute(
    { ...admin, database: 'bench_data' },
    `CREATE TABLE pgbench_accounts AS SELECT g AS aid, 1 AS bid, 0 AS abalance, repeat(' ', 84)::char(84) AS filler FROM generate_series(1, ${accounts}) g;
     ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid);
     CREATE TABLE wide AS SELECT g AS id, md5(g::text) AS name, (g * 1.25)::numeric(12,2) AS amount, timestamptz '2024-01-01' + g * interval '1 minute' AS at FROM generate_series(1, ${wideRows}) g;
     GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench_reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC; ANALYZE`,
  )
  writeFileSync(
    join(folder, 'aishell.yaml'),
    `connections:\n  - name: bench\n    engine: postgres\n    target: { host: 127.0.0.1, port: ${postgres.port}, database: bench_data, user: bench_reader, sslmode: disable, passwordEnv: BENCH_PASSWORD }\n`,
  )
  const env = {
    ...process.env,
    ...{ DB_HOST: '127.0.0.1', DB_PORT: String(postgres.port), DB_NAME: 'bench_store', DB_USER: 'bench_owner', DB_PASSWORD: 'bench' },
    ...{ BENCH_PASSWORD: 'bench', ADMIN_TOKEN: token, CONFIG_DIR: folder, DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'warn' },
    // Counted as always, with more room than anybody can use.
    ...{ RATE_ACTOR_QUESTIONS: '1000000000', RATE_TENANT_QUESTIONS: '1000000000', CONNECTION_POOL_MAX: '16' },
  }
  const aishell = spawn(process.execPath, [join(root, 'src/main.ts'), 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const port = await portFrom(aishell.stderr, /127\.0\.0\.1:(\d+)/)
  return {
    aishell,
    port,
    token,
    postgresPort: postgres.port,
    dsn: `postgres://bench_reader:bench@127.0.0.1:${postgres.port}/bench_data`,
    storeDsn: `postgres://bench_owner:bench@127.0.0.1:${postgres.port}/bench_store`,
    close: async () => {
      aishell.kill()
      await sleep(1_500)
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Measured {
  readonly what: string
  readonly ratio: number
  readonly min: number
  readonly max: number
  readonly detail: string
}

export interface Contender {
  readonly child: ChildProcess
  readonly ask: () => Promise<boolean>
}

const slices = 7
const sliceMs = 2_000
/**
 * Until V8 has compiled what a server does all the time, some twenty seconds of load. In turns as well: of a process that
 * stands still for as long as that V8 collects what nobody holds just now, and drops the code that was made for it.
 */
const warmSlices = 12
export const connections = 16

/** Requests a second of ours by theirs, in slices that take turns; 16 of each at once. */
export async function compareRates(what: string, ours: Contender, theirs: Contender): Promise<Measured> {
  for (let pair = 0; pair < warmSlices; pair++) {
    await slice(ours)
    await slice(theirs)
  }
  const ratios: number[] = []
  const rates: { ours: number; theirs: number; oursCpuMs: number; theirsCpuMs: number }[] = []
  let failures = 0
  for (let pair = 0; pair < slices; pair++) {
    const a = await slice(ours)
    const b = await slice(theirs)
    failures += a.failed + b.failed
    ratios.push(a.done / b.done)
    const seconds = sliceMs / 1000
    rates.push({ ours: a.done / seconds, theirs: b.done / seconds, oursCpuMs: a.cpuMs / a.done, theirsCpuMs: b.cpuMs / b.done })
  }
  const middle = rates.toSorted((x, y) => x.ours - y.ours)[Math.floor(slices / 2)] as (typeof rates)[number] // slices is not zero
  const cpu = `CPU of the process per request ${middle.oursCpuMs.toFixed(2)} against ${middle.theirsCpuMs.toFixed(2)} ms`
  const detail = `${middle.ours.toFixed(0)} against ${middle.theirs.toFixed(0)} requests a second; ${cpu}; ${failures} failed`
  return measured(what, ratios, detail)
}

async function slice({ child, ask }: Contender): Promise<{ done: number; failed: number; cpuMs: number }> {
  const before = cpuMs(child)
  const endMs = performance.now() + sliceMs
  let done = 0
  let failed = 0
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) {
      if (await ask()) done += 1
      else failed += 1
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { done, failed, cpuMs: cpuMs(child) - before }
}

const agent = new Agent({ keepAlive: true, maxSockets: connections })

/** true: the answer holds `expected`. */
export function post(
  port: number,
  path: string,
  body: object,
  expected: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body)
    const sentHeaders = {
      ...{ 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      'content-length': Buffer.byteLength(text),
      ...headers,
    }
    const sent = request({ agent, port, host: '127.0.0.1', path, method: 'POST', headers: sentHeaders }, (response) => {
      let answer = ''
      response.on('data', (chunk: Buffer) => (answer += chunk.toString()))
      response.on('end', () => resolve(answer.includes(expected)))
    })
    sent.on('error', () => resolve(false))
    sent.end(text)
  })
}

export function measured(what: string, ratios: readonly number[], detail: string): Measured {
  const sorted = ratios.toSorted((a, b) => a - b)
  const result = { what, ratio: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, detail }
  console.log(`${what}: ${result.ratio.toFixed(2)} (${result.min.toFixed(2)}–${result.max.toFixed(2)}); ${detail}`)
  return result
}

/** User and system time of a process so far (Linux). */
export function cpuMs(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export function rssMb(child: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

export async function portFrom(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<number> {
  let text = ''
  for await (const chunk of stream ?? []) {
    text += String(chunk)
    const port = pattern.exec(text)?.[1]
    if (port !== undefined) {
      stream?.resume()
      return Number(port)
    }
  }
  throw new Error(`no port: ${text}`)
}

/** Writes bench/results/NAME.json and .md. */
export function save(name: string, title: string, command: string, results: readonly Measured[]): void {
  const made = about(command)
  saveResult(name, { ...made, results })
  const rows = results.map(
    (one) => `| ${one.what} | ${one.ratio.toFixed(2)} | ${one.min.toFixed(2)}–${one.max.toFixed(2)} | ${one.detail} |`,
  )
  const line = `\`${command}\`, ${made.date}, commit ${made.commit}, Node ${made.node}, ${made.machine}.`
  saveText(`${name}.md`, `# ${title}\n\n${line}\n\n| what | median | min–max | in figures |\n|---|---|---|---|\n${rows.join('\n')}\n`)
}
