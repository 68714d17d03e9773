import type {
  ApprovedStatement,
  Awaitable,
  Catalog,
  Dialect,
  GrantedApproval,
  Limits,
  Param,
  Policy,
  RoleName,
  StatementClass,
  Verdict,
} from '../../domain/index.ts'
import type { MaskActor } from './mask/masked-text.ts'

/** All the guard may know: it is a function of these and nothing else. */
export interface GuardContext {
  /** null: names cannot be looked up; there is a verdict, but never a seal. */
  readonly catalog: Catalog | null
  readonly dialect: Dialect
  readonly policy: Policy
  /** All the asker's roles. */
  readonly roles: readonly RoleName[]
  readonly connectionId: string
  /** Who asks, where the policy masks or filters. Not part of the verdict: it goes into the seal alone, and without it what is masked is never sealed. */
  readonly maskActor?: MaskActor | undefined
  /** true: only the plan is wanted, not the rows. */
  readonly isExplained?: boolean
  /** Already tightened to the policy's ceiling. */
  readonly limits: Limits
  /** For a policy with hours; absent: such a policy refuses everything. */
  readonly now?: Date
  /** Another person's consent; good for the very statement it was given to. One that does not fit turns `confirm` into `refuse`. */
  readonly approval?: GrantedApproval | null
}

export interface GuardSubject {
  readonly sql: string
  /** null: they are not known yet; such a statement is judged, but never sealed. */
  readonly params: readonly Param[] | null
}

export interface Guarded {
  readonly verdict: Verdict
  /**
   * Present exactly when the verdict is `allow`, or `confirm` with a consent that fits, and there are a catalog, bound values
   * and, where anything is masked, somebody who asks.
   */
  readonly approved: ApprovedStatement | null
  /** Present exactly when there are a catalog and bound values, and the verdict is `confirm`. */
  readonly approvable: Approvable | null
}

/** What another person may approve: the statement that was asked, as it would be sealed. */
export interface Approvable {
  readonly class: StatementClass
  /** SHA-256 over all the consent is bound to, hex. */
  readonly hash: string
  readonly catalogVersion: string
  readonly policyVersion: string
  /** For counting what a write would change, without consent, in a transaction that is rolled back; null for reads. */
  readonly dryRun: ApprovedStatement | null
}

/** Holds what is slow to start (grammar, witness); judging has no effect outside. */
export interface Guard {
  /** Never throws for hostile text: what it cannot read it refuses. */
  guard(subject: GuardSubject, context: GuardContext): Awaitable<Guarded>
  close(): Promise<void>
}
