import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server'
import type { Actor } from '../../domain/index.ts'
import { callTool, isTool } from './call-tool.ts'
import { definitions, instructions } from './definitions.ts'
import { progressTokenOf } from './messages.ts'
import { progressNotification } from './progress.ts'
import type { McpRooms, ToolCall } from './rooms.ts'
import { stopWith } from './stop-with.ts'

/** A server of the SDK for one exchange: handshakes, listings, and calls that are not plain. */
export function protocolServer(rooms: McpRooms, serverInfo: { name: string; version: string }, actor: Actor | undefined): Server {
  const server = new Server(serverInfo, { capabilities: { tools: {} }, instructions })
  server.setRequestHandler('tools/list', () => ({ tools: definitions.map((definition) => ({ ...definition })) }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    if (actor === undefined || !isTool(params.name))
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool named ${params.name}.`)
    const token = progressTokenOf({ params })
    const progress: ToolCall['progress'] =
      token === null ? undefined : (word) => void context.mcpReq.notify(progressNotification(token, word)).catch(() => {}) // they left
    const stop = stopWith(context.mcpReq.signal)
    const { content, ...result } = await callTool(rooms, { actor, stop, progress }, params.name, params.arguments)
    return { ...result, content: [...content] }
  })
  return server
}
