import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { ProblemError, type Client } from '../../contract/index.ts'
import { readMessages } from './message-stream.ts'

export interface McpStdioOptions {
  /** Carries the token; made with `surface: 'mcp'`. */
  readonly client: Client
  readonly input: Readable
  readonly output: Writable
}

export interface McpStdio {
  /** Resolves when the input has ended and everything asked is answered. */
  readonly ended: Promise<void>
  close(): void
}

interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: { readonly [key: string]: unknown }
}

/** MCP over stdio for a server elsewhere: each line goes to its /mcp, each message that comes back is a line. */
export function createMcpStdio({ client, input, output }: McpStdioOptions): McpStdio {
  const forwarder = new Forwarder(client, output)
  const lines = createInterface({ input, crlfDelay: Infinity })
  lines.on('line', (line) => {
    if (line.trim() !== '') forwarder.take(line)
  })
  const ended = new Promise<void>((resolve) => {
    lines.once('close', () => void forwarder.settled().then(resolve))
  })
  return {
    ended,
    close: () => {
      forwarder.abortAll()
      lines.close()
    },
  }
}

class Forwarder {
  readonly #client: Client
  readonly #output: Writable
  readonly #running = new Map<string | number, AbortController>()
  readonly #pending = new Set<Promise<void>>()
  #negotiated: string | null = null

  constructor(client: Client, output: Writable) {
    this.#client = client
    this.#output = output
  }

  take(line: string): void {
    const message = parse(line)
    if (message === null) return this.#say({ jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'This line is not JSON.' } })
    if (message.method === 'notifications/cancelled') return this.#cancel(message.params?.['requestId'])
    const work = this.#forward(message).finally(() => this.#pending.delete(work))
    this.#pending.add(work)
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  abortAll(): void {
    for (const controller of this.#running.values()) controller.abort()
  }

  /** Over HTTP a request is cancelled by leaving it. */
  #cancel(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#running.get(id)?.abort()
  }

  async #forward(message: Message): Promise<void> {
    const controller = new AbortController()
    if (message.id !== undefined) this.#running.set(message.id, controller)
    try {
      const accept = 'application/json, text/event-stream'
      const response = await this.#client.send('POST', '/mcp', {
        body: message,
        accept,
        signal: controller.signal,
        headers: this.#headers(message),
      })
      for await (const answer of readMessages(response)) {
        if (message.method === 'initialize') this.#negotiated = negotiatedVersion(answer) ?? this.#negotiated
        this.#say(answer)
      }
    } catch (error) {
      if (message.id !== undefined && !controller.signal.aborted) this.#say({ jsonrpc: '2.0', id: message.id, error: rpcError(error) })
    } finally {
      if (message.id !== undefined) this.#running.delete(message.id)
    }
  }

  /** What HTTP wants said beside the body, and stdio says only inside it. */
  #headers(message: Message): { [name: string]: string } {
    const meta = message.params?.['_meta']
    const claimed = typeof meta === 'object' && meta !== null ? (meta as { [key: string]: unknown })[versionKey] : undefined
    if (typeof claimed !== 'string') return this.#negotiated === null ? {} : { 'mcp-protocol-version': this.#negotiated }
    const name = message.params?.['name'] ?? message.params?.['uri']
    return {
      'mcp-protocol-version': claimed,
      ...(message.method === undefined ? {} : { 'mcp-method': message.method }),
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    }
  }

  #say(message: unknown): void {
    this.#output.write(`${JSON.stringify(message)}\n`)
  }
}

const versionKey = 'io.modelcontextprotocol/protocolVersion'

function parse(line: string): Message | null {
  try {
    return JSON.parse(line) as Message // the server judges the rest of the shape
  } catch {
    return null
  }
}

function negotiatedVersion(answer: unknown): string | null {
  const result = (answer as { readonly result?: { readonly protocolVersion?: unknown } }).result // any JSON-RPC message
  return typeof result?.protocolVersion === 'string' ? result.protocolVersion : null
}

function rpcError(error: unknown): { readonly code: number; readonly message: string; readonly data?: unknown } {
  if (error instanceof ProblemError)
    return { code: -32_000, message: error.problem.detail, data: { code: error.problem.code, hint: error.problem.hint } }
  return { code: -32_000, message: 'The AI-Shell server cannot be reached.', data: { code: 'mcp.server-unreachable' } }
}
