import { ShellError } from '../../domain/index.ts'
import type { PoolOptions } from './engine.ts'

/** One open way into a database, as the pool sees it. */
export interface PooledSession {
  /** false: its state is not known, or the server went away; it must be closed. */
  readonly isClean: boolean
  close(): Promise<void>
}

export interface LeasePoolOptions extends PoolOptions {
  /** Idle sessions are closed after this time. */
  readonly idleTimeoutMs: number
}

interface Waiter<Session> {
  readonly take: (session: Session) => void
  readonly refuse: (error: unknown) => void
}

const defaultWaitMs = 10_000

/** Sessions of one connection: at most `maxLeases`, handed out first come, first served, behind a bounded queue. */
export class LeasePool<Session extends PooledSession> {
  readonly #options: LeasePoolOptions
  readonly #open: () => Promise<Session>
  readonly #idle: { readonly session: Session; readonly timer: NodeJS.Timeout }[] = []
  readonly #waiting: Waiter<Session>[] = []
  /** Open sessions and those being opened. */
  #size = 0
  #opening = 0
  #isClosed = false

  constructor(options: LeasePoolOptions, open: () => Promise<Session>) {
    this.#options = options
    this.#open = open
  }

  /** Throws `engines.busy` when the queue is full or `waitMs` is over, `run.cancelled` when the signal fires first. */
  async take(options: { readonly signal?: AbortSignal | undefined; readonly waitMs?: number | undefined }): Promise<Session> {
    if (this.#isClosed) throw closed()
    if (options.signal?.aborted === true) throw cancelledWhileWaiting()
    const ready = this.#waiting.length === 0 ? this.#takeIdle() : null
    if (ready !== null) return ready
    if (this.#waiting.length - this.#opening - this.#room() >= this.#options.maxWaiting) throw busy('too many others are waiting for it')
    return this.#wait(options.signal, options.waitMs ?? defaultWaitMs)
  }

  /** Takes a session back; one that is not clean is closed and its place given to the next in the queue. */
  async giveBack(session: Session): Promise<void> {
    if (!session.isClean || this.#isClosed) {
      this.#size -= 1
      this.#pump()
      await session.close()
      return
    }
    const next = this.#waiting.shift()
    if (next === undefined) this.#keep(session)
    else next.take(session)
  }

  /** Refuses whoever waits and closes idle sessions; those on loan are closed when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(closed())
    const sessions = this.#idle.splice(0).map(({ session, timer }) => {
      clearTimeout(timer)
      return session.close()
    })
    this.#size -= sessions.length
    await Promise.all(sessions)
  }

  #room(): number {
    return this.#options.maxLeases - this.#size
  }

  #takeIdle(): Session | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      clearTimeout(last.timer)
      if (last.session.isClean) return last.session
      this.#drop(last.session)
    }
    return null
  }

  #keep(session: Session): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((idle) => idle.session === session)
      if (at < 0) return
      this.#idle.splice(at, 1)
      this.#drop(session)
    }, this.#options.idleTimeoutMs)
    timer.unref()
    this.#idle.push({ session, timer })
  }

  #drop(session: Session): void {
    this.#size -= 1
    session.close().catch(() => undefined) // it is gone either way
  }

  #wait(signal: AbortSignal | undefined, waitMs: number): Promise<Session> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
      }
      const waiter: Waiter<Session> = {
        take: (session) => {
          settle()
          resolve(session)
        },
        refuse: (error) => {
          settle()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      }
      const onAbort = (): void => waiter.refuse(cancelledWhileWaiting())
      const timer = setTimeout(() => waiter.refuse(busy(`none came free within ${waitMs} ms`)), waitMs)
      signal?.addEventListener('abort', onAbort, { once: true })
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
      await this.giveBack(session)
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

function cancelledWhileWaiting(): ShellError {
  return new ShellError({ code: 'run.cancelled', kind: 'failed', message: 'The question was cancelled while it waited for the database.' })
}
