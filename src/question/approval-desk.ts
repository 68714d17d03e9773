import { mayDo, type Actor, type ApprovalState } from '../domain/index.ts'
import type { ApprovalBody } from '../contract/index.ts'
import type { StaleExecution } from './approve/index.ts'
import { executeApproved } from './execute-approved.ts'
import { mayApprove } from './may-approve.ts'
import type { DeskRooms } from './rooms.ts'

export interface ApprovalQuery {
  readonly state?: ApprovalState
  /** true: only what this actor could decide. */
  readonly isMine?: boolean
  readonly after?: string
  readonly limit: number
}

/** Where people look at requests and decide. */
export interface ApprovalDesk {
  list(actor: Actor, query: ApprovalQuery): Promise<{ readonly items: readonly ApprovalBody[]; readonly next: string | null }>
  get(actor: Actor, id: string): Promise<ApprovalBody>
  /** Decides, and for a write runs it: what comes back has ended, or goes on elsewhere. */
  approve(actor: Actor, id: string, comment: string | null): Promise<ApprovalBody>
  reject(actor: Actor, id: string, comment: string | null): Promise<ApprovalBody>
  cancel(actor: Actor, id: string): Promise<ApprovalBody>
  /** Expires, carries on what was approved and left, and finds out what became of executions whose server is gone. */
  sweep(): Promise<void>
  /** Executions are stopped before their commit. */
  close(): Promise<void>
}

export function createApprovalDesk(rooms: DeskRooms): ApprovalDesk {
  return new Desk(rooms)
}

class Desk implements ApprovalDesk {
  readonly #rooms: DeskRooms
  readonly #closing = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(rooms: DeskRooms) {
    this.#rooms = rooms
  }

  async list(actor: Actor, { isMine = false, ...page }: ApprovalQuery) {
    const { items, next } = await this.#rooms.approvals.list(actor, isMine ? { ...page, state: 'requested' } : page)
    const kept = await Promise.all(items.map(async (one) => ((await this.#isSeenBy(actor, one, isMine)) ? one : null)))
    return { items: kept.filter((one) => one !== null), next }
  }

  async get(actor: Actor, id: string) {
    const approval = await this.#rooms.approvals.get(actor, id)
    // Who may not see it is told what is told of one that does not exist.
    return (await this.#isSeenBy(actor, approval, false)) ? approval : await this.#rooms.approvals.get(actor, 'not for you')
  }

  async approve(actor: Actor, id: string, comment: string | null) {
    const { approvals } = this.#rooms
    await mayApprove(this.#rooms, actor, await this.get(actor, id))
    const decided = await this.#decide(actor, id, 'approved', comment)
    if (decided.state !== 'approved' || decided.class === 'read') return decided
    return (await this.#follow(executeApproved(this.#rooms, actor, id, this.#closing.signal))) ?? (await approvals.get(actor, id))
  }

  async reject(actor: Actor, id: string, comment: string | null) {
    await mayApprove(this.#rooms, actor, await this.get(actor, id))
    return await this.#decide(actor, id, 'rejected', comment)
  }

  async cancel(actor: Actor, id: string) {
    await this.get(actor, id)
    const cancelled = await this.#rooms.approvals.cancel(actor, id)
    await this.#rooms.record.note(actor, 'approval-cancel', id)
    this.#rooms.observe({ type: 'approval-changed', state: 'cancelled' })
    return cancelled
  }

  async sweep() {
    const { approved, stale } = await this.#rooms.approvals.leftovers()
    for (const one of stale) await this.#settle(one)
    for (const { id, ...scope } of approved) await this.#follow(executeApproved(this.#rooms, scope, id, this.#closing.signal))
  }

  async close() {
    this.#closing.abort()
    await this.#running
  }

  /** A decision that cannot be recorded is taken back. */
  async #decide(actor: Actor, id: string, decision: 'approved' | 'rejected', comment: string | null): Promise<ApprovalBody> {
    const { approvals, record, observe } = this.#rooms
    const decided = await approvals.decide(actor, id, decision, comment)
    if (decided.state !== decision) return decided // asked once more, after it has gone on
    try {
      await record.note(actor, decision === 'approved' ? 'approval-give' : 'approval-reject', `${id} ${decided.hash}`)
    } catch (error) {
      await approvals.undecide(actor, id)
      throw error
    }
    observe({ type: 'approval-changed', state: decision })
    return decided
  }

  /** Requests of one's own, and those on connections one could decide on; for the audit all. */
  async #isSeenBy(actor: Actor, approval: ApprovalBody, isMine: boolean): Promise<boolean> {
    const isOwn = approval.requestedBy.memberId === actor.memberId
    if (isMine ? isOwn : isOwn || mayDo(actor, 'read-audit')) return !isMine
    try {
      await mayApprove(this.#rooms, actor, approval)
      return true
    } catch {
      return false
    }
  }

  async #settle(stale: StaleExecution): Promise<void> {
    const { approvals, connections, observe } = this.#rooms
    const end = !stale.isCommitting
      ? 'rolled-back'
      : stale.marker === null
        ? 'unknown'
        : await connections.settle(stale, stale.connectionId, stale.marker).catch(() => 'running' as const) // asked again at the next sweep
    if (end === 'running') return
    const state = end === 'committed' ? 'executed' : end === 'rolled-back' ? 'failed' : 'unknown'
    const ended = await approvals.end(stale, { state, affectedRows: null, failure: state === 'executed' ? null : left[state] })
    if (ended !== null) observe({ type: 'approval-changed', state })
  }

  /** Whoever asked may leave: what was approved is run to its end. */
  async #follow<Result>(work: Promise<Result>): Promise<Result> {
    const running = this.#running
    this.#running = Promise.allSettled([running, work])
    return await work
  }
}

const left = {
  failed: { code: 'approvals.not-executed', message: 'The server went away before the change was committed; nothing was changed.' },
  unknown: {
    code: 'run.outcome-unknown',
    message: 'The server went away while the change was being committed, and the database cannot tell whether it was. Look at the data.',
  },
} as const
