import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execute, startScratchServer } from '../../test/support/postgres-server.ts'

/**
 * `node bench/load/run.ts`: AI-Shell with every check on (credential, guard, limits, record) against a bare node:http + pg
 * server on the same PostgreSQL, in interleaved slices; and 1,000,000 rows as CSV against psql. Ratios, not seconds.
 */
const slices = 7
const sliceMs = 2_000
const connections = 16
const accounts = 100_000
const token = `ais_${'b'.repeat(43)}`
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
   CREATE TABLE million AS SELECT g AS id, md5(g::text) AS name, (g * 1.25)::numeric(12,2) AS amount, timestamptz '2024-01-01' + g * interval '1 minute' AS at FROM generate_series(1, 1000000) g;
   GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench_reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC; ANALYZE`,
)
writeFileSync(
  join(folder, 'aishell.yaml'),
  `connections:\n  - name: bench\n    engine: postgres\n    target: { host: 127.0.0.1, port: ${postgres.port}, database: bench_data, user: bench_reader, sslmode: disable, passwordEnv: BENCH_PASSWORD }\n`,
)
const env = {
  ...process.env,
  DB_HOST: '127.0.0.1',
  DB_PORT: String(postgres.port),
  DB_NAME: 'bench_store',
  DB_USER: 'bench_owner',
  DB_PASSWORD: 'bench',
  BENCH_PASSWORD: 'bench',
  ADMIN_TOKEN: token,
  CONFIG_DIR: folder,
  DATA_DIR: join(folder, 'data'),
  PORT: '0',
  LOG_LEVEL: 'warn',
  CONNECTION_POOL_MAX: '16',
  RATE_ACTOR_QUESTIONS: '0', // one member asks as fast as it can
  RATE_TENANT_QUESTIONS: '0',
}
const root = join(import.meta.dirname, '../..')
const aishell = spawn(process.execPath, [join(root, 'src/main.ts'), 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
const bare = spawn(
  process.execPath,
  [join(import.meta.dirname, 'bare-server.ts'), `postgres://bench_reader:bench@127.0.0.1:${postgres.port}/bench_data`],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const aishellPort = await portFrom(aishell.stderr, /127\.0\.0\.1:(\d+)/)
const barePort = await portFrom(bare.stdout, /port (\d+)/)
const agent = new Agent({ keepAlive: true, maxSockets: connections })

try {
  const literal = await compare('guarded literal SQL over HTTP', (aid) => ({ sql: `SELECT * FROM pgbench_accounts WHERE aid=${aid}` }))
  const known = await compare('the same with a bound value', (aid) => ({
    sql: 'SELECT * FROM pgbench_accounts WHERE aid=$1',
    params: [String(aid)],
  }))
  const csv = await compareCsv()
  save([literal, known, csv])
} finally {
  aishell.kill()
  bare.kill()
  await sleep(1_500)
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}

interface Measured {
  readonly what: string
  readonly ratio: number
  readonly min: number
  readonly max: number
  readonly detail: string
}

async function compare(what: string, question: (aid: number) => object): Promise<Measured> {
  const ours = (aid: number): Promise<boolean> =>
    post(aishellPort, '/api/v1/questions', { connection: 'bench', ...question(aid) }, '"outcome":"answered"')
  const theirs = (aid: number): Promise<boolean> => post(barePort, '/', { aid }, '"aid"')
  await slice(ours)
  await slice(theirs) // both warm
  const ratios: number[] = []
  const rates: { ours: number; bare: number; oursCpuMs: number; bareCpuMs: number }[] = []
  let failures = 0
  for (let pair = 0; pair < slices; pair++) {
    const before = [cpuMs(aishell), cpuMs(bare)] as const
    const a = await slice(ours)
    const between = [cpuMs(aishell), cpuMs(bare)] as const
    const b = await slice(theirs)
    failures += a.failed + b.failed
    ratios.push(a.done / b.done)
    rates.push({
      ours: a.done / (sliceMs / 1000),
      bare: b.done / (sliceMs / 1000),
      oursCpuMs: (between[0] - before[0]) / a.done,
      bareCpuMs: (cpuMs(bare) - between[1]) / b.done,
    })
  }
  const middle = rates.toSorted((x, y) => x.ours - y.ours)[Math.floor(slices / 2)] as (typeof rates)[number] // slices is not zero
  const detail = `${middle.ours.toFixed(0)} against ${middle.bare.toFixed(0)} requests a second; CPU of the process per request ${middle.oursCpuMs.toFixed(2)} against ${middle.bareCpuMs.toFixed(2)} ms; ${failures} failed`
  return measured(what, ratios, detail)
}

async function slice(work: (aid: number) => Promise<boolean>): Promise<{ done: number; failed: number }> {
  const endMs = performance.now() + sliceMs
  let done = 0
  let failed = 0
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) {
      if (await work(1 + Math.floor(Math.random() * accounts))) done += 1
      else failed += 1
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { done, failed }
}

function post(port: number, path: string, body: object, expected: string): Promise<boolean> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body)
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      'content-length': Buffer.byteLength(text),
    }
    const sent = request({ agent, port, host: '127.0.0.1', path, method: 'POST', headers }, (response) => {
      let answer = ''
      response.on('data', (chunk: Buffer) => (answer += chunk.toString()))
      response.on('end', () => resolve(answer.includes(expected)))
    })
    sent.on('error', () => resolve(false))
    sent.end(text)
  })
}

async function compareCsv(): Promise<Measured> {
  const sql = 'SELECT * FROM million'
  const ratios: number[] = []
  let detail = ''
  const idleMb = rssMb(aishell)
  let peakMb = 0
  for (let pair = 0; pair < 5; pair++) {
    const watch = setInterval(() => (peakMb = Math.max(peakMb, rssMb(aishell))), 20)
    const startedMs = performance.now()
    const bytes = await download(sql)
    const oursMs = performance.now() - startedMs
    clearInterval(watch)
    const psqlMs = psqlCopy(sql)
    ratios.push(oursMs / psqlMs)
    detail = `${(oursMs / 1000).toFixed(2)} s against ${(psqlMs / 1000).toFixed(2)} s for ${(bytes / 1e6).toFixed(0)} MB; resident memory ${idleMb.toFixed(0)} MB before, ${peakMb.toFixed(0)} MB at most`
  }
  return measured('1,000,000 rows as CSV, time against psql \\copy', ratios, detail)
}

function download(sql: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'text/csv', authorization: `Bearer ${token}` }
    const sent = request({ port: aishellPort, host: '127.0.0.1', path: '/api/v1/questions', method: 'POST', headers }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () =>
        response.statusCode === 200 && bytes > 1e6 ? resolve(bytes) : reject(new Error(`status ${response.statusCode}, ${bytes} bytes`)),
      )
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ connection: 'bench', sql }))
  })
}

function psqlCopy(sql: string): number {
  const startedMs = performance.now()
  const { status, stderr } = spawnSync(
    'psql',
    [
      '-h',
      '127.0.0.1',
      '-p',
      String(postgres.port),
      '-U',
      'bench_reader',
      '-d',
      'bench_data',
      '-c',
      `\\copy (${sql}) to '/dev/null' csv header`,
    ],
    { env: { ...process.env, PGPASSWORD: 'bench' }, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`psql: ${stderr}`)
  return performance.now() - startedMs
}

function measured(what: string, ratios: readonly number[], detail: string): Measured {
  const sorted = ratios.toSorted((a, b) => a - b)
  const result = { what, ratio: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, detail }
  console.log(`${what}: ${result.ratio.toFixed(2)} (${result.min.toFixed(2)}–${result.max.toFixed(2)}); ${detail}`)
  return result
}

/** User and system time of a process so far (Linux). */
function cpuMs(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function rssMb(child: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

async function portFrom(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<number> {
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

function save(results: readonly Measured[]): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const about = {
    command: 'node bench/load/run.ts',
    date: new Date().toISOString().slice(0, 10),
    commit,
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
  }
  mkdirSync(join(root, 'bench/results'), { recursive: true })
  writeFileSync(join(root, 'bench/results/load.json'), `${JSON.stringify({ ...about, results }, null, 2)}\n`)
  const rows = results.map(
    (one) => `| ${one.what} | ${one.ratio.toFixed(2)} | ${one.min.toFixed(2)}–${one.max.toFixed(2)} | ${one.detail} |`,
  )
  writeFileSync(
    join(root, 'bench/results/load.md'),
    `# Load, as ratios measured side by side\n\n\`${about.command}\`, ${about.date}, commit ${commit}, Node ${about.node}, ${about.machine}.\n\n| what | median | min–max | in figures |\n|---|---|---|---|\n${rows.join('\n')}\n`,
  )
}
