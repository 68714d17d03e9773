import type { Actor, ApprovalState, GrantedApproval, Limits, Param, Scope, StatementClass, Surface, Verdict } from '../../domain/index.ts'
import type { ApprovalBody } from '../../contract/index.ts'
import type { Query } from '../../platform/store/index.ts'

/** All that is known when a consent is asked for. */
export interface RequestFields {
  /** The question's id. */
  readonly questionId: string
  readonly connection: { readonly id: string; readonly name: string }
  readonly sql: string
  readonly params: readonly Param[]
  readonly class: StatementClass
  readonly hash: string
  readonly catalogVersion: string
  readonly policyVersion: string
  readonly limits: Partial<Limits>
  readonly verdict: Verdict
  readonly dryRun: ApprovalBody['dryRun']
  /** How long it waits for a decision. */
  readonly minutes: number
}

/** Who asked or decided, as far as it is needed to look at their rights again. */
export interface Approver {
  readonly memberId: string
  readonly surface: Surface
  readonly credentialId: string | null
}

/** The right to run an approved statement, once, under `executionId`. */
export interface Claim extends Scope {
  readonly approval: ApprovalBody
  readonly executionId: string
  readonly requester: Approver
  readonly approver: Approver
  readonly grant: GrantedApproval
  readonly limits: Partial<Limits>
}

/** How an execution ended. */
export interface Ending {
  readonly state: Extract<ApprovalState, 'executed' | 'failed' | 'unknown'>
  readonly affectedRows: number | null
  readonly failure: ApprovalBody['failure']
}

/** An execution that nobody seems to work on any more. */
export interface StaleExecution extends Scope {
  readonly approvalId: string
  readonly executionId: string
  readonly connectionId: string
  /** false: the commit was not begun, so nothing was changed. */
  readonly isCommitting: boolean
  readonly marker: string | null
}

/** Requests and decisions of all tenants. Refusals are `approvals.*` errors. */
export interface Approvals {
  /** The same request again while one waits, for a requester who asks again. Throws `approvals.too-many`. */
  request(actor: Actor, fields: RequestFields): Promise<{ readonly approval: ApprovalBody; readonly isNew: boolean }>
  list(
    scope: Scope,
    options: { readonly state?: ApprovalState; readonly after?: string; readonly limit: number },
  ): Promise<{ readonly items: readonly ApprovalBody[]; readonly next: string | null }>
  /** Throws `approvals.unknown`. */
  get(scope: Scope, id: string): Promise<ApprovalBody>
  /** One of many who decide at once wins; for the others `approvals.decided`. Who has decided the same already is told so again. */
  decide(actor: Actor, id: string, decision: 'approved' | 'rejected', comment: string | null): Promise<ApprovalBody>
  /** By the requester's member only. */
  cancel(actor: Actor, id: string): Promise<ApprovalBody>
  /** Takes a decision back that could not be recorded; nothing has run. */
  undecide(scope: Scope, id: string): Promise<void>
  /** From approved to executing, for exactly one caller; null for all others. */
  claim(scope: Scope, id: string): Promise<Claim | null>
  /** The same for what this member was allowed and asks again (reads run in the requester's own answer). */
  claimFor(actor: Actor, hash: string): Promise<Claim | null>
  /** Durable before the commit. Throws `approvals.lost-claim` when the execution was given up meanwhile: then nothing may be committed. */
  beforeCommit(claim: Claim, pending: { readonly marker: string | null; readonly affectedRows: number | null }): Promise<void>
  /** Says that the execution goes on, until the function given back is called. */
  keepAlive(claim: Claim): () => void
  /** null: it has ended already. `isCommitting` false: only if its commit has not been begun. */
  end(execution: Scope & { readonly executionId: string; readonly isCommitting?: boolean }, ending: Ending): Promise<ApprovalBody | null>
  /** In the transaction in which a member is erased; gives rows that go, and rows of others that name them no more. Throws `approvals.running`. */
  forgetMember(
    query: Query,
    memberId: string,
  ): Promise<{ readonly removed: { readonly approval?: number }; readonly pseudonymized: { readonly approval?: number } }>
  /** What a member asked for and decided. */
  ofMember(scope: Scope, memberId: string): AsyncIterable<object>
  /** What a sweep has to do: expires what has waited too long, and tells what was approved or begun and left. */
  leftovers(): Promise<{ readonly approved: readonly (Scope & { readonly id: string })[]; readonly stale: readonly StaleExecution[] }>
}
