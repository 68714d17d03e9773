import { dialects, type Dialect } from '../../domain/index.ts'
import type { Lease } from '../engines/index.ts'
import type { Observe } from '../observe/index.ts'

/** Leases out and waited for, per dialect over all connections: what the gauges show. */
export class LeaseCount {
  readonly #observe: Observe
  readonly #used: Record<Dialect, number> = zeros()
  readonly #waiting: Record<Dialect, number> = zeros()

  constructor(observe: Observe) {
    this.#observe = observe
  }

  /** Counts one lease from the moment it is asked for to its end; `onEnd` is called once, whether it came to a lease or not. */
  follow(dialect: Dialect, taken: Promise<Lease>, onEnd: () => void): Promise<Lease> {
    this.#change(this.#waiting, dialect, 1)
    return taken.then(
      (lease) => {
        this.#waiting[dialect] -= 1
        this.#change(this.#used, dialect, 1)
        return new FollowedLease(lease, () => {
          this.#change(this.#used, dialect, -1)
          onEnd()
        })
      },
      (error: unknown) => {
        this.#change(this.#waiting, dialect, -1)
        onEnd()
        throw error
      },
    )
  }

  #change(counts: Record<Dialect, number>, dialect: Dialect, by: number): void {
    counts[dialect] += by
    this.#observe({ type: 'leases-changed', dialect, used: this.#used[dialect], waiting: this.#waiting[dialect] })
  }
}

class FollowedLease implements Lease {
  readonly #lease: Lease
  #onEnd: (() => void) | null

  constructor(lease: Lease, onEnd: () => void) {
    this.#lease = lease
    this.#onEnd = onEnd
  }

  read(...asked: Parameters<Lease['read']>): ReturnType<Lease['read']> {
    return this.#lease.read(...asked)
  }

  copy(...asked: Parameters<Lease['copy']>): ReturnType<Lease['copy']> {
    return this.#lease.copy(...asked)
  }

  explain(...asked: Parameters<Lease['explain']>): ReturnType<Lease['explain']> {
    return this.#lease.explain(...asked)
  }

  write(...asked: Parameters<Lease['write']>): ReturnType<Lease['write']> {
    return this.#lease.write(...asked)
  }

  dryRun(...asked: Parameters<Lease['dryRun']>): ReturnType<Lease['dryRun']> {
    return this.#lease.dryRun(...asked)
  }

  release(): Promise<void> {
    const onEnd = this.#onEnd
    this.#onEnd = null
    onEnd?.()
    return this.#lease.release()
  }
}

function zeros(): Record<Dialect, number> {
  return Object.fromEntries(dialects.map((dialect) => [dialect, 0])) as Record<Dialect, number> // one entry per dialect was just made
}
