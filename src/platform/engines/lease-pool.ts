import { ShellError } from '../../domain/index.ts'
import { cancelled } from './outer-clock.ts'

/** One signed-in database session; the pool only opens, lends and closes it. */
export interface Session {
  /** false: it died or its state is not known; it is never lent again. */
  readonly isUsable: boolean
  close(): Promise<void>
}

export interface LeasePoolOptions {
  readonly maxLeases: number
  readonly maxWaiting: number
  /** Idle sessions are closed after this time. */
  readonly idleMs?: number
}

interface Waiter<Held> {
  readonly take: (session: Held) => void
  readonly refuse: (error: unknown) => void
}

const defaultWaitMs = 10_000
const done = Promise.resolve()
const defaultIdleMs = 60_000

/** Sessions of one connection: at most `maxLeases`, handed out first come, first served, behind a bounded queue. */
export class LeasePool<Held extends Session> {
  readonly #options: LeasePoolOptions
  readonly #open: () => Promise<Held>
  /** The one that was given back last comes last. */
  readonly #idle: { readonly session: Held; readonly untilMs: number }[] = []
  #sweep: NodeJS.Timeout | null = null
  readonly #waiting: Waiter<Held>[] = []
  /** Open sessions and those being opened. */
  #size = 0
  #opening = 0
  #isClosed = false

  constructor(open: () => Promise<Held>, options: LeasePoolOptions) {
    this.#options = options
    this.#open = open
  }

  /** Throws `engines.busy` when the queue is full or `waitMs` is over, `run.cancelled` when the signal fires first. */
  async take(signal: AbortSignal, waitMs = defaultWaitMs): Promise<Held> {
    if (this.#isClosed) throw closed()
    if (signal.aborted) throw cancelled()
    const ready = this.#waiting.length === 0 ? this.#takeIdle() : null
    if (ready !== null) return ready
    if (this.#waiting.length >= this.#opening + this.#room() + this.#options.maxWaiting) throw busy('too many others are waiting for it')
    return await this.#wait(signal, waitMs)
  }

  get counts(): { readonly used: number; readonly waiting: number } {
    return { used: this.#size - this.#opening - this.#idle.length, waiting: this.#waiting.length }
  }

  /** Takes a session back; one that is not clean is closed and its place given to the next in the queue. */
  give(session: Held): Promise<void> {
    if (!session.isUsable || this.#isClosed) {
      this.#size -= 1
      this.#pump()
      return session.close()
    }
    const next = this.#waiting.shift()
    if (next === undefined) this.#keep(session)
    else next.take(session)
    return done
  }

  /** Refuses whoever waits and closes idle sessions; those on loan are closed when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(closed())
    if (this.#sweep !== null) clearTimeout(this.#sweep)
    const sessions = this.#idle.splice(0).map(({ session }) => session.close())
    this.#size -= sessions.length
    await Promise.all(sessions)
  }

  #room(): number {
    return this.#options.maxLeases - this.#size
  }

  #takeIdle(): Held | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.session.isUsable) return last.session
      this.#drop(last.session)
    }
    return null
  }

  #keep(session: Held): void {
    const idleMs = this.#options.idleMs ?? defaultIdleMs
    this.#idle.push({ session, untilMs: performance.now() + idleMs })
    this.#sweep ??= setTimeout(() => this.#dropIdle(), idleMs).unref()
  }

  #dropIdle(): void {
    const nowMs = performance.now()
    this.#sweep = null
    for (let first = this.#idle[0]; first !== undefined; first = this.#idle[0]) {
      if (first.untilMs > nowMs) {
        this.#sweep = setTimeout(() => this.#dropIdle(), Math.ceil(first.untilMs - nowMs)).unref()
        return
      }
      this.#idle.shift()
      this.#drop(first.session)
    }
  }

  #drop(session: Held): void {
    this.#size -= 1
    session.close().catch(() => undefined) // it is gone either way
  }

  #wait(signal: AbortSignal, waitMs: number): Promise<Held> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
      }
      const waiter: Waiter<Held> = {
        take: (session) => {
          settle()
          resolve(session)
        },
        refuse: (error) => {
          settle()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      }
      const onAbort = (): void => waiter.refuse(cancelled())
      const timer = setTimeout(() => waiter.refuse(busy(`none came free within ${waitMs} ms`)), waitMs)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
      this.#pump()
    })
  }

  /** Opens a session for each waiter that none is being opened for, as far as there is room. */
  #pump(): void {
    while (this.#room() > 0 && this.#opening < this.#waiting.length) {
      this.#size += 1
      this.#opening += 1
      void this.#grow()
    }
  }

  async #grow(): Promise<void> {
    try {
      const session = await this.#open()
      this.#opening -= 1
      await this.give(session)
    } catch (error) {
      this.#opening -= 1
      this.#size -= 1
      this.#waiting[0]?.refuse(error)
      this.#pump()
    }
  }
}

function busy(why: string): ShellError {
  return new ShellError({
    code: 'engines.busy',
    kind: 'busy',
    message: `All database sessions of this connection are in use, and ${why}.`,
    hint: 'Try again in a moment, or ask the operator for more leases.',
  })
}

function closed(): ShellError {
  return new ShellError({
    code: 'engines.closed',
    kind: 'busy',
    message: 'This connection is being closed.',
    hint: 'Try again in a moment.',
  })
}
