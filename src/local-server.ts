import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ShellError } from './domain/index.ts'
import { readClientSettings, readSettings, type Settings } from './platform/config/index.ts'
import { runTerminal, type ServerHandle, type TerminalEnvironment } from './surfaces/terminal/index.ts'
import type { RunningServer } from './serve.ts'

/** Left in DATA_DIR for shells on this machine; readable by its owner only. */
interface Announcement {
  readonly url: string
  readonly token: string
}

/** `npm start`: the server in the foreground and, in a terminal, the shell in front of it. */
export async function startHere(options: {
  readonly version: string
  readonly environment: TerminalEnvironment
  readonly args: readonly string[]
}): Promise<number> {
  const { version, environment, args } = options
  const settings = readSettings({ version })
  const hasShell = environment.isTty && args.length === 0
  const { server, token } = await openServer(settings, hasShell ? { logTo: logFile(settings) } : {})
  sayWelcome(server, hasShell)
  if (!hasShell) return await untilSignal(server)
  const handle: ServerHandle = { baseUrl: server.url, token, stop: async () => undefined }
  try {
    return await runTerminal({ ...environment, connect: async () => handle }, args)
  } finally {
    await server.stop()
  }
}

/**
 * The server of this DATA_DIR if it runs, else one on a free loopback port for as long as the command takes. In
 * production, where servers announce themselves to nobody, the one on PORT and no other.
 */
export async function findOrStartServer(version: string): Promise<ServerHandle> {
  const settings = readSettings({ version })
  if (settings.app.env === 'production') return await installedServer(settings)
  const found = await findRunning(settings)
  if (found !== null) return { baseUrl: found.url, token: found.token, stop: async () => undefined }
  const { server, token } = await openServer(settings, { logTo: logFile(settings), port: 0 })
  return { baseUrl: server.url, token, stop: () => server.stop() }
}

/** Serves until SIGTERM or SIGINT, then drains; a second signal ends it at once. */
export async function untilSignal(server: RunningServer): Promise<number> {
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  process.once('SIGINT', () => process.exit(130))
  await server.stop()
  return 0
}

/** Opens the server and announces it to shells on this machine. */
export async function openServer(
  settings: Settings,
  options: { readonly logTo?: string; readonly port?: number },
): Promise<{ readonly server: RunningServer; readonly token: string }> {
  const { serve } = await import('./serve.ts') // a shell that finds a running server loads none of it
  const server = await serve(settings, options)
  const token = server.credentials.shellToken
  const path = announcementFile(settings)
  if (token !== null) writeFileSync(path, JSON.stringify({ url: server.url, token } satisfies Announcement), { mode: 0o600 })
  const stop = async (): Promise<void> => {
    rmSync(path, { force: true })
    await server.stop()
  }
  return { server: { ...server, stop }, token: token ?? '' }
}

export function sayWelcome(server: RunningServer, hasShell: boolean): void {
  const lines = [`AI-Shell is at ${server.url}  (API description: ${server.url}/docs)`]
  const { newAdminToken } = server.credentials
  if (newAdminToken !== null) lines.push(`The first admin's token, shown this once: ${newAdminToken}`)
  if (!hasShell && server.demo !== null)
    lines.push('Ask: npx aishell ask how many orders were shipped last month by carrier?', 'Stop: Ctrl-C')
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** Whoever may run a command beside an installed server reads its environment, and so the admin's token, anyway. */
async function installedServer(settings: Settings): Promise<ServerHandle> {
  const baseUrl = `http://127.0.0.1:${settings.server.port}`
  const token = (readClientSettings().token ?? settings.access.adminToken)?.reveal() ?? ''
  if (await answers(baseUrl)) return { baseUrl, token, stop: async () => undefined }
  throw new ShellError({
    code: 'main.no-server',
    kind: 'failed',
    message: `No AI-Shell answers on ${baseUrl}.`,
    hint: 'Its log says why it did not start; name one elsewhere with --server.',
  })
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

async function findRunning(settings: Settings): Promise<Announcement | null> {
  const path = announcementFile(settings)
  if (!existsSync(path)) return null
  try {
    const announced = JSON.parse(readFileSync(path, 'utf8')) as Announcement // written by openServer
    return (await answers(announced.url)) ? announced : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return null // a killed server leaves its announcement behind
    throw new ShellError({
      code: 'main.not-your-server',
      kind: 'denied',
      message: `The server on ${settings.app.dataDir} belongs to another user.`,
      hint: 'Sign in with --server and a token of your own.',
      cause: error,
    })
  }
}

function announcementFile(settings: Settings): string {
  return join(settings.app.dataDir, 'server.json')
}

function logFile(settings: Settings): string {
  return join(settings.app.dataDir, 'logs', 'server.log')
}
