import { newId } from '../../domain/index.ts'
import { callTool } from './call-tool.ts'
import { cancelledId, headerOf, isInitialize, progressTokenOf, type McpReply, type McpRequest, type ProgressToken } from './messages.ts'
import { isAllowedOrigin } from './origin.ts'
import type { McpRooms, ToolCall } from './rooms.ts'
import { RunningCalls, type CancelCallElsewhere } from './running-calls.ts'
import type { PlainCall } from './plain-call.ts'
import { LateResult, progressNotification } from './progress.ts'

export interface McpOptions {
  readonly version: string
  /** Web origins whose pages may speak to /mcp; a page's Origin that is not here is refused (DNS rebinding). */
  readonly origins?: readonly string[]
  /** Hears of a client's cancel whose call does not run here; left out: there are no other servers. */
  readonly cancelElsewhere?: CancelCallElsewhere
}

export interface Mcp {
  handle(request: McpRequest): Promise<McpReply>
  /** What another server's `cancelElsewhere` was told. false: no such call runs here. */
  cancelHere(call: string): boolean
  close(): Promise<void>
}

/**
 * The Model Context Protocol over streamable HTTP, without sessions. The SDK speaks the protocol in both its eras; one
 * call of a tool, well formed, is answered right here, because an SDK server per call costs more than the call.
 */
export function createMcp(rooms: McpRooms, options: McpOptions): Mcp {
  const serverInfo = { name: 'aishell', version: options.version }
  const running = new RunningCalls(options.cancelElsewhere ?? (() => undefined))
  let loaded: ReturnType<typeof loadProtocol> | null = null

  async function answerCall(request: McpRequest, call: PlainCall, session: string, wireResult: WireResult): Promise<McpReply> {
    const place = { actor: request.actor, session, requestId: call.id }
    const answer = async (progress?: ToolCall['progress']): Promise<object> => {
      const result = await running.follow(place, request.signal, (stop) =>
        callTool(rooms, { actor: request.actor, stop, progress }, call.name, call.input),
      )
      return { jsonrpc: '2.0', id: call.id, result: wireResult(call, result, serverInfo) }
    }
    const token = progressTokenOf(request.body)
    if (token === null || headerOf(request, 'accept')?.includes(eventStream) !== true) return json(200, await answer())
    const late = new LateResult(answer)
    const soon = await late.soon()
    return soon === null ? streamed(token, late) : json(200, soon)
  }

  return {
    handle: async (request) => {
      if (!isAllowedOrigin(request.headers['origin'], options.origins ?? [])) return refusedOrigin
      const session = headerOf(request, 'mcp-session-id') ?? ''
      const { sdk, plainCall, wireResult } = await (loaded ??= loadProtocol(rooms, serverInfo))
      const call = plainCall(request)
      if (call !== null) return answerCall(request, call, session, wireResult)
      const cancelled = cancelledId(request.body)
      if (cancelled !== null) {
        running.cancel({ actor: request.actor, session, requestId: cancelled })
        return { status: 202, headers: {}, body: null }
      }
      const reply = await sdk.answer(request)
      // Not a session: only a name by which a client's cancel finds its own call. Clients send it back; none must.
      return isInitialize(request.body) ? { ...reply, headers: { ...reply.headers, 'mcp-session-id': newId() } } : reply
    },
    cancelHere: (call) => running.cancelHere(call),
    close: async () => (await loaded)?.sdk.close(),
  }
}

type WireResult = Awaited<ReturnType<typeof loadProtocol>>['wireResult']

/** The SDK takes a fifth of a second and ten megabytes: a server that no agent asks goes without. */
async function loadProtocol(rooms: McpRooms, serverInfo: { name: string; version: string }) {
  const [{ SdkExchange }, { plainCall, wireResult }] = await Promise.all([import('./sdk-exchange.ts'), import('./plain-call.ts')])
  return { sdk: new SdkExchange(rooms, serverInfo), plainCall, wireResult }
}

function json(status: number, body: unknown): McpReply {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) }
}

const eventStream = 'text/event-stream'

/** Words of progress as server-sent events, the result as the last. */
function streamed(token: ProgressToken, late: LateResult<object>): McpReply {
  const encoder = new TextEncoder()
  const line = (message: object): Uint8Array => encoder.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
  async function* messages(): AsyncGenerator<Uint8Array> {
    const words = late.words()
    for (;;) {
      const { done, value } = await words.next()
      if (done === true) return yield line(value)
      yield line({ jsonrpc: '2.0', ...progressNotification(token, value) })
    }
  }
  return { status: 200, headers: { 'content-type': eventStream, 'cache-control': 'no-store', 'x-accel-buffering': 'no' }, body: messages() }
}

const refusedOrigin = json(403, {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32_000, message: 'Pages of this origin may not speak to this server.', data: { code: 'mcp.origin-refused' } },
})
