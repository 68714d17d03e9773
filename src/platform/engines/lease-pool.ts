import { ShellError } from '../../domain/index.ts'

/** One signed-in database session; the pool only opens, lends and closes it. */
export interface Session {
  /** false: it died or its state is not known; it is never lent again. */
  readonly isUsable: boolean
  close(): Promise<void>
}

interface Waiter<Held> {
  readonly give: (session: Held) => void
  readonly fail: (error: unknown) => void
}

export interface LeasePoolOptions {
  readonly maxLeases: number
  readonly maxWaiting: number
  readonly idleMs?: number
}

/** Lends sessions first come, first served, from a bounded queue. */
export class LeasePool<Held extends Session> {
  readonly #open: () => Promise<Held>
  readonly #options: LeasePoolOptions
  readonly #idle: Held[] = []
  readonly #waiting: Waiter<Held>[] = []
  #sessions = 0
  #isClosed = false
  #idleTimer: NodeJS.Timeout | null = null

  constructor(open: () => Promise<Held>, options: LeasePoolOptions) {
    this.#open = open
    this.#options = options
  }

  get counts(): { readonly used: number; readonly waiting: number } {
    return { used: this.#sessions - this.#idle.length, waiting: this.#waiting.length }
  }

  async take(signal: AbortSignal, waitMs = 10_000): Promise<Held> {
    signal.throwIfAborted()
    if (this.#isClosed) throw closed()
    const session = this.#takeIdle()
    if (session !== null) return session
    if (this.#sessions < this.#options.maxLeases) return await this.#openNew()
    if (this.#waiting.length >= this.#options.maxWaiting) throw busy('too many questions are waiting for this connection')
    return await this.#wait(signal, waitMs)
  }

  async give(session: Held): Promise<void> {
    if (!session.isUsable || this.#isClosed) return await this.#drop(session)
    const waiter = this.#waiting.shift()
    if (waiter !== undefined) return waiter.give(session)
    this.#idle.push(session)
    this.#closeIdleLater()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer)
    for (const waiter of this.#waiting.splice(0)) waiter.fail(closed())
    await Promise.all(this.#idle.splice(0).map((session) => this.#drop(session)))
  }

  #takeIdle(): Held | null {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop()) {
      if (session.isUsable) return session
      void this.#drop(session)
    }
    return null
  }

  async #openNew(): Promise<Held> {
    this.#sessions += 1
    try {
      return await this.#open()
    } catch (error) {
      this.#sessions -= 1
      throw error
    }
  }

  #wait(signal: AbortSignal, waitMs: number): Promise<Held> {
    return new Promise<Held>((resolve, reject) => {
      const leave = (error: unknown): void => {
        settle()
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(error)
      }
      const timer = setTimeout(() => leave(busy('no session of this connection came free in time')), waitMs)
      const onAbort = (): void => leave(signal.reason)
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter<Held> = {
        give: (session) => {
          settle()
          resolve(session)
        },
        fail: (error) => {
          settle()
          reject(error)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  /** A closed session makes room: whoever waits longest gets a new one. */
  async #drop(session: Held): Promise<void> {
    this.#sessions -= 1
    await session.close().catch(() => undefined) // it is being thrown away; nobody can act on how
    const waiter = this.#isClosed ? undefined : this.#waiting.shift()
    if (waiter === undefined) return
    await this.#openNew().then(waiter.give, waiter.fail)
  }

  #closeIdleLater(): void {
    if (this.#idleTimer !== null) return
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null
      const oldest = this.#idle.shift()
      if (oldest !== undefined) void this.#drop(oldest)
      if (this.#idle.length > 0) this.#closeIdleLater()
    }, this.#options.idleMs ?? 60_000)
    this.#idleTimer.unref()
  }
}

function busy(why: string): ShellError {
  return new ShellError({ code: 'engines.busy', kind: 'busy', message: `The database is busy: ${why}.`, hint: 'Try again in a moment.' })
}

function closed(): ShellError {
  return new ShellError({
    code: 'engines.closed',
    kind: 'conflict',
    message: 'This connection was changed or removed just now.',
    hint: 'Ask again.',
  })
}
