import { createMcpHandler } from '@modelcontextprotocol/server'
import type { Actor } from '../../domain/index.ts'
import type { McpReply, McpRequest } from './messages.ts'
import { protocolServer } from './protocol-server.ts'
import type { McpRooms } from './rooms.ts'

/** The SDK's own serving, in both eras of the protocol: everything that is not one plain call. */
export class SdkExchange {
  readonly #actors = new WeakMap<Request, Actor>()
  readonly #handler: ReturnType<typeof createMcpHandler>

  constructor(rooms: McpRooms, serverInfo: { name: string; version: string }) {
    this.#handler = createMcpHandler(
      ({ requestInfo }) => protocolServer(rooms, serverInfo, requestInfo === undefined ? undefined : this.#actors.get(requestInfo)),
      { onerror: () => {} }, // the SDK has told the client already; it is the client's message that did not fit
    )
  }

  async answer(request: McpRequest): Promise<McpReply> {
    const web = webRequest(request)
    this.#actors.set(web, request.actor)
    const response = await this.#handler.fetch(web, { parsedBody: request.body })
    const headers = Object.fromEntries(response.headers)
    const isStream = headers['content-type']?.startsWith('text/event-stream') === true
    return { status: response.status, headers, body: isStream ? response.body : await response.text() }
  }

  close(): Promise<void> {
    return this.#handler.close()
  }
}

/** The SDK reads web requests. The credential stays outside: it is proven and nobody's business in there. */
function webRequest(request: McpRequest): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && name !== 'authorization') headers.set(name, value)
  return new Request('http://aishell.invalid/mcp', {
    method: request.method,
    headers,
    signal: request.signal,
    body: JSON.stringify(request.body),
  })
}
