import { classifyInboundRequest, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server'
import type { McpTool } from '../../contract/index.ts'
import { isTool } from './call-tool.ts'
import { headerOf, isToolsCall, type McpRequest } from './messages.ts'
import type { ToolResult } from './tool-result.ts'

export interface PlainCall {
  readonly id: string | number
  readonly name: McpTool
  readonly input: unknown
  readonly isModern: boolean
}

const modernVersion = '2026-07-28'
const legacyVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26']

/** A call that leaves nothing to ask about the protocol; anything else is the SDK's to answer, errors included. */
export function plainCall(request: McpRequest): PlainCall | null {
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

/** The result as its era of the protocol writes it. */
export function wireResult(call: PlainCall, result: ToolResult, serverInfo: { readonly name: string; readonly version: string }): object {
  return call.isModern ? { resultType: 'complete', ...result, _meta: { [SERVER_INFO_META_KEY]: serverInfo } } : result
}
