import { Worker } from 'node:worker_threads'
import type { ParseReply, ParseRequest } from './parser-worker.ts'

interface Waiting {
  readonly request: ParseRequest
  readonly resolve: (reply: ParseReply) => void
}

/** Parsing takes less than a millisecond. */
const longestMs = 2_000
/** A thread takes a moment to load the module, and longer on a busy machine: no statement is to blame for that. */
const longestStartMs = 30_000

/**
 * The thread the parser runs in. It is asked one text at a time, so that what breaks it is known: a module that fails in
 * itself, dies, or does not come back is replaced, and the text it had is refused. Those behind it are asked anew.
 */
export class Parser {
  #worker: Worker | null = null
  #isReady = false
  #nextId = 1
  #current: Waiting | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #queue: Waiting[] = []

  parse(sql: string): Promise<ParseReply> {
    const request = { id: this.#nextId++, sql }
    return new Promise((resolve) => {
      this.#queue.push({ request, resolve })
      this.#pump()
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    for (const waiting of [...(this.#current === null ? [] : [this.#current]), ...this.#queue.splice(0)]) waiting.resolve(lost(waiting))
    this.#settle()
    await worker?.terminate()
  }

  #pump(): void {
    if (this.#current !== null) return
    const next = this.#queue.shift()
    if (next === undefined) return
    this.#current = next
    const worker = this.#open()
    if (this.#isReady) this.#send(worker)
    else this.#timer = setTimeout(() => this.#fail(worker), longestStartMs)
  }

  #send(worker: Worker): void {
    if (this.#current === null) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(worker), longestMs)
    worker.postMessage(this.#current.request)
  }

  #open(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(new URL('./parser-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 },
      env: {},
    })
    worker.unref()
    worker.on('message', (reply: ParseReply | 'ready') => this.#hear(worker, reply))
    worker.on('error', () => this.#fail(worker))
    worker.on('exit', () => this.#fail(worker))
    this.#worker = worker
    this.#isReady = false
    return worker
  }

  #hear(worker: Worker, reply: ParseReply | 'ready'): void {
    if (worker !== this.#worker) return
    if (reply === 'ready') {
      this.#isReady = true
      return this.#send(worker)
    }
    if (reply.id !== this.#current?.request.id) return
    if (reply.isBroken) return this.#fail(worker)
    const { resolve } = this.#current
    this.#settle()
    resolve(reply)
    this.#pump()
  }

  #fail(worker: Worker): void {
    if (worker !== this.#worker) return // one that was replaced already
    this.#worker = null
    void worker.terminate()
    const current = this.#current
    this.#settle()
    current?.resolve(lost(current))
    this.#pump()
  }

  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#current = null
  }
}

function lost({ request }: Waiting): ParseReply {
  return { id: request.id, statements: null, error: 'the parser gave up on it', isBroken: true }
}
