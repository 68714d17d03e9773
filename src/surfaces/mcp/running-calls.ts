import type { Actor } from '../../domain/index.ts'

/** Where a call came from: request ids are each client's own count, so alone they name nothing. */
export interface CallPlace {
  readonly actor: Actor
  /** What `initialize` gave the client, if it sends it back. Nothing is kept under it but running calls. */
  readonly session: string
  readonly requestId: string | number
}

/** Calls that a client may still cancel by a message of its own, as protocol revisions before 2026-07-28 do over HTTP. */
export class RunningCalls {
  readonly #running = new Map<string, Set<AbortController>>()

  /** `signal` ends the call too. */
  async follow<Result>(place: CallPlace, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    const forward = (): void => controller.abort(signal.reason)
    if (signal.aborted) forward()
    else signal.addEventListener('abort', forward, { once: true })
    const key = keyOf(place)
    const calls = this.#running.get(key) ?? new Set()
    this.#running.set(key, calls.add(controller))
    try {
      return await work(controller.signal)
    } finally {
      signal.removeEventListener('abort', forward)
      calls.delete(controller)
      if (calls.size === 0) this.#running.delete(key)
    }
  }

  /** Where two calls look alike (one token, two clients that keep no session) neither is cancelled: it could be the other's. */
  cancel(place: CallPlace): void {
    const calls = this.#running.get(keyOf(place))
    if (calls?.size !== 1) return
    for (const controller of calls) controller.abort(new DOMException('Cancelled by the client', 'AbortError'))
  }
}

function keyOf({ actor, session, requestId }: CallPlace): string {
  return JSON.stringify([actor.tenantId, actor.memberId, actor.tokenId, session, requestId])
}
