import type { Actor } from '../../domain/index.ts'

/** One HTTP request to /mcp, its credential already proven; as the HTTP surface carries it. */
export interface McpRequest {
  readonly actor: Actor
  readonly method: string
  /** Lower-case names. */
  readonly headers: Readonly<{ [name: string]: string | string[] | undefined }>
  readonly body: unknown
  readonly signal: AbortSignal
}

export interface McpReply {
  readonly status: number
  readonly headers: Readonly<{ [name: string]: string }>
  readonly body: string | AsyncIterable<Uint8Array> | null
}

export interface ToolsCall {
  readonly id: string | number
  readonly params: { readonly name: string; readonly arguments?: unknown }
}

export function headerOf(request: McpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

export function isToolsCall(body: unknown): body is ToolsCall {
  const { jsonrpc, id, method, params } = fieldsOf(body)
  return jsonrpc === '2.0' && method === 'tools/call' && isRequestId(id) && typeof fieldsOf(params)['name'] === 'string'
}

/** The request a client wants ended; null: the message is another. */
export function cancelledId(body: unknown): string | number | null {
  const { method, params } = fieldsOf(body)
  if (method !== 'notifications/cancelled') return null
  const { requestId } = fieldsOf(params)
  return isRequestId(requestId) ? requestId : null
}

export type ProgressToken = string | number

/** What a client wants to hear of this request's progress under; null: nothing. */
export function progressTokenOf(body: unknown): ProgressToken | null {
  const { progressToken } = fieldsOf(fieldsOf(fieldsOf(body)['params'])['_meta'])
  return isRequestId(progressToken) ? progressToken : null
}

export function isInitialize(body: unknown): boolean {
  return fieldsOf(body)['method'] === 'initialize'
}

function isRequestId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function fieldsOf(value: unknown): { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [key: string]: unknown }) : {} // an object, just checked
}
