/** Where a request stands. `unknown`: it was being committed when its server or the connection went away. */
export const approvalStates = [
  'requested',
  'approved',
  'rejected',
  'expired',
  'cancelled',
  'executing',
  'executed',
  'failed',
  'unknown',
] as const
export type ApprovalState = (typeof approvalStates)[number]
