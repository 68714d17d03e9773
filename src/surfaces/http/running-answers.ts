import { mayDo, ShellError, type Actor } from '../../domain/index.ts'
import { revokedMeanwhile, type Credential } from '../../platform/identity/index.ts'

/** Who wants a question stopped; whoever signed them in vouches for it. */
export interface CancelRequest {
  readonly questionId: string
  readonly tenantId: string
  readonly memberId: string
  /** May see, and stop, everybody's questions in the tenant. */
  readonly isOverseer: boolean
}

/** Asks the other servers; true: one of them has stopped it. */
export type CancelElsewhere = (request: CancelRequest) => Promise<boolean>

interface Running {
  readonly actor: Actor
  /** The answer's own switch. */
  readonly stop: AbortController
}

/**
 * The answers this server is giving right now, whichever surface asked. It is where a cancel and the end of the grace
 * reach them. Of other servers it knows only whom to ask.
 */
export class RunningAnswers {
  readonly #running = new Map<string, Running>()
  readonly #elsewhere: CancelElsewhere

  constructor(elsewhere: CancelElsewhere = async () => false) {
    this.#elsewhere = elsewhere
  }

  /** An answer begins: until it leaves it is cancellable by its question's id. */
  enter(actor: Actor, questionId: string, stop: AbortController): void {
    this.#running.set(questionId, { actor, stop })
  }

  leave(questionId: string): void {
    this.#running.delete(questionId)
  }

  /** By whoever asked, or by one who may see everybody's questions; unknown and foreign ids look alike. */
  async cancel(actor: Actor, questionId: string): Promise<void> {
    const request: CancelRequest = {
      questionId,
      tenantId: actor.tenantId,
      memberId: actor.memberId,
      isOverseer: mayDo(actor, 'read-audit'),
    }
    if (!this.cancelHere(request) && !(await this.#elsewhere(request))) throw notRunning()
  }

  /** false: nothing that they may cancel runs here under this id. */
  cancelHere({ questionId, tenantId, memberId, isOverseer }: CancelRequest): boolean {
    const running = this.#running.get(questionId)
    if (running === undefined || running.actor.tenantId !== tenantId) return false
    if (running.actor.memberId !== memberId && !isOverseer) return false
    running.stop.abort(new DOMException('Cancelled by request', 'AbortError'))
    return true
  }

  /** With what the running answers were asked, each credential once. */
  credentials(): readonly Credential[] {
    const found = new Map<string, Credential>()
    for (const { actor } of this.#running.values())
      if (actor.tokenId !== null) found.set(actor.tokenId, { tenantId: actor.tenantId, id: actor.tokenId })
    return [...found.values()]
  }

  /** Ends what was asked with a credential that is not among those that still hold. */
  endAllBut(isLive: (credentialId: string) => boolean, looked: readonly Credential[]): void {
    const asked = new Set(looked.map((credential) => credential.id))
    for (const { actor, stop } of this.#running.values())
      if (actor.tokenId !== null && asked.has(actor.tokenId) && !isLive(actor.tokenId)) stop.abort(revokedMeanwhile())
  }

  get size(): number {
    return this.#running.size
  }

  /** Ends all of them as failed: the grace is over. */
  abortAll(): void {
    const reason = new ShellError({
      code: 'http.stopping',
      kind: 'busy',
      message: 'The server is stopping and this answer did not end within the grace.',
      hint: 'Ask again; another or the restarted server will answer.',
    })
    for (const { stop } of this.#running.values()) stop.abort(reason)
  }
}

function notRunning(): ShellError {
  return new ShellError({
    code: 'http.question-not-running',
    kind: 'missing',
    message: 'No running question has this id.',
    hint: 'It may have ended already; the history shows how.',
  })
}
