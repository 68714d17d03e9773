import {
  classifyInboundRequest,
  createMcpHandler,
  SERVER_INFO_META_KEY,
  type InboundClassificationOutcome,
} from '@modelcontextprotocol/server'
import type { Actor } from '../../domain/index.ts'
import { callTool, isTool } from './call-tool.ts'
import { isAllowedOrigin } from './origin.ts'
import { protocolServer } from './protocol-server.ts'
import type { McpRooms } from './rooms.ts'

export interface McpOptions {
  readonly version: string
  /** Web origins whose pages may speak to /mcp; a page's Origin that is not here is refused (DNS rebinding). */
  readonly origins?: readonly string[]
}

interface McpRequest {
  readonly actor: Actor
  readonly method: string
  readonly headers: Readonly<{ [name: string]: string | string[] | undefined }>
  readonly body: unknown
  readonly signal: AbortSignal
}

interface McpReply {
  readonly status: number
  readonly headers: Readonly<{ [name: string]: string }>
  readonly body: string | AsyncIterable<Uint8Array> | null
}

export interface Mcp {
  handle(request: McpRequest): Promise<McpReply>
  close(): Promise<void>
}

/**
 * The Model Context Protocol over streamable HTTP, without sessions. The SDK speaks the protocol in both its eras; one
 * call of a tool, well formed, is answered right here, because an SDK server per call costs more than the call.
 */
export function createMcp(rooms: McpRooms, options: McpOptions): Mcp {
  const serverInfo = { name: 'aishell', version: options.version }
  const actors = new WeakMap<Request, Actor>()
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const actor = requestInfo === undefined ? undefined : actors.get(requestInfo)
      return protocolServer(rooms, serverInfo, actor)
    },
    { onerror: () => {} }, // the SDK has told the client already; it is the client's message that did not fit
  )
  return {
    handle: async (request) => {
      if (!isAllowedOrigin(request.headers['origin'], options.origins ?? [])) return refusedOrigin
      const call = toolCallOf(request)
      if (call === null) return viaSdk(handler, actors, request)
      const result = await callTool(rooms, request, call.name, call.input)
      const full = call.isModern ? { resultType: 'complete', ...result, _meta: { [SERVER_INFO_META_KEY]: serverInfo } } : result
      return json(200, { jsonrpc: '2.0', id: call.id, result: full })
    },
    close: () => handler.close(),
  }
}

/** A call that leaves nothing to ask about the protocol; anything else is the SDK's to answer, errors included. */
function toolCallOf(request: McpRequest) {
  const { body, headers } = request
  if (!isToolsCall(body) || !isTool(body.params.name)) return null
  const said = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const protocolVersionHeader = said('mcp-protocol-version')
  const mcpMethodHeader = said('mcp-method')
  const mcpNameHeader = said('mcp-name')
  const outcome = classifyInboundRequest({
    httpMethod: request.method,
    body,
    ...(protocolVersionHeader === undefined ? {} : { protocolVersionHeader }),
    ...(mcpMethodHeader === undefined ? {} : { mcpMethodHeader }),
    ...(mcpNameHeader === undefined ? {} : { mcpNameHeader }),
  })
  const isModern = isServedModern(outcome, protocolVersionHeader)
  const isLegacy = outcome.kind === 'legacy' && (protocolVersionHeader === undefined || legacyVersions.has(protocolVersionHeader))
  const hasModernHeaders = mcpMethodHeader === 'tools/call' && mcpNameHeader === body.params.name
  if (!isLegacy && !(isModern && hasModernHeaders)) return null
  return { id: body.id, name: body.params.name, input: body.params.arguments, isModern }
}

const modernVersion = '2026-07-28'
const legacyVersions: ReadonlySet<string> = new Set(['2025-11-25', '2025-06-18', '2025-03-26'])

function isServedModern(outcome: InboundClassificationOutcome, header: string | undefined): boolean {
  return outcome.kind === 'modern' && outcome.classification.revision === modernVersion && header === modernVersion
}

interface ToolsCall {
  readonly id: string | number
  readonly method: 'tools/call'
  readonly params: { readonly name: string; readonly arguments?: unknown }
}

function isToolsCall(body: unknown): body is ToolsCall {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { jsonrpc, id, method, params } = body as { readonly [key: string]: unknown } // an object, just checked
  if (jsonrpc !== '2.0' || method !== 'tools/call' || (typeof id !== 'string' && typeof id !== 'number')) return false
  return typeof params === 'object' && params !== null && 'name' in params && typeof params.name === 'string'
}

async function viaSdk(
  handler: ReturnType<typeof createMcpHandler>,
  actors: WeakMap<Request, Actor>,
  request: McpRequest,
): Promise<McpReply> {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && name !== 'authorization' && !name.startsWith(':')) headers.set(name, value)
  const web = new Request('http://aishell.invalid/mcp', {
    method: request.method,
    headers,
    signal: request.signal,
    ...(request.method === 'POST' ? { body: JSON.stringify(request.body) } : {}),
  })
  actors.set(web, request.actor)
  const response = await handler.fetch(web, { parsedBody: request.body })
  const out: { [name: string]: string } = {}
  for (const [name, value] of response.headers) out[name] = value
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true)
    return { status: response.status, headers: out, body: response.body }
  return { status: response.status, headers: out, body: await response.text() }
}

function json(status: number, body: unknown): McpReply {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) }
}

const refusedOrigin = json(403, {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32_000, message: 'Pages of this origin may not speak to this server.', data: { code: 'mcp.origin-refused' } },
})
