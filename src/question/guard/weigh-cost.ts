import type { CostBound, GrantedApproval, Policy, Reason } from '../../domain/index.ts'
import { approvable, approvalVoid, isGranted } from './approvable.ts'
import type { Guarded } from './guard.ts'

/** What the planner expects of a statement; null: it does not say. */
export interface Estimate {
  readonly estimatedRows: number | null
  readonly estimatedCost: number | null
}

/** Whether the verdict still depends on what the planner expects. */
export function needsEstimate({ verdict, approved }: Guarded, { costGate }: Policy): boolean {
  return approved !== null && verdict.decision === 'allow' && verdict.class === 'read' && costGate !== null
}

/**
 * The verdict with the policy's cost gate applied. An estimate that is not there counts as over every bound; `approval` is
 * somebody's consent to the price.
 */
export function weighCost(guarded: Guarded, { costGate }: Policy, estimate: Estimate, approval: GrantedApproval | null = null): Guarded {
  if (costGate === null) return guarded
  if (isOver(costGate.refuseOver, estimate)) return against(guarded, 'refuse', tooDear(told(guarded, estimate)))
  if (isOver(costGate.confirmOver, estimate)) return confirmed(guarded, needsApproval(told(guarded, estimate)), approval)
  return guarded
}

/** Of masked columns and filtered rows no estimate is told: it goes by what is hidden. */
function told({ verdict }: Guarded, estimate: Estimate): Estimate | null {
  return verdict.masked.length > 0 || verdict.filtered.length > 0 ? null : estimate
}

function isOver(bound: CostBound, { estimatedCost, estimatedRows }: Estimate): boolean {
  const over = (most: number | null, estimated: number | null): boolean => most !== null && (estimated === null || estimated > most)
  return over(bound.cost, estimatedCost) || over(bound.rows, estimatedRows)
}

function confirmed(guarded: Guarded, reason: Reason, approval: GrantedApproval | null): Guarded {
  const { approved } = guarded
  const priced = against(guarded, 'confirm', reason)
  if (approved === null) return priced
  const statement = approvable(approved)
  if (approval === null) return { ...priced, approvable: statement }
  return isGranted(approval, statement) ? { ...priced, approved, approvable: statement } : against(priced, 'refuse', approvalVoid)
}

function against({ verdict }: Guarded, decision: 'confirm' | 'refuse', reason: Reason): Guarded {
  return { verdict: { ...verdict, decision, reasons: [...verdict.reasons, reason] }, approved: null, approvable: null }
}

function tooDear(estimate: Estimate | null): Reason {
  return {
    code: 'guard.too-dear',
    message: `${expected(estimate)} That is more than the policy of this connection lets anyone run.`,
    hint: 'Narrow it: a shorter period, fewer joins, a LIMIT.',
  }
}

function needsApproval(estimate: Estimate | null): Reason {
  return {
    code: 'guard.cost-needs-approval',
    message: `${expected(estimate)} From there on the policy of this connection wants an approval.`,
    hint: 'Narrow it, or ask for an approval.',
  }
}

function expected(estimate: Estimate | null): string {
  if (estimate === null) return 'The database expects this statement to be dear.'
  const { estimatedCost, estimatedRows } = estimate
  if (estimatedCost === null && estimatedRows === null) return 'The database does not say what this statement will cost.'
  return `The database expects ${estimatedRows ?? 'an unknown number of'} rows at a cost of ${estimatedCost ?? 'unknown size'}.`
}
