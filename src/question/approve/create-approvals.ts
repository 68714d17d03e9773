import { grantApproval } from '../../domain/granted-approval.ts'
import { isUuid, newId, type Actor, type Limits, type Scope, type Surface } from '../../domain/index.ts'
import { sql, type Query, type Store } from '../../platform/store/index.ts'
import { approvalBody, type ApprovalRow } from './approval-row.ts'
import type { Approvals, Approver, Claim, RequestFields } from './approvals.ts'
import { findLeftovers } from './find-leftovers.ts'
import { listApprovals } from './list-approvals.ts'
import { forgetMember, memberApprovals } from './member-approvals.ts'
import { alreadyDecided, lostClaim, notAPerson, notYours, ownRequest, tooMany, unknownApproval } from './refusals.ts'

export interface ApprovalsOptions {
  readonly store: Store
  /** A UUID, new for every process. */
  readonly serverId: string
  /** true: no other server shares the store, so what an earlier process has begun is left at once. Default false. */
  readonly isOnlyServer?: boolean
  readonly now?: () => Date
}

const mostWaiting = 100
const beatMs = 5_000

export function createApprovals(options: ApprovalsOptions): Approvals {
  return new ApprovalTable(options)
}

class ApprovalTable implements Approvals {
  readonly #store: Store
  readonly #options: ApprovalsOptions
  readonly #now: () => Date
  readonly #executingHere = new Set<string>()

  constructor(options: ApprovalsOptions) {
    this.#options = options
    this.#store = options.store
    this.#now = options.now ?? (() => new Date())
  }

  async request(actor: Actor, fields: RequestFields) {
    return await this.#store.within(actor, async (query) => {
      await this.#expire(query)
      const waiting = query.selectFrom('approval').where('requester_id', '=', actor.memberId).where('state', '=', 'requested')
      const { count } = await waiting.select((on) => on.fn.countAll<string>().as('count')).executeTakeFirstOrThrow()
      if (Number(count) >= mostWaiting) throw tooMany(mostWaiting)
      const made = await query
        .insertInto('approval')
        .values(this.#newRow(actor, fields))
        .onConflict((conflict) =>
          conflict.columns(['tenant_id', 'requester_id', 'requester_credential', 'hash']).where('state', '=', 'requested').doNothing(),
        )
        .returningAll()
        .executeTakeFirst()
      const row =
        made ??
        (await waiting
          .selectAll()
          .where('hash', '=', fields.hash)
          .where('requester_credential', 'is not distinct from', actor.tokenId)
          .executeTakeFirstOrThrow())
      return { approval: this.#body(row), isNew: made !== undefined }
    })
  }

  list: Approvals['list'] = (scope, page) => listApprovals(this.#store, scope, page, this.#now())

  async get(scope: Scope, id: string) {
    return this.#body(await this.#store.within(scope, (query) => this.#read(query, id)))
  }

  async decide(actor: Actor, id: string, decision: 'approved' | 'rejected', comment: string | null) {
    if (actor.kind !== 'person') throw notAPerson()
    return await this.#store.within(actor, async (query) => {
      const before = await this.#read(query, id)
      if (decision === 'approved' && before.requester_id === actor.memberId) throw ownRequest()
      const row = await query
        .updateTable('approval')
        .set({
          state: decision,
          decided_by: actor.memberId,
          decided_name: actor.name,
          decided_surface: actor.surface,
          decided_credential: actor.tokenId,
          decided_at: this.#now(),
          comment,
        })
        .where('approval_id', '=', id)
        .where('state', '=', 'requested')
        .where('expires_at', '>', this.#now())
        .returningAll()
        .executeTakeFirst()
      if (row !== undefined) return this.#body(row)
      const now = this.#body(await this.#read(query, id))
      const isAgain = now.decidedBy?.memberId === actor.memberId && (decision === 'rejected') === (now.state === 'rejected')
      if (isAgain) return now // an answer that was lost on its way is asked for once more
      throw alreadyDecided(now)
    })
  }

  async cancel(actor: Actor, id: string) {
    return await this.#store.within(actor, async (query) => {
      const before = await this.#read(query, id)
      if (before.requester_id !== actor.memberId) throw notYours()
      const row = await query
        .updateTable('approval')
        .set({ state: 'cancelled', ended_at: this.#now() })
        .where('approval_id', '=', id)
        .where('state', '=', 'requested')
        .returningAll()
        .executeTakeFirst()
      if (row === undefined && before.state !== 'cancelled') throw alreadyDecided(this.#body(await this.#read(query, id)))
      return this.#body(row ?? before)
    })
  }

  async undecide(scope: Scope, id: string) {
    await this.#store.within(scope, (query) =>
      query
        .updateTable('approval')
        .set({ state: 'requested', decided_at: null, comment: null })
        .where('approval_id', '=', id)
        .where('state', 'in', ['approved', 'rejected'])
        .execute(),
    )
  }

  async claim(scope: Scope, id: string) {
    return await this.#claim(scope, (query) => query.where('approval_id', '=', id))
  }

  async claimFor(actor: Actor, hash: string) {
    return await this.#claim(actor, (query) =>
      query.where('requester_id', '=', actor.memberId).where('hash', '=', hash).where('expires_at', '>', this.#now()),
    )
  }

  async beforeCommit(claim: Claim, { marker, affectedRows }: { readonly marker: string | null; readonly affectedRows: number | null }) {
    const row = await this.#store.within(claim, async (query) => {
      await durably(query)
      return await query
        .updateTable('approval')
        .set({ committing_at: sql`now()`, beat_at: sql`now()`, marker, affected_rows: affectedRows })
        .where('approval_id', '=', claim.approval.id)
        .where('execution_id', '=', claim.executionId)
        .where('state', '=', 'executing')
        .where('committing_at', 'is', null)
        .returning('approval_id')
        .executeTakeFirst()
    })
    if (row === undefined) throw lostClaim()
  }

  keepAlive(claim: Claim) {
    this.#executingHere.add(claim.executionId)
    const timer = setInterval(() => {
      this.#store
        .within(claim, (query) =>
          query
            .updateTable('approval')
            .set({ beat_at: sql`now()` })
            .where('execution_id', '=', claim.executionId)
            .execute(),
        )
        .catch(() => undefined) // a missed beat is made up by the next
    }, beatMs)
    return () => {
      clearInterval(timer)
      this.#executingHere.delete(claim.executionId)
    }
  }

  end: Approvals['end'] = async (execution, ending) => {
    const row = await this.#store.within(execution, async (query) => {
      await durably(query)
      const executing = query.updateTable('approval').where('state', '=', 'executing').where('execution_id', '=', execution.executionId)
      // Said of one that had not begun to commit, it must not meet one that has begun since.
      return await (execution.isCommitting === false ? executing.where('committing_at', 'is', null) : executing)
        .set({
          state: ending.state,
          ...(ending.affectedRows === null ? {} : { affected_rows: ending.affectedRows }),
          failure_code: ending.failure?.code ?? null,
          failure_message: ending.failure?.message ?? null,
          ended_at: this.#now(),
        })
        .returningAll()
        .executeTakeFirst()
    })
    return row === undefined ? null : this.#body(row)
  }

  forgetMember: Approvals['forgetMember'] = forgetMember

  ofMember: Approvals['ofMember'] = (scope, memberId) => memberApprovals(this.#store, scope, memberId)

  leftovers: Approvals['leftovers'] = () =>
    findLeftovers({
      store: this.#store,
      isOnlyServer: this.#options.isOnlyServer ?? false,
      serverId: this.#options.serverId,
      isExecutingHere: (executionId) => this.#executingHere.has(executionId),
      expire: (query) => this.#expire(query),
    })

  async #claim(scope: Scope, which: (update: Update) => Update): Promise<Claim | null> {
    const now = this.#now()
    const executionId = newId()
    this.#executingHere.add(executionId) // before it is written: a sweep must not take it for one of nobody's
    const row = await this.#store.within(scope, async (query) => {
      const update = query
        .updateTable('approval')
        .set({ state: 'executing', execution_id: executionId, server_id: this.#options.serverId, started_at: now, beat_at: sql`now()` })
        .where('state', '=', 'approved')
      await durably(query)
      return await which(update).returningAll().executeTakeFirst()
    })
    if (row === undefined) {
      this.#executingHere.delete(executionId)
      return null
    }
    return {
      tenantId: scope.tenantId,
      approval: this.#body(row),
      executionId,
      requester: { memberId: row.requester_id, surface: row.requester_surface as Surface, credentialId: row.requester_credential },
      approver: approverOf(row),
      grant: grantApproval({ approvalId: row.approval_id, hash: row.hash }),
      limits: row.limits as Partial<Limits>,
    }
  }

  async #read(query: Query, id: string): Promise<ApprovalRow> {
    const row = isUuid(id) ? await query.selectFrom('approval').selectAll().where('approval_id', '=', id).executeTakeFirst() : undefined
    if (row === undefined) throw unknownApproval()
    return row
  }

  async #expire(query: Query): Promise<void> {
    const now = this.#now()
    const late = query.updateTable('approval').set({ state: 'expired', ended_at: now }).where('expires_at', '<=', now)
    await late.where('state', '=', 'requested').execute()
    // What was approved is carried on at once; only a read waits, for its requester.
    await late.where('state', '=', 'approved').where('class', '=', 'read').execute()
  }

  #newRow(actor: Actor, fields: RequestFields) {
    const now = this.#now()
    return {
      tenant_id: actor.tenantId,
      approval_id: newId(),
      connection_id: fields.connection.id,
      connection_name: fields.connection.name,
      sql: fields.sql,
      params: JSON.stringify(fields.params),
      class: fields.class,
      hash: fields.hash,
      catalog_version: fields.catalogVersion,
      policy_version: fields.policyVersion,
      limits: JSON.stringify(fields.limits),
      verdict: JSON.stringify({ reasons: fields.verdict.reasons, writes: fields.verdict.writes ?? [] }),
      dry_run: fields.dryRun === null ? null : JSON.stringify(fields.dryRun),
      question_id: fields.questionId,
      requester_id: actor.memberId,
      requester_name: actor.name,
      requester_kind: actor.kind,
      requester_surface: actor.surface,
      requester_credential: actor.tokenId,
      requested_at: now,
      expires_at: new Date(now.getTime() + fields.minutes * 60_000),
    }
  }

  #body(row: ApprovalRow) {
    return approvalBody(row, this.#now())
  }
}

/** The part of kysely's update builder that narrows it; its own type names every step. */
interface Update {
  where(column: 'approval_id' | 'requester_id' | 'hash', operator: '=', value: string): Update
  where(column: 'expires_at', operator: '>', value: Date): Update
  returningAll(): { executeTakeFirst(): Promise<ApprovalRow | undefined> }
}

function approverOf(row: ApprovalRow): Approver {
  if (row.decided_by === null) throw new Error('an approved request has an approver') // the table's CHECK
  return { memberId: row.decided_by, surface: row.decided_surface as Surface, credentialId: row.decided_credential }
}

/** On disk when it is told, also where the store's default is to answer before that. */
async function durably(query: Query): Promise<void> {
  await sql`SELECT CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'local', true) END`.execute(
    query,
  )
}
