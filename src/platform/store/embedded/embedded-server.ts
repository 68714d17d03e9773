import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { Client, type ClientConfig } from 'pg'
import { Secret, ShellError } from '../../../domain/index.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import { prepareAccount, type ServerAccount } from './server-account.ts'

export interface EmbeddedServer {
  readonly host: string
  readonly port: number
  /** The cluster's superuser: for making databases and users at start, never for questions. */
  readonly user: string
  readonly password: Secret
  stop(): Promise<void>
}

export interface EmbeddedServerOptions {
  /** Folder of the cluster, its password and its log. */
  readonly home: string
  /** false: a throwaway server for tests, quick and not crash-safe. */
  readonly isDurable: boolean
  /** Default 120. */
  readonly maxConnections?: number
  /** For the server to answer at all; how long it then recovers is its own affair. Default 60 s. */
  readonly startTimeoutMs?: number
}

const superuser = 'postgres'
const defaultStartTimeoutMs = 60_000
/** Of the server that is up and still recovers: it lets nobody in yet. */
const cannotConnectNow = '57P03'

/** Starts a real PostgreSQL on a free loopback port; makes its cluster on first use, recovers it after a crash. */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const account = prepareAccount(options.home, findPostgresBinaries())
  const data = join(account.home, 'data')
  const password = readPassword(account)
  await stopOrphan(data)
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(account, data, password)
  checkVersion(account, data)
  rotateLog(account)
  return await launchOnFreePort({ account, data, password, options })
}

interface Launch {
  readonly account: ServerAccount
  readonly data: string
  readonly password: Secret
  readonly options: EmbeddedServerOptions
}

/**
 * Between finding a free port and PostgreSQL taking it another process may be quicker, and a server killed a moment ago
 * or its children may still be leaving: then it is tried again.
 */
async function launchOnFreePort(launchOptions: Launch, attemptsLeft = 5): Promise<EmbeddedServer> {
  const { account, password } = launchOptions
  const at = { host: '127.0.0.1', port: await freePort(), user: superuser }
  const child = launch(launchOptions, at.port)
  try {
    await untilReady({ ...at, password: password.reveal(), database: 'postgres' }, child, launchOptions)
    return { ...at, password, stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    if (attemptsLeft === 1 || !/Address already in use|still in use|lock file .* already exists/.test(lastLines(account))) throw error
  }
  await sleep(500)
  return await launchOnFreePort(launchOptions, attemptsLeft - 1)
}

const maxLogBytes = 8 * 1024 * 1024

/** One log of the runs before is kept. */
function rotateLog(account: ServerAccount): void {
  const log = join(account.home, 'postgres.log')
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(log, `${log}.1`)
}

function readPassword(account: ServerAccount): Secret {
  const path = join(account.home, 'password')
  if (!existsSync(path)) {
    if (existsSync(join(account.home, 'data'))) throw embeddedError(`lacks its password file ${path}`, '')
    writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o600 })
    if (account.uid !== undefined) chownSync(path, account.uid, account.gid ?? account.uid)
  }
  return new Secret(readFileSync(path, 'utf8').trim())
}

async function initialise(account: ServerAccount, data: string, password: Secret): Promise<void> {
  const unfinished = `${data}.new` // renamed when whole, so that a kill in the middle leaves nothing half-made
  rmSync(unfinished, { recursive: true, force: true })
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${join(account.home, 'password')}`]
  const child = spawn(join(account.binaries, 'bin', 'initdb'), ['-D', unfinished, ...locale, ...access], processOptions(account))
  let output = ''
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (output += text.toString()))
  const code = await exitCode(child)
  if (code !== 0) throw embeddedError('could not make its database cluster', output.replaceAll(password.reveal(), '[secret]'))
  renameSync(unfinished, data)
}

function launch({ account, data, options }: Launch, port: number): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 120),
    shared_buffers: '64MB',
    log_min_messages: 'warning',
    timezone: 'UTC',
    ...(options.isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = openSync(join(account.home, 'postgres.log'), 'a', 0o600)
  // Its own process group: Ctrl-C in the terminal is for the shell, not for the database.
  const child = spawn(join(account.binaries, 'bin', 'postgres'), ['-D', data, ...args], {
    ...processOptions(account),
    stdio: ['ignore', log, log],
    detached: true,
  })
  child.unref()
  closeSync(log) // the child has its own
  return child
}

function processOptions(account: ServerAccount): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  const env = { LC_ALL: 'C', PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: join(account.binaries, 'lib'), TZ: 'UTC' }
  return { cwd: account.home, env, ...(account.uid === undefined ? {} : { uid: account.uid, gid: account.gid ?? account.uid }) }
}

/** A server whose AI-Shell was killed goes on alone; it is stopped so that this one can own the cluster. */
async function stopOrphan(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  if (!isAlive(pid)) return // PostgreSQL itself knows what to do with a dead server's file
  if (!isPostgresOf(pid, data)) return rmSync(pidFile, { force: true }) // the number came again, for something else
  signal(pid, 'SIGINT')
  for (let waitedMs = 0; isAlive(pid) && isPostgresOf(pid, data); waitedMs += 50) {
    if (waitedMs === 10_000) signal(pid, 'SIGQUIT')
    if (waitedMs > 20_000) throw embeddedError(`could not stop an earlier server (process ${pid})`, '')
    await sleep(50)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it ended just now
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Its command line names the cluster's folder: some other PostgreSQL of this machine must never be stopped. */
function isPostgresOf(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)
  } catch {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.includes(data) ?? false
  }
}

function checkVersion(account: ServerAccount, data: string): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const expected = String(embeddedMajor)
  if (found === expected) return
  throw new ShellError({
    code: 'store.cluster-version',
    kind: 'failed',
    message: `The embedded database under ${account.home} was made by PostgreSQL ${found}; this AI-Shell brings ${expected}.`,
    hint: `Dump it with PostgreSQL ${found}, or move the folder away to begin anew.`,
  })
}

/** Major version of the pinned binaries. */
const embeddedMajor = 18

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo // a TCP server's address is never a string
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  return port
}

async function untilReady(target: ClientConfig, child: ChildProcess, { account, options }: Launch): Promise<void> {
  const deadline = Date.now() + (options.startTimeoutMs ?? defaultStartTimeoutMs)
  for (;;) {
    const client = new Client({ ...target, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined) // a server in recovery hangs up; the loop tries again
    try {
      await client.connect()
      return
    } catch (cause) {
      const isRecovering = (cause as { code?: unknown }).code === cannotConnectNow
      if (child.exitCode !== null || (Date.now() > deadline && !isRecovering))
        throw embeddedError('did not come up', lastLines(account), cause)
    } finally {
      await client.end().catch(() => undefined)
    }
    await sleep(40)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = exitCode(child)
  child.kill('SIGINT') // fast shutdown: open transactions are rolled back, everything is flushed
  const isEnded = await Promise.race([ended.then(() => true), sleep(15_000, false, { ref: false })])
  if (!isEnded) child.kill('SIGQUIT')
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

function lastLines(account: ServerAccount): string {
  const log = join(account.home, 'postgres.log')
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-8).join('\n') : ''
}

function embeddedError(what: string, output: string, cause?: unknown): ShellError {
  return new ShellError({
    code: 'store.embedded-server',
    kind: 'failed',
    message: `The embedded PostgreSQL ${what}.${output === '' ? '' : ` It said: ${output.trim().slice(-1500)}`}`,
    hint: 'See postgres.log in the data folder, or set DB_HOST to a PostgreSQL of your own.',
    cause,
  })
}
