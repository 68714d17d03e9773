import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Client, type Verification } from './contract/index.ts'
import { ShellError } from './domain/index.ts'
import { readClientSettings, readSettings } from './platform/config/index.ts'
import type { AuditKeys, GuardCheckOptions, ServerCommands } from './surfaces/terminal/index.ts'
import { findOrStartServer, openServer, sayWelcome, untilSignal } from './local-server.ts'

/** What the command line asks of the server's side of the house; each part is loaded when it is asked for. */
export function serverCommands(version: string): ServerCommands {
  return {
    serve: async () => {
      const leave = (): never => process.exit(143) // before there is anything to drain; the first process of a container is not ended by default
      process.once('SIGTERM', leave)
      const { server } = await openServer(readSettings({ version }), {})
      process.off('SIGTERM', leave)
      sayWelcome(server, false)
      return await untilSignal(server)
    },
    migrate: ({ json }) => migrateStore(version, json),
    mcpStdio: () => speakMcp(version),
    guardCheck: (options) => judgeStatements(options),
    doctorLocal: async () => (await import('./doctor.ts')).examine({ version }),
    rotateKeys: async () => (await import('./rotate-keys.ts')).rotateKeys(readSettings({ version })),
    verifyAuditFile: (file, keys) => verifyAuditFile(file, keys),
  }
}

async function judgeStatements(options: GuardCheckOptions): Promise<number> {
  const [{ checkStatements }, { Output }] = await Promise.all([import('./guard-check.ts'), import('./surfaces/terminal/index.ts')])
  const output = new Output(process.stdout)
  return await checkStatements(options, { input: process.stdin, write: (text) => output.write(text) })
}

async function migrateStore(version: string, isJson: boolean): Promise<number> {
  const { openStoreServer } = await import('./open-store-server.ts')
  const { migrate } = await import('./platform/store/index.ts')
  const storeServer = await openStoreServer(readSettings({ version }))
  try {
    const applied = await migrate(storeServer.address)
    const told = applied.length === 0 ? 'The store is up to date.' : `Applied: ${applied.join(', ')}`
    process.stdout.write(`${isJson ? JSON.stringify({ applied }) : told}\n`)
    return 0
  } finally {
    await storeServer.close()
  }
}

async function speakMcp(version: string): Promise<number> {
  const { createMcpStdio } = await import('./surfaces/mcp/index.ts')
  const given = readClientSettings()
  const handle =
    given.server === null
      ? await findOrStartServer(version)
      : { baseUrl: given.server, token: given.token?.reveal() ?? '', stop: async () => undefined }
  const client = new Client({ baseUrl: handle.baseUrl, token: handle.token, surface: 'mcp' })
  await createMcpStdio({ client, input: process.stdin, output: process.stdout }).ended
  await handle.stop()
  return 0
}

/** Opened when it is read: lines that come before anybody listens are lost. */
async function* linesOf(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path), crlfDelay: Infinity })
}

async function verifyAuditFile(file: string, keys: AuditKeys): Promise<Verification> {
  const { verifyExport, verifyTrail } = await import('./question/record/index.ts')
  if ('keyFile' in keys) return await verifyExport(linesOf(file), readAuditKey(keys.keyFile))
  const { publicKeyFile, checkpointsFile } = keys
  try {
    return await verifyTrail(linesOf(file), readFileSync(publicKeyFile, 'utf8'), checkpointsFile === null ? [] : linesOf(checkpointsFile))
  } catch (cause) {
    throw new ShellError({
      code: 'record.not-an-export',
      kind: 'invalid',
      message: cause instanceof Error ? cause.message : 'This is not an export of the record.',
      hint: 'Give the files that `aishell audit export` and `aishell audit public-key` wrote, unchanged.',
      cause,
    })
  }
}

function readAuditKey(file: string): Uint8Array {
  const text = readFileSync(file, 'utf8').trim()
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64url')
  if (key.length === 32) return key
  throw new ShellError({
    code: 'main.audit-key',
    kind: 'invalid',
    message: `${file} holds no audit key.`,
    hint: 'Fetch it with `aishell audit key`, as an admin.',
  })
}
