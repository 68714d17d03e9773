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
  async follow(dialect: Dialect, take: () => Promise<Lease>, onEnd: () => void): Promise<Lease> {
    this.#change(this.#waiting, dialect, 1)
    let lease: Lease
    try {
      lease = await take()
    } catch (error) {
      this.#change(this.#waiting, dialect, -1)
      onEnd()
      throw error
    }
    this.#waiting[dialect] -= 1
    this.#change(this.#used, dialect, 1)
    return this.#followed(lease, dialect, onEnd)
  }

  #followed(lease: Lease, dialect: Dialect, onEnd: () => void): Lease {
    let isOut = true
    return {
      read: (approved, options) => lease.read(approved, options),
      copy: (approved, format, options) => lease.copy(approved, format, options),
      explain: (approved, options) => lease.explain(approved, options),
      write: (approved, options) => lease.write(approved, options),
      dryRun: (approved, options) => lease.dryRun(approved, options),
      release: async () => {
        if (isOut) {
          isOut = false
          this.#change(this.#used, dialect, -1)
          onEnd()
        }
        await lease.release()
      },
    }
  }

  #change(counts: Record<Dialect, number>, dialect: Dialect, by: number): void {
    counts[dialect] += by
    this.#observe({ type: 'leases-changed', dialect, used: this.#used[dialect], waiting: this.#waiting[dialect] })
  }
}

function zeros(): Record<Dialect, number> {
  return Object.fromEntries(dialects.map((dialect) => [dialect, 0])) as Record<Dialect, number> // one entry per dialect was just made
}
