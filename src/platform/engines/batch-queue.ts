/** What the queue asks of whoever fills it. */
export interface BatchSource {
  /** Enough is queued: send no more until `resume`. */
  pause(): void
  resume(): void
  /** The reader left early: stop the work and resolve when that is done. */
  leave(): Promise<void>
}

type Turn<Batch> = IteratorResult<Batch, undefined>

const deepEnough = 2

/** Batches between a source that pushes and a reader that pulls; holds two, then pauses the source. One reader. */
export class BatchQueue<Batch> implements AsyncIterableIterator<Batch, undefined> {
  readonly #source: BatchSource
  readonly #queue: Batch[] = []
  #reader: { readonly resolve: (turn: Turn<Batch>) => void; readonly reject: (error: unknown) => void } | null = null
  #isPaused = false
  #isEnded = false
  #error: unknown = null

  constructor(source: BatchSource) {
    this.#source = source
  }

  /** true: a reader waits, so that a part of a batch is better than none. */
  get isAwaited(): boolean {
    return this.#reader !== null
  }

  push(batch: Batch): void {
    if (this.#isEnded) return
    if (this.#reader !== null) {
      this.#reader.resolve({ done: false, value: batch })
      this.#reader = null
      return
    }
    this.#queue.push(batch)
    if (this.#queue.length >= deepEnough && !this.#isPaused) {
      this.#isPaused = true
      this.#source.pause()
    }
  }

  /** With an error, what is still queued is dropped: its reader learns of the failure at once. */
  end(error: unknown = null): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = error
    if (error !== null) this.#queue.length = 0
    if (this.#reader === null) return
    if (error === null) this.#reader.resolve({ done: true, value: undefined })
    else this.#reader.reject(error)
    this.#reader = null
  }

  async next(): Promise<Turn<Batch>> {
    const batch = this.#queue.shift()
    if (batch !== undefined) {
      if (this.#isPaused && this.#queue.length === 0) {
        this.#isPaused = false
        this.#source.resume()
      }
      return { done: false, value: batch }
    }
    if (this.#isEnded) {
      const error = this.#error
      this.#error = null
      if (error !== null) throw error
      return { done: true, value: undefined }
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  async return(): Promise<Turn<Batch>> {
    this.#queue.length = 0
    if (!this.#isEnded) {
      this.end()
      await this.#source.leave()
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
