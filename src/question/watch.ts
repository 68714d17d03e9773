import type { Phase } from '../domain/index.ts'
import type { ProgressBody } from '../contract/index.ts'
import type { Lease } from '../platform/engines/index.ts'
import type { RunMeter } from './run/index.ts'
import type { Walk } from './stages.ts'

/** The first word comes after so long, and no word sooner after another. */
const quietMs = 1_000

/**
 * Says how far long work is, for an answer whose reader wants to hear it. Between two words a reader may leave while
 * the database still works: that ends the work, as leaving at any other event does.
 */
export class Watch {
  phase: Phase
  readonly #meter: RunMeter
  readonly #leaving = new AbortController()
  readonly #startedMs = performance.now()
  #toldMs = this.#startedMs
  /** One for the whole answer: short ones pay for it once. */
  #timer: NodeJS.Timeout | null = null
  #wake: () => void = () => {}

  constructor({ signal, ledger }: Walk, phase: Phase) {
    this.phase = phase
    this.#meter = ledger.meter
    // AbortSignal.any would cost an answer some microseconds; the answer's own signal is gone with it.
    const forward = (): void => this.#leaving.abort(signal.reason)
    if (signal.aborted) forward()
    else signal.addEventListener('abort', forward, { once: true })
  }

  /** Aborts with the answer, and when the reader leaves between two words. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /** The result, with words before it. `drop` gets what comes when nobody waits for it any more. */
  async *result<Result>(
    work: Promise<Result>,
    drop: (late: Result) => Promise<void> = async () => {},
  ): AsyncGenerator<ProgressBody, Result> {
    let isHere = false
    try {
      while (!(isHere = await this.#isSettled(work))) yield this.#word()
      return await work
    } finally {
      this.#rest()
      if (!isHere) {
        this.#leaving.abort()
        await work.then(drop, () => {})
      }
    }
  }

  /** The same steps, with words between them. */
  async *steps<Event>(steps: AsyncGenerator<Event>): AsyncGenerator<Event | ProgressBody> {
    let isHere = true
    try {
      for (;;) {
        const next = steps.next()
        isHere = false
        while (!(isHere = await this.#isSettled(next))) yield this.#word()
        const step = await next
        if (step.done === true) return
        if (this.#dueInMs() === 0) yield this.#word()
        yield step.value
      }
    } finally {
      this.#rest()
      if (!isHere) this.#leaving.abort()
      await steps.return(undefined)
    }
  }

  /** false: a word is due first. */
  #isSettled(work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(false)
      const settled = (): void => resolve(true)
      work.then(settled, settled)
      this.#timer ??= setTimeout(() => this.#ring(), this.#dueInMs())
    })
  }

  #ring(): void {
    const dueInMs = this.#dueInMs()
    this.#timer = dueInMs === 0 ? null : setTimeout(() => this.#ring(), dueInMs)
    if (dueInMs === 0) this.#wake()
  }

  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #dueInMs(): number {
    return Math.max(0, Math.ceil(this.#toldMs + quietMs - performance.now()))
  }

  #word(): ProgressBody {
    this.#toldMs = performance.now()
    const { rows, bytes } = this.#meter
    return { type: 'progress', phase: this.phase, rows, bytes, elapsedMs: Math.round(this.#toldMs - this.#startedMs) }
  }
}

/** null: nobody wants to hear it, and it costs nothing. */
export function watchOf(walk: Walk, phase: Phase): Watch | null {
  return walk.delivery.hasProgress === true ? new Watch(walk, phase) : null
}

/** A lease of the walk's target; the wait for a free one is told of as `queue`. */
export async function* leaseWatched(walk: Walk, watch: Watch | null, access?: 'read' | 'write'): AsyncGenerator<ProgressBody, Lease> {
  if (watch === null) return await walk.target.lease(walk.signal, access)
  const { phase } = watch
  watch.phase = 'queue'
  const lease = yield* watch.result(walk.target.lease(watch.signal, access), (late) => late.release())
  watch.phase = phase
  return lease
}
