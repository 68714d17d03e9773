import { isShellError, type Drafted, type Verdict } from '../domain/index.ts'

/** The draft that failed and why, as the drafter is told it. */
export interface Repair {
  readonly sql: string
  readonly problem: string
}

/** The first draft and at most two repairs. */
const maxAttempts = 3

/** Only a model can do better when told; SQL by hand and the deterministic drafter would repeat themselves. */
function mayRepair(draft: Drafted, attempt: number): boolean {
  return draft.drafter === 'model' && attempt < maxAttempts
}

/** A read that does not parse or names what is not there can be mended; a write or a frozen connection cannot. */
export function repairAfterVerdict(draft: Drafted, verdict: Verdict, attempt: number): Repair | null {
  const isMendable = verdict.decision === 'refuse' && (verdict.class === 'read' || verdict.class === 'unknown')
  const isFrozen = verdict.reasons.some((reason) => reason.code === 'guard.frozen')
  if (!mayRepair(draft, attempt) || !isMendable || isFrozen) return null
  return { sql: draft.sql, problem: verdict.reasons.map((reason) => reason.message).join(' ') }
}

/** The server did not take the statement (a type that does not fit, an aggregate in the wrong place). */
export function repairAfterError(draft: Drafted, error: unknown, attempt: number): Repair | null {
  if (!mayRepair(draft, attempt) || !isShellError(error) || error.code !== 'engines.statement-rejected') return null
  return { sql: draft.sql, problem: error.message }
}
