import { z } from 'zod'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { eventStreamOf, problemsWithBody } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms, McpDoor, McpReply } from '../rooms.ts'

const message = z.looseObject({ jsonrpc: z.literal('2.0') })

/** What is wrong with a message is said in JSON-RPC, what is wrong with the request as everywhere. */
function refused() {
  const inBoth = Object.entries(problemsWithBody(404, 406)).map(([status, { description, content }]) => [
    status,
    { description, content: { ...content, 'application/json': { schema: message } } },
  ])
  return Object.fromEntries(inBoth) as ReturnType<typeof problemsWithBody> // the same statuses, said in one more way
}

/** Carries the bytes of the Model Context Protocol's streamable HTTP; what they mean the MCP surface knows. */
export function mcpRoutes(app: App, rooms: Pick<HttpRooms, 'observer'>, mcp: McpDoor): void {
  app.route({
    url: '/mcp',
    method: 'POST',
    config: { access: 'ask', isHeavy: true },
    schema: {
      operationId: 'mcp',
      tags: ['agents'],
      summary: 'Model Context Protocol, streamable HTTP',
      description: 'JSON-RPC messages. The server keeps no sessions, so there is no GET and no DELETE.',
      response: {
        200: {
          description: 'The answer, at once or as an event stream.',
          content: { 'application/json': { schema: message }, 'text/event-stream': { schema: eventStreamOf('a JSON-RPC message') } },
        },
        202: z.undefined().describe('A notification was taken.'),
        ...refused(),
      },
    },
    handler: async (request, reply) => {
      const exchange = new Exchange(reply)
      await exchange.guarded(rooms.observer.observe, request.id, async () => {
        const { method, headers, body } = request
        await carry(exchange, await mcp.handle({ actor: actorOf(request), method, headers, body, signal: exchange.stop.signal }))
      })
      return reply
    },
  })
}

async function carry(exchange: Exchange, { status, headers, body }: McpReply): Promise<void> {
  if (exchange.isGone) return
  exchange.begin(status, headers)
  if (typeof body === 'string') await exchange.write(body)
  else if (body !== null)
    for await (const chunk of body) {
      await exchange.write(chunk)
      if (exchange.isGone) return
    }
  exchange.end()
}
