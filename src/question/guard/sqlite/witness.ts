import { Worker } from 'node:worker_threads'
import type { Catalog } from '../../../domain/index.ts'
import type { WitnessReply, WitnessRequest } from './witness-worker.ts'

interface Waiting {
  readonly resolve: (reply: WitnessReply) => void
  readonly timer: NodeJS.Timeout
}

const longestMs = 1_000

/** The thread SQLite compiles in. One that dies or does not come back is replaced; what it was asked is refused. */
export class Witness {
  #worker: Worker | null = null
  #known = new Set<string>()
  #nextId = 1
  readonly #waiting = new Map<number, Waiting>()

  ask(catalog: Catalog, sql: string): Promise<WitnessReply> {
    const worker = this.#open()
    const id = this.#nextId++
    const catalogKey = `${catalog.version} ${catalog.database}`
    const isKnown = this.#known.has(catalogKey)
    if (this.#known.size >= 8) this.#known.clear() // the thread forgets old ones too; sending one again is harmless
    this.#known.add(catalogKey)
    const tables = isKnown ? null : catalog.relations.map(({ name, columns }) => ({ name, columns: columns.map((column) => column.name) }))
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#replace(), longestMs)
      this.#waiting.set(id, { resolve, timer })
      worker.postMessage({ id, catalogKey, tables, sql } satisfies WitnessRequest)
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
  }

  #open(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(new URL('./witness-worker.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 256 }, env: {} })
    worker.unref()
    worker.on('message', (reply: WitnessReply) => this.#settle(reply))
    worker.on('error', () => this.#replace())
    this.#known = new Set()
    this.#worker = worker
    return worker
  }

  #settle(reply: WitnessReply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    clearTimeout(waiting.timer)
    this.#waiting.delete(reply.id)
    waiting.resolve(reply)
  }

  #replace(): void {
    const worker = this.#worker
    this.#worker = null
    void worker?.terminate()
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, actions: [], error: lostWitness })
  }
}

export const lostWitness = 'the statement took too long to compile'
