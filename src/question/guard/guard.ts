import type { ApprovedStatement, Catalog, Dialect, Limits, Param, Policy, RoleName, Verdict } from '../../domain/index.ts'

/** All the guard may know: it is a function of these and nothing else. */
export interface GuardContext {
  /** null: names cannot be looked up; there is a verdict, but never a seal. */
  readonly catalog: Catalog | null
  readonly dialect: Dialect
  readonly policy: Policy
  /** All the asker's roles. */
  readonly roles: readonly RoleName[]
  readonly connectionId: string
  /** Already tightened to the policy's ceiling. */
  readonly limits: Limits
  /** For a policy with hours; absent: such a policy refuses everything. */
  readonly now?: Date
}

export interface GuardSubject {
  readonly sql: string
  /** null: they are not known yet; such a statement is judged, but never sealed. */
  readonly params: readonly Param[] | null
}

export interface Guarded {
  readonly verdict: Verdict
  /** Present exactly when the verdict is `allow`, and there are a catalog and bound values. */
  readonly approved: ApprovedStatement | null
}

/** Holds what is slow to start (grammar, witness); judging has no effect outside. */
export interface Guard {
  /** Never throws for hostile text: what it cannot read it refuses. */
  guard(subject: GuardSubject, context: GuardContext): Promise<Guarded>
  close(): Promise<void>
}
