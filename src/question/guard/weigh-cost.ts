import type { CostBound, Policy, Reason } from '../../domain/index.ts'
import type { Guarded } from './guard.ts'

/** What the planner expects of a statement; null: it does not say. */
export interface Estimate {
  readonly estimatedRows: number | null
  readonly estimatedCost: number | null
}

/** Whether the verdict still depends on what the planner expects. */
export function needsEstimate({ verdict, approved }: Guarded, { costGate }: Policy): boolean {
  return approved !== null && verdict.decision === 'allow' && costGate !== null
}

/** The verdict with the policy's cost gate applied. An estimate that is not there counts as over every bound. */
export function weighCost(guarded: Guarded, { costGate }: Policy, estimate: Estimate): Guarded {
  if (costGate === null) return guarded
  if (isOver(costGate.refuseOver, estimate)) return against(guarded, 'refuse', tooDear(estimate))
  if (isOver(costGate.confirmOver, estimate)) return against(guarded, 'confirm', needsApproval(estimate))
  return guarded
}

function isOver(bound: CostBound, { estimatedCost, estimatedRows }: Estimate): boolean {
  const over = (most: number | null, estimated: number | null): boolean => most !== null && (estimated === null || estimated > most)
  return over(bound.cost, estimatedCost) || over(bound.rows, estimatedRows)
}

function against({ verdict }: Guarded, decision: 'confirm' | 'refuse', reason: Reason): Guarded {
  return { verdict: { ...verdict, decision, reasons: [...verdict.reasons, reason] }, approved: null }
}

function tooDear(estimate: Estimate): Reason {
  return {
    code: 'guard.too-dear',
    message: `${expected(estimate)} That is more than the policy of this connection lets anyone run.`,
    hint: 'Narrow it: a shorter period, fewer joins, a LIMIT.',
  }
}

function needsApproval(estimate: Estimate): Reason {
  return {
    code: 'guard.cost-needs-approval',
    message: `${expected(estimate)} From there on the policy of this connection wants an approval.`,
    hint: 'Narrow it, or ask for an approval.',
  }
}

function expected({ estimatedCost, estimatedRows }: Estimate): string {
  if (estimatedCost === null && estimatedRows === null) return 'The database does not say what this statement will cost.'
  return `The database expects ${estimatedRows ?? 'an unknown number of'} rows at a cost of ${estimatedCost ?? 'unknown size'}.`
}
