import type { Actor, Question } from '../../domain/index.ts'
import type { Connections } from '../../platform/connections/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import type { ApprovalDesk, PipelineEvent } from '../../question/index.ts'

/** What the tools need; built by hand in serve.ts. */
export interface McpRooms {
  readonly answer: (actor: Actor, question: Question, signal: AbortSignal) => AsyncGenerator<PipelineEvent>
  readonly connections: Connections
  /** Agents look, and never decide. */
  readonly approvals: Pick<ApprovalDesk, 'get'>
  readonly observe: Observe
}

/** One call of a tool, whoever carried it here. */
export interface ToolCall {
  readonly actor: Actor
  readonly signal: AbortSignal
}
