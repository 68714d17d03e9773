import type { z } from 'zod'
import { mayDo, ShellError, type Verb } from '../../domain/index.ts'
import { mcpInputShapes, mcpTools, type McpTool } from '../../contract/index.ts'
import type { McpRooms, ToolCall } from './rooms.ts'
import { failed, failedBy, type ToolResult } from './tool-result.ts'
import { ask, explain, runSql } from './tools/answer.ts'
import { getApproval } from './tools/approval.ts'
import { describeTable, listConnections, searchCatalog } from './tools/browse.ts'

const verbOf: Readonly<{ [Tool in McpTool]: Verb }> = {
  list_connections: 'ask',
  search_catalog: 'browse-catalog',
  describe_table: 'browse-catalog',
  ask: 'ask',
  run_sql: 'ask',
  explain: 'ask',
  get_approval: 'ask',
}

export function isTool(name: string): name is McpTool {
  return mcpTools.some((tool) => tool === name)
}

/** Runs one tool. Never throws: what went wrong is a result the agent can read. */
export async function callTool(rooms: McpRooms, call: ToolCall, name: McpTool, input: unknown): Promise<ToolResult> {
  try {
    if (!mayDo(call.actor, verbOf[name])) throw notAllowed(verbOf[name])
    return await dispatch(rooms, call, name, input ?? {})
  } catch (error) {
    const known = failedBy(error)
    if (known !== null) return known
    rooms.observe({ type: 'failure', code: 'internal', error })
    return failed({ code: 'internal', message: 'Internal error. The operator finds the cause in the log.' })
  }
}

function dispatch(rooms: McpRooms, call: ToolCall, name: McpTool, input: unknown): Promise<ToolResult> {
  switch (name) {
    case 'list_connections':
      parse(mcpInputShapes.list_connections, input)
      return listConnections(rooms, call)
    case 'search_catalog':
      return searchCatalog(rooms, call, parse(mcpInputShapes.search_catalog, input))
    case 'describe_table':
      return describeTable(rooms, call, parse(mcpInputShapes.describe_table, input))
    case 'ask':
      return ask(rooms, call, parse(mcpInputShapes.ask, input))
    case 'run_sql':
      return runSql(rooms, call, parse(mcpInputShapes.run_sql, input))
    case 'get_approval':
      return getApproval(rooms, call, parse(mcpInputShapes.get_approval, input))
    default:
      return explain(rooms, call, parse(mcpInputShapes.explain, input))
  }
}

function parse<Shape extends z.ZodType>(shape: Shape, input: unknown): z.output<Shape> {
  const result = shape.safeParse(input)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'arguments'}: ${issue.message}`)
  throw new ShellError({ code: 'mcp.invalid-arguments', kind: 'invalid', message: faults.join('; '), hint: 'See the tool’s inputSchema.' })
}

function notAllowed(verb: Verb): ShellError {
  return new ShellError({
    code: 'mcp.not-allowed',
    kind: 'denied',
    message: `This token does not include the right to ${verb.replaceAll('-', ' ')}.`,
    hint: 'Ask whoever made the token for a wider one.',
  })
}
