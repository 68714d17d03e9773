import type { Actor } from '../../domain/index.ts'
import type { Connections } from '../../platform/connections/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import type { ProgressBody } from '../../contract/index.ts'
import type { Answer, ApprovalDesk } from '../../question/index.ts'

/** What the tools need; built by hand in serve.ts. */
export interface McpRooms {
  readonly answer: Answer
  readonly connections: Connections
  /** Agents look, and never decide. */
  readonly approvals: Pick<ApprovalDesk, 'get'>
  readonly observe: Observe
}

/** One call of a tool, whoever carried it here. */
export interface ToolCall {
  readonly actor: Actor
  /** Ends it. */
  readonly stop: AbortController
  /** Hears how far long work is; left out: the client does not want to. */
  readonly progress?: ((progress: ProgressBody) => void) | undefined
}
