import { ShellError, type Actor } from '../domain/index.ts'
import type { ApprovalBody } from '../contract/index.ts'
import type { Connections } from '../platform/connections/index.ts'

/** Throws unless this person has the right on the connection and the connection's policy counts their role among its approvers. */
export async function mayApprove(rooms: { readonly connections: Connections }, actor: Actor, approval: ApprovalBody): Promise<void> {
  const { policy } = await rooms.connections.rulesFor(actor, approval.connection.id, 'approve')
  if (policy.approvers.length === 0 || policy.approvers.some((role) => actor.roles.includes(role))) return
  throw new ShellError({
    code: 'approvals.not-an-approver',
    kind: 'denied',
    message: `The policy of ${approval.connection.name} does not let your role approve.`,
    hint: `Ask somebody who is ${policy.approvers.join(' or ')}.`,
  })
}
