import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '../../src/contract/index.ts'
import type { StoreAddress } from '../../src/platform/store/index.ts'
import type { TestDatabase } from './postgres-server.ts'

const main = fileURLToPath(new URL('./serving-main.ts', import.meta.url))

export interface ServingProcess {
  readonly url: string
  readonly process: ChildProcess
  readonly adminToken: string
  readonly admin: Client
  readonly dataDir: string
  /** All it wrote on stdout and stderr so far. */
  said(): string
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

export interface ServingOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly adminToken?: string
  /** Given where a test looks into it, or starts again on it. */
  readonly dataDir?: string
}

/** Starts a server on a store of its own. Nothing of the suite's own environment gets in. */
export async function startServing(store: StoreAddress, options: ServingOptions = {}): Promise<ServingProcess> {
  const adminToken = options.adminToken ?? `ais_${randomBytes(32).toString('base64url')}`
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'aishell-serving-'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    DB_HOST: store.host,
    DB_PORT: String(store.port),
    DB_NAME: store.database,
    DB_USER: store.user,
    ...(options.env?.['DB_PASSWORD_FILE'] === undefined ? { DB_PASSWORD: store.password?.reveal() ?? '' } : {}),
    PORT: '0',
    DATA_DIR: dataDir,
    CONFIG_DIR: dataDir,
    ADMIN_TOKEN: adminToken,
    ...options.env,
  }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
      const line = /^\{"url":"([^"]+)"\}$/m.exec(said)
      if (line?.[1] !== undefined) resolve(line[1])
    })
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    child.once('close', () => reject(new Error(`The server did not start: ${said}`)))
  })
  return {
    url,
    process: child,
    adminToken,
    admin: new Client({ baseUrl: url, token: adminToken }),
    dataDir,
    said: () => said,
    kill: async (signal) => {
      child.kill(signal)
      await gone
    },
  }
}

/** Saves the reader of `database` as a connection. */
export async function connectTo(
  admin: Client,
  name: string,
  database: TestDatabase,
  writer?: { readonly user: string; readonly password: string },
): Promise<void> {
  const { host, port, user, password, database: base } = database.reader
  const target = { host, port, database: base, user, password: password.reveal(), sslmode: 'disable' as const, writer }
  await admin.createConnection({ name, description: '', engine: 'postgres', target })
}
