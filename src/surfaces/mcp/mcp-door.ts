import { classifyInboundRequest, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server'
import { newId } from '../../domain/index.ts'
import type { McpTool } from '../../contract/index.ts'
import { callTool, isTool } from './call-tool.ts'
import { cancelledId, headerOf, isInitialize, isToolsCall, type McpReply, type McpRequest } from './messages.ts'
import { isAllowedOrigin } from './origin.ts'
import type { McpRooms } from './rooms.ts'
import { RunningCalls } from './running-calls.ts'
import { SdkExchange } from './sdk-exchange.ts'

export interface McpOptions {
  readonly version: string
  /** Web origins whose pages may speak to /mcp; a page's Origin that is not here is refused (DNS rebinding). */
  readonly origins?: readonly string[]
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
  const sdk = new SdkExchange(rooms, serverInfo)
  const running = new RunningCalls()

  async function answerCall(request: McpRequest, call: PlainCall, session: string): Promise<McpReply> {
    const place = { actor: request.actor, session, requestId: call.id }
    const result = await running.follow(place, request.signal, (signal) =>
      callTool(rooms, { actor: request.actor, signal }, call.name, call.input),
    )
    const full = call.isModern ? { resultType: 'complete', ...result, _meta: { [SERVER_INFO_META_KEY]: serverInfo } } : result
    return json(200, { jsonrpc: '2.0', id: call.id, result: full })
  }

  return {
    handle: async (request) => {
      if (!isAllowedOrigin(request.headers['origin'], options.origins ?? [])) return refusedOrigin
      const session = headerOf(request, 'mcp-session-id') ?? ''
      const call = plainCall(request)
      if (call !== null) return answerCall(request, call, session)
      const cancelled = cancelledId(request.body)
      if (cancelled !== null) {
        running.cancel({ actor: request.actor, session, requestId: cancelled })
        return { status: 202, headers: {}, body: null }
      }
      const reply = await sdk.answer(request)
      // Not a session: only a name by which a client's cancel finds its own call. Clients send it back; none must.
      return isInitialize(request.body) ? { ...reply, headers: { ...reply.headers, 'mcp-session-id': newId() } } : reply
    },
    close: () => sdk.close(),
  }
}

interface PlainCall {
  readonly id: string | number
  readonly name: McpTool
  readonly input: unknown
  readonly isModern: boolean
}

const modernVersion = '2026-07-28'
const legacyVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26']

/** A call that leaves nothing to ask about the protocol; anything else is the SDK's to answer, errors included. */
function plainCall(request: McpRequest): PlainCall | null {
  const { body } = request
  if (!isToolsCall(body) || !isTool(body.params.name)) return null
  const version = headerOf(request, 'mcp-protocol-version')
  const method = headerOf(request, 'mcp-method')
  const name = headerOf(request, 'mcp-name')
  const outcome = classifyInboundRequest({
    httpMethod: request.method,
    body,
    ...(version === undefined ? {} : { protocolVersionHeader: version }),
    ...(method === undefined ? {} : { mcpMethodHeader: method }),
    ...(name === undefined ? {} : { mcpNameHeader: name }),
  })
  const isLegacy = outcome.kind === 'legacy' && (version === undefined || legacyVersions.includes(version))
  const isModern = outcome.kind === 'modern' && outcome.classification.revision === modernVersion && version === modernVersion
  const isNamed = method === 'tools/call' && name === body.params.name
  if (!isLegacy && !(isModern && isNamed)) return null
  return { id: body.id, name: body.params.name, input: body.params.arguments, isModern }
}

function json(status: number, body: unknown): McpReply {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) }
}

const refusedOrigin = json(403, {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32_000, message: 'Pages of this origin may not speak to this server.', data: { code: 'mcp.origin-refused' } },
})
