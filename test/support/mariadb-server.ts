import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { Secret } from '../../src/domain/index.ts'

/** Debian's mariadb-server-core. */
const program = ['/usr/sbin/mariadbd', '/usr/libexec/mariadbd', '/usr/bin/mariadbd'].find((path) => existsSync(path))

/** null: MariaDB is here. In CI a missing server fails, for .ci/run installs it. */
export const mariadbMissing: string | null =
  program === undefined ? 'MariaDB is not installed: apt-get install mariadb-server-core mariadb-client-core' : null
if (mariadbMissing !== null && process.env['CI'] === 'true') throw new Error(mariadbMissing)
if (mariadbMissing !== null) console.warn(`What needs MariaDB is skipped. ${mariadbMissing}`)

export interface MariadbServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly folder: string
  stop(): Promise<void>
}

export interface MariadbDatabase {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret
  readonly sslmode: 'disable'
  readonly reader: Omit<MariadbDatabase, 'reader' | 'query' | 'script'>
  /** As root; the result rows of the last statement. */
  query(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Many statements, as root. */
  script(sql: string): Promise<void>
}

/** Of nobody. */
export const unprivileged = 65534
const rootPassword = new Secret('test-root')
export const testRoot = { user: 'root', password: rootPassword } as const

/** A throwaway MariaDB of its own, on a free port, under an unprivileged user; its files are gone after `stop()`. */
export async function startMariadb(): Promise<MariadbServer> {
  if (program === undefined) throw new Error(mariadbMissing ?? 'MariaDB is missing')
  const server = program
  const folder = mkdtempSync(join(tmpdir(), 'aishell-mariadb-'))
  const data = join(folder, 'data')
  cpSync(template(), data, { recursive: true })
  const temporary = join(folder, 'tmp') // a server that starts clears the one it has, with what others have there
  mkdirSync(temporary)
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['-R', `${unprivileged}:${unprivileged}`, folder])
  chmodSync(folder, 0o755)
  return startOn(folder, (port) =>
    spawn(server, [...serverOptions(folder, data), `--tmpdir=${temporary}`, `--port=${port}`], {
      stdio: 'ignore',
      ...(isRoot ? { uid: unprivileged, gid: unprivileged } : {}),
    }),
  )
}

/** Starts a server whose files and `error.log` are in the folder, on a free port; another one where that was taken meanwhile. */
export async function startOn(folder: string, spawnOn: (port: number) => ChildProcess): Promise<MariadbServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = spawnOn(port)
    try {
      await untilReady(port, child)
      process.once('exit', () => child.kill('SIGKILL'))
      return { host: '127.0.0.1', port, folder, stop: () => stop(child, folder) }
    } catch (error) {
      child.kill('SIGKILL')
      if (attempt === 3) throw new Error(tail(join(folder, 'error.log')), { cause: error }) // another took the port, thrice?
    }
  }
}

/** A new database for one test file, with a reader beside it who may read it and nothing else. */
export async function freshMariadbDatabase(
  server: MariadbServer,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<MariadbDatabase> {
  const password = new Secret(randomBytes(12).toString('hex'))
  const at = { host: server.host, port: server.port, sslmode: 'disable' as const }
  const root = { ...at, user: 'root', password: rootPassword }
  await run({ ...root, database: 'mysql' }, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await run({ ...root, database: 'mysql' }, `CREATE USER '${name}_r'@'127.0.0.1' IDENTIFIED BY '${password.reveal()}'`)
  await run({ ...root, database: 'mysql' }, `GRANT SELECT, SHOW VIEW ON \`${name.replaceAll('_', '\\_')}\`.* TO '${name}_r'@'127.0.0.1'`)
  const address = { ...root, database: name }
  return {
    ...address,
    reader: { ...at, database: name, user: `${name}_r`, password },
    query: (sql, params) => run(address, sql, params),
    script: async (sql) => {
      const connection = await createConnection({ ...clear(address), multipleStatements: true })
      await connection.query(sql)
      await connection.end()
    },
  }
}

/** One statement over the text protocol, whatever it is. */
export async function run(
  address: { readonly host: string; readonly port: number; readonly user: string; readonly password: Secret; readonly database: string },
  sql: string,
  params: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({ ...clear(address), dateStrings: true, supportBigNumbers: true, bigNumberStrings: true })
  try {
    const [rows] = params.length === 0 ? await connection.query(sql) : await connection.execute(sql, params as string[])
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [] // objects, as nothing else is asked for
  } finally {
    await connection.end()
  }
}

type Address = Parameters<typeof run>[0]

function clear({ host, port, user, password, database }: Address): {
  host: string
  port: number
  user: string
  password: string
  database: string
} {
  return { host, port, user, password: password.reveal(), database }
}

function serverOptions(folder: string, data: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--log-error=${join(folder, 'error.log')}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=8M',
    '--performance-schema=OFF',
    `--secure-file-priv=${folder}`,
  ]
}

/** Making the system tables takes seconds, so it is done once per machine and version, and copied. */
function template(): string {
  const version = execFileSync(program ?? '', ['--version'], { encoding: 'utf8' }).replaceAll(/[^A-Za-z0-9.]+/g, '-')
  const made = join(tmpdir(), `aishell-mariadb-template-${version.slice(0, 60)}-${process.getuid?.() ?? 0}`)
  if (existsSync(made)) return made
  const folder = mkdtempSync(join(tmpdir(), 'aishell-mariadb-making-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    chownSync(folder, unprivileged, unprivileged)
    chownSync(data, unprivileged, unprivileged)
  }
  const options = [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-log-file-size=8M',
  ]
  execFileSync('mariadb-install-db', options, { stdio: 'ignore', ...(isRoot ? { uid: unprivileged, gid: unprivileged } : {}) })
  const quiet = {
    stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'],
    ...(isRoot ? { uid: unprivileged, gid: unprivileged } : {}),
  }
  execFileSync(program ?? '', [...serverOptions(folder, data), '--bootstrap'], {
    ...quiet,
    input: `FLUSH PRIVILEGES;\nALTER USER 'root'@'localhost' IDENTIFIED BY '${rootPassword.reveal()}';\nCREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '${rootPassword.reveal()}';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n`,
  })
  try {
    renameSync(data, made)
  } catch {
    // another process was faster
  }
  rmSync(folder, { recursive: true, force: true })
  return made
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function untilReady(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    if (hasEnded(child)) throw new Error(`The server ended with ${child.exitCode ?? child.signalCode}`)
    const isUp = await run({ host: '127.0.0.1', port, user: 'root', password: rootPassword, database: 'mysql' }, 'SELECT 1').then(
      () => true,
      () => false,
    )
    if (isUp) return
    if (Date.now() > deadline) throw new Error('The server did not come up within a minute')
    await sleep(50)
  }
}

/** By itself, or by a signal: it has no exit code then. */
function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  if (!hasEnded(child)) await ended
  clearTimeout(timer)
  rmSync(folder, { recursive: true, force: true })
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-2_000) : ''
}
