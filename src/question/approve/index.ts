// Takes a statement that wants another person's consent, and that person; gives the consent, for one execution.
// States move by compare-and-set, so that of many who decide or run at once one does.
// Touches its own table through store.
// Refuses the requester, agents and services as approvers; it never runs anything.
export type { Approvals, Approver, Claim, Ending, RequestFields, StaleExecution } from './approvals.ts'
export { createApprovals, type ApprovalsOptions } from './create-approvals.ts'
