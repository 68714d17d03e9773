import { readFile } from 'node:fs/promises'
import { Client, type ConnectionBody } from '../../contract/index.ts'
import { ShellError } from '../../domain/index.ts'
import { CredentialsFile } from './credentials-file.ts'
import type { ServerHandle, TerminalEnvironment } from './environment.ts'

/** Options every command that talks to a server takes. */
export interface SessionOptions {
  readonly server?: string
  readonly tokenFile?: string
}

/** A client and the server behind it, for the length of one command or one shell. */
export interface Session {
  readonly client: Client
  readonly baseUrl: string
  readonly token: string
  /** What the user should know about this way of connecting; null: nothing. */
  readonly warning: string | null
  close(): Promise<void>
}

/** A named server with the token at hand, else the local one. Throws kind `denied` | `invalid` | whatever `connect` throws. */
export async function openSession(env: TerminalEnvironment, options: SessionOptions): Promise<Session> {
  const serverUrl = options.server ?? env.serverUrl
  const handle = serverUrl === null ? await localServer(env, options) : await remoteServer(env, options, serverUrl)
  const { baseUrl, token } = handle
  const client = new Client({ baseUrl, token, surface: 'terminal' })
  return { client, baseUrl, token, warning: warningFor(baseUrl), close: () => handle.stop() }
}

async function localServer(env: TerminalEnvironment, options: SessionOptions): Promise<ServerHandle> {
  const handle = await env.connect()
  return options.tokenFile === undefined ? handle : { ...handle, token: await readToken(options.tokenFile), stop: () => handle.stop() }
}

async function remoteServer(env: TerminalEnvironment, options: SessionOptions, serverUrl: string): Promise<ServerHandle> {
  const baseUrl = parseServerUrl(serverUrl)
  const kept = options.tokenFile === undefined && env.token === null ? await new CredentialsFile(env.credentialsFile).read(baseUrl) : null
  const token = options.tokenFile === undefined ? (env.token ?? kept?.token ?? null) : await readToken(options.tokenFile)
  if (token === null || token === '') {
    throw new ShellError({
      code: 'terminal.no-token',
      kind: 'denied',
      message: `There is no token for ${serverUrl}.`,
      hint: 'Sign in with `aishell login`, or put a token in AISHELL_TOKEN or in a file named by --token-file.',
    })
  }
  return { baseUrl, token, stop: async () => {} }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw new ShellError({
      code: 'terminal.token-file',
      kind: 'denied',
      message: `The token file ${file} cannot be read (${reason}).`,
      cause,
    })
  }
}

export function parseServerUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href.replace(/\/+$/, '')
  throw new ShellError({
    code: 'terminal.server-url',
    kind: 'invalid',
    message: `'${text}' is no server address.`,
    hint: 'It looks like https://aishell.example.com or http://127.0.0.1:8000.',
  })
}

function warningFor(baseUrl: string): string | null {
  const { protocol, hostname } = new URL(baseUrl)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return protocol === 'http:' && !isLoopback ? `The token travels to ${hostname} unencrypted; use https.` : null
}

/** The connection that is meant: the one named, the only one, or the demo. Throws kind `missing` | `invalid`. */
export function chooseConnection(connections: readonly ConnectionBody[], named: string | null): ConnectionBody {
  if (named !== null) return findConnection(connections, named)
  const first = preferredConnection(connections)
  if (first === null) {
    throw new ShellError({
      code: 'terminal.no-connections',
      kind: 'missing',
      message: 'There is no connection to a database that you may use.',
      hint: 'Save one with `aishell connections add`, or ask for access to one.',
    })
  }
  if (connections.length === 1 || first.origin === 'demo') return first
  throw new ShellError({
    code: 'terminal.which-connection',
    kind: 'invalid',
    message: `There are ${connections.length} connections: ${namesOf(connections)}.`,
    hint: 'Name one with -c, or set AISHELL_CONNECTION.',
  })
}

/** The demo, else the first. */
export function preferredConnection(connections: readonly ConnectionBody[]): ConnectionBody | null {
  return connections.find((connection) => connection.origin === 'demo') ?? connections[0] ?? null
}

export function findConnection(connections: readonly ConnectionBody[], named: string): ConnectionBody {
  const found = connections.find((connection) => connection.name === named || connection.id === named)
  if (found !== undefined) return found
  throw new ShellError({
    code: 'terminal.unknown-connection',
    kind: 'missing',
    message: `There is no connection '${named}'.`,
    hint: connections.length === 0 ? 'Save one with `aishell connections add`.' : `There are: ${namesOf(connections)}.`,
  })
}

function namesOf(connections: readonly ConnectionBody[]): string {
  const names = connections.map((connection) => connection.name)
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ')
}
