import { createHash } from 'node:crypto'
import type { Actor } from '../../domain/index.ts'
import { stopWith } from './stop-with.ts'

/** Where a call came from: request ids are each client's own count, so alone they name nothing. */
export interface CallPlace {
  readonly actor: Actor
  /** What `initialize` gave the client, if it sends it back. Nothing is kept under it but running calls. */
  readonly session: string
  readonly requestId: string | number
}

/** Asks the other servers to end a call, by the name all servers have for it. */
export type CancelCallElsewhere = (call: string) => void

/**
 * Calls that a client may still cancel by a message of its own, as protocol revisions before 2026-07-28 do over HTTP. A balancer
 * may carry that message to another server than the call.
 */
export class RunningCalls {
  readonly #running = new Map<string, Set<AbortController>>()
  readonly #elsewhere: CancelCallElsewhere

  constructor(elsewhere: CancelCallElsewhere) {
    this.#elsewhere = elsewhere
  }

  /** `signal` ends the call too. */
  async follow<Result>(place: CallPlace, signal: AbortSignal, work: (stop: AbortController) => Promise<Result>): Promise<Result> {
    const stop = stopWith(signal)
    const key = nameOf(place)
    const calls = this.#running.get(key) ?? new Set()
    this.#running.set(key, calls.add(stop))
    try {
      return await work(stop)
    } finally {
      calls.delete(stop)
      if (calls.size === 0) this.#running.delete(key)
    }
  }

  /**
   * Where two calls look alike (one token, two clients that keep no session) neither is cancelled: it could be the other's. What
   * runs on other servers cannot be counted, so they are asked only where a session tells clients apart.
   */
  cancel(place: CallPlace): void {
    const call = nameOf(place)
    if (!this.cancelHere(call) && place.session !== '') this.#elsewhere(call)
  }

  /** false: no call runs here under this name. */
  cancelHere(call: string): boolean {
    const calls = this.#running.get(call)
    if (calls?.size === 1) for (const controller of calls) controller.abort(new DOMException('Cancelled by the client', 'AbortError'))
    return calls !== undefined
  }
}

/** The same on every server, and of one length whatever a client calls its requests. Whoever does not hold the credential cannot make it. */
function nameOf({ actor, session, requestId }: CallPlace): string {
  return createHash('sha256')
    .update(JSON.stringify([actor.tenantId, actor.memberId, actor.tokenId, session, requestId]))
    .digest('base64url')
}
