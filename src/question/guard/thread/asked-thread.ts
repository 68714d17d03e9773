import { Worker } from 'node:worker_threads'

interface Numbered {
  readonly id: number
}

export interface AskedThreadOptions<Request extends Numbered, Reply extends Numbered> {
  /** A script that says `ready` once it has loaded, and then answers each request. */
  readonly script: URL
  /** What stands for an answer that did not come. */
  lost(request: Request): Reply
  /** true: the thread has failed in itself and must not be asked again. */
  isBroken(reply: Reply): boolean
  /** Another question before this one can be answered; null: it has been. */
  askMore(reply: Reply, request: Request): Request | null
}

interface Waiting<Request, Reply> {
  readonly request: Request
  readonly resolve: (reply: Reply) => void
}

/** Reading takes less than a millisecond; on a machine that is starved of time, some more. */
const longestMs = 5_000
/** A thread takes a moment to load, and longer on a busy machine: no statement is to blame for that. */
const longestStartMs = 60_000
const resourceLimits = { maxOldGenerationSizeMb: 256, stackSizeMb: 4 }

/**
 * A thread that hostile text may break. It is asked one thing at a time, so that what breaks it is known: a thread that fails
 * in itself, dies, or does not come back is replaced, and what it was asked is lost. Those behind it are asked anew.
 */
export class AskedThread<Request extends Numbered, Reply extends Numbered> {
  readonly #options: AskedThreadOptions<Request, Reply>
  #worker: Worker | null = null
  #current: Waiting<Request, Reply> | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #queue: Waiting<Request, Reply>[] = []

  constructor(options: AskedThreadOptions<Request, Reply>) {
    this.#options = options
  }

  ask(request: Request): Promise<Reply> {
    return new Promise((resolve) => {
      this.#queue.push({ request, resolve })
      this.#pump()
    })
  }

  /** What has not been answered is lost. */
  async close(): Promise<void> {
    const worker = this.#worker
    this.#leave(worker)
    const waiting = [...(this.#current === null ? [] : [this.#current]), ...this.#queue.splice(0)]
    this.#settle()
    for (const { request, resolve } of waiting) resolve(this.#options.lost(request))
    await worker?.terminate()
  }

  #pump(): void {
    if (this.#current !== null) return
    const next = this.#queue.shift()
    if (next === undefined) return
    this.#current = next
    if (this.#worker === null) this.#open(next.request)
    else this.#send(this.#worker, next.request)
  }

  #send(worker: Worker, request: Request): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(worker), longestMs)
    worker.postMessage(request)
  }

  /** For a question, which it is asked once it says that it is ready. */
  #open(request: Request): void {
    const worker = new Worker(this.#options.script, { resourceLimits, env: {} })
    worker.unref()
    worker.once('message', () => {
      worker.on('message', (reply: Reply) => this.#hear(worker, reply))
      this.#send(worker, request)
    })
    worker.on('error', () => this.#fail(worker))
    worker.on('messageerror', () => this.#fail(worker)) // it said what cannot be heard
    worker.on('exit', () => this.#fail(worker))
    this.#worker = worker
    this.#timer = setTimeout(() => this.#fail(worker), longestStartMs)
  }

  #hear(worker: Worker, reply: Reply): void {
    const current = this.#current
    if (current === null || reply.id !== current.request.id || this.#options.isBroken(reply)) return this.#fail(worker)
    const more = this.#options.askMore(reply, current.request)
    if (more !== null) return this.#send(worker, more)
    this.#settle()
    current.resolve(reply)
    this.#pump()
  }

  #fail(worker: Worker): void {
    this.#leave(worker)
    void worker.terminate()
    const current = this.#current
    this.#settle()
    current?.resolve(this.#options.lost(current.request))
    this.#pump()
  }

  /** Nothing is heard of it any more: what it still says, and that it ends, concerns nobody. */
  #leave(worker: Worker | null): void {
    worker?.removeAllListeners().on('error', () => {})
    this.#worker = null
  }

  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#current = null
  }
}
