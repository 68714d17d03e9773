import { isShellError } from '../../domain/index.ts'

/** `CallToolResult` of the protocol, as far as these tools use it. */
export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent: { readonly [key: string]: unknown }
  readonly isError?: true
}

export function done(text: string, structuredContent: { readonly [key: string]: unknown }): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent }
}

/** For what the agent can read and mend: the code is stable, the hint says what to do. */
export function failed(fields: {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly more?: { readonly [key: string]: unknown }
}): ToolResult {
  const { code, message, hint, more = {} } = fields
  const text = hint === undefined ? `${message} [${code}]` : `${message} [${code}]\n${hint}`
  const error = { code, message, ...(hint === undefined ? {} : { hint }) }
  return { content: [{ type: 'text', text }], structuredContent: { ...more, error }, isError: true }
}

/** null: a fault of our own, whose cause is not for the agent. */
export function failedBy(error: unknown): ToolResult | null {
  return isShellError(error) ? failed({ code: error.code, message: error.message, hint: error.hint }) : null
}
