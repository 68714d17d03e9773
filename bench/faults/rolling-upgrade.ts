import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from '../../src/contract/index.ts'
import { execute, freshDatabase, startScratchServer } from '../../test/support/postgres-server.ts'
import { connectTo } from '../../test/support/serving-process.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, closedLoop, isAnswered, newAgent, type Reply } from './house.ts'

/**
 * `bench/faults/rolling-upgrade.ts [--from COMMIT] [--record]`: a server of an older commit, by default the one before the last migration,
 * on its own store; then one of this version, which migrates it; both are asked at once while both write the record; then the old one goes.
 */
const { values } = parseArgs({ options: { from: { type: 'string' }, record: { type: 'boolean', default: false } } })
const root = join(import.meta.dirname, '../..')
const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const beforeLastMigration = (): string => `${git('log', '-1', '--format=%h', '--diff-filter=A', '--', 'src/platform/store/migrations')}^`
const from = git('rev-parse', '--short', values.from ?? beforeLastMigration())
const folder = mkdtempSync(join(tmpdir(), 'aishell-rolling-'))
const old = join(folder, 'old')
mkdirSync(old)
execFileSync('sh', ['-c', `git archive ${from} | tar -x -C ${old}`], { cwd: root })
symlinkSync(join(root, 'node_modules'), join(old, 'node_modules'))
const postgres = await startScratchServer(true)
const shop = await freshDatabase(postgres)
await shop.query(
  'CREATE TABLE account (id int PRIMARY KEY, balance int); INSERT INTO account SELECT g, g FROM generate_series(1, 1000) g; ANALYZE',
)
const admin = {
  host: postgres.host,
  port: postgres.port,
  database: 'postgres',
  user: postgres.user,
  password: postgres.password,
  sslmode: 'disable' as const,
}
await execute(admin, "CREATE ROLE rolling LOGIN CREATEROLE PASSWORD 'rolling'")
await execute(admin, 'CREATE DATABASE rolling OWNER rolling')
const token = `ais_${randomBytes(32).toString('base64url')}`
const env = {
  PATH: process.env['PATH'] ?? '',
  DB_HOST: postgres.host,
  DB_PORT: String(postgres.port),
  DB_NAME: 'rolling',
  DB_USER: 'rolling',
  DB_PASSWORD: 'rolling',
  PORT: '0',
  ADMIN_TOKEN: token,
  SECRET_KEY: randomBytes(32).toString('hex'),
  JWT_SECRET: randomBytes(32).toString('hex'),
}

async function serve(folderOf: string, name: string) {
  const data = join(folder, name)
  const child = spawn(process.execPath, [join(folderOf, 'test/support/serving-main.ts')], {
    env: { ...env, DATA_DIR: data, CONFIG_DIR: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
      const found = /^\{"url":"([^"]+)"\}$/m.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('close', () => reject(new Error(said)))
  })
  return { url, child, client: new Client({ baseUrl: url, token }) }
}

const migrations = async (): Promise<readonly string[]> =>
  (await execute({ ...admin, database: 'rolling' }, 'SELECT name FROM schema_migration ORDER BY name')).rows.map(
    (row: { name: string }) => row.name,
  )
const agent = newAgent()
const ask = (url: string) => () => askOnce(url, token, `SELECT * FROM account WHERE id = ${1 + Math.floor(Math.random() * 1000)}`, agent)
const failures = (replies: readonly Reply[]): number => replies.filter((reply) => !isAnswered(reply)).length

try {
  const before = await serve(old, 'old-data')
  await connectTo(before.client, 'shop', shop)
  const oldMigrations = await migrations()
  const alone = closedLoop(ask(before.url), { clients: 4, ms: 15_000 }) // while the new one migrates, and beside it
  await sleep(2_000)
  const after = await serve(root, 'new-data')
  const beside = await closedLoop(ask(after.url), { clients: 4, ms: 6_000 })
  const oldReplies = await alone
  const oldReady = (await before.client.ready()).status
  const gone = new Promise((resolve) => before.child.once('close', resolve))
  before.child.kill('SIGTERM')
  await gone
  const last = await closedLoop(ask(after.url), { clients: 4, ms: 2_000 })
  const verified = await after.client.auditVerify()
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/rolling-upgrade.ts --from ${from} --record`),
    promised: { failed: 0, chainIntact: true },
    from,
    migrationsAdded: (await migrations()).filter((name) => !oldMigrations.includes(name)),
    askedOfOld: oldReplies.length,
    failedOfOld: failures(oldReplies),
    oldReadyAfterMigration: oldReady,
    askedOfNew: beside.length + last.length,
    failedOfNew: failures([...beside, ...last]),
    chainIntact: verified.isIntact,
    openIntents: verified.openIntents,
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('rolling-upgrade', result)
  after.child.kill('SIGKILL')
} finally {
  agent.destroy()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}
