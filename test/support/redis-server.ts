import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis as Client } from 'ioredis'

/** Debian's redis-server, with redis-sentinel beside it. */
const program = ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find((path) => existsSync(path))

/** null: Redis is here. In CI a missing server fails, for .ci/run installs it. */
export const redisMissing: string | null =
  program === undefined ? 'Redis is not installed: apt-get install --no-install-recommends redis-server redis-sentinel' : null
if (redisMissing !== null && process.env['CI'] === 'true') throw new Error(redisMissing)
if (redisMissing !== null) console.warn(`What needs Redis is skipped. ${redisMissing}`)

export interface RedisServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly password: string
  readonly process: ChildProcess
  /** PEM of the CA, where it speaks TLS. */
  readonly caFile: string
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  kill(): Promise<void>
  /** Again, on the same port, with nothing in it. */
  restart(): Promise<void>
  client(): Client
  stop(): Promise<void>
}

export interface RedisServerOptions {
  readonly isTls?: boolean
  readonly replicaOf?: RedisServer
  readonly port?: number
}

const testPassword = 'test-redis-password'

/** A throwaway Redis on a free port; in memory only, its folder is gone after `stop()`. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-redis-'))
  chmodSync(folder, 0o755)
  const port = options.port ?? (await freePort())
  const tls = options.isTls === true ? certificates(folder) : null
  const lines = [
    `dir ${folder}`,
    'bind 127.0.0.1',
    tls === null ? `port ${port}` : `port 0\ntls-port ${port}\ntls-cert-file ${tls.cert}\ntls-key-file ${tls.key}\ntls-auth-clients no`,
    'save ""',
    'appendonly no',
    `requirepass ${testPassword}`,
    `masterauth ${testPassword}`,
    'repl-diskless-sync-delay 0',
    ...(options.replicaOf === undefined ? [] : [`replicaof 127.0.0.1 ${options.replicaOf.port}`]),
  ]
  writeFileSync(join(folder, 'redis.conf'), `${lines.join('\n')}\n`)
  let child = await launch([join(folder, 'redis.conf')], port)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }
  return {
    host: '127.0.0.1',
    port,
    password: testPassword,
    get process() {
      return child
    },
    caFile: tls?.ca ?? '',
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
    restart: async () => {
      await kill()
      child = await launch([join(folder, 'redis.conf')], port)
    },
    client: () =>
      new Client({ host: '127.0.0.1', port, password: testPassword, ...(tls === null ? {} : { tls: { rejectUnauthorized: false } }) }),
    stop: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Sentinels {
  readonly addresses: readonly string[]
  stop(): Promise<void>
}

/** Sentinels that fail over within about two seconds. */
export async function startSentinels(primary: RedisServer, count = 3): Promise<Sentinels> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-sentinel-'))
  const started: { readonly port: number; readonly child: ChildProcess }[] = []
  for (let at = 0; at < count; at++) {
    const port = await freePort()
    const file = join(folder, `sentinel-${at}.conf`)
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor aishell 127.0.0.1 ${primary.port} 2`,
        `sentinel auth-pass aishell ${testPassword}`,
        'sentinel down-after-milliseconds aishell 1000',
        'sentinel failover-timeout aishell 3000',
        '',
      ].join('\n'),
    )
    started.push({ port, child: await launch([file, '--sentinel'], port) })
  }
  await sleep(2_500) // they find each other through the primary
  return {
    addresses: started.map(({ port }) => `127.0.0.1:${port}`),
    stop: async () => {
      await Promise.all(
        started.map(({ child }) => {
          const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
          child.kill('SIGKILL')
          return gone
        }),
      )
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(args: readonly string[], port: number): Promise<ChildProcess> {
  if (program === undefined) throw new Error(redisMissing ?? 'Redis is missing')
  const child = spawn(program, [...args], { stdio: 'ignore' })
  process.once('exit', () => child.kill('SIGKILL'))
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode}`)
    if (await listens(port)) return child
    await sleep(25)
  }
  throw new Error('Redis does not listen')
}

async function listens(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** A CA and a certificate of it for 127.0.0.1. */
function certificates(folder: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'cert.pem', 'cert.key'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ]
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', [...args], { stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test ca', '-keyout', caKey, '-out', ca)
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=redis', '-keyout', key, '-out', `${cert}.csr`)
  writeFileSync(`${cert}.ext`, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  openssl(
    'x509',
    '-req',
    '-days',
    '2',
    '-in',
    `${cert}.csr`,
    '-CA',
    ca,
    '-CAkey',
    caKey,
    '-CAcreateserial',
    '-extfile',
    `${cert}.ext`,
    '-out',
    cert,
  )
  chmodSync(key, 0o644)
  return { ca, cert, key }
}
