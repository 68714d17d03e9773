import type { ApprovalBody } from '../../../contract/index.ts'
import type { McpRooms, ToolCall } from '../rooms.ts'
import { done, type ToolResult } from '../tool-result.ts'

/** Looking only: nothing an agent can call gives an approval. */
export async function getApproval(rooms: McpRooms, call: ToolCall, input: { readonly id: string }): Promise<ToolResult> {
  const approval = await rooms.approvals.get(call.actor, input.id)
  const { id, state, expiresAt, affectedRows, failure } = approval
  return done(wordsOf(approval), { id, state, expiresAt, affected_rows: affectedRows, ...(failure === null ? {} : { failure }) })
}

function wordsOf({ state, expiresAt, affectedRows, failure, decidedBy }: ApprovalBody): string {
  switch (state) {
    case 'requested':
      return `Waits for another person until ${expiresAt}.`
    case 'executed':
      return `Approved by ${decidedBy?.name ?? 'another person'} and run. Rows changed: ${affectedRows ?? 'not told by the database'}.`
    case 'unknown':
      return 'Approved, and it is not known whether it happened. Look at the data; do not run it again unseen.'
    default:
      return `It is ${state}.${failure === null ? '' : ` ${failure.message}`}`
  }
}
