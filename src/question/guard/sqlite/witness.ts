import { Worker } from 'node:worker_threads'
import type { Catalog } from '../../../domain/index.ts'
import type { WitnessOverlay, WitnessReply, WitnessRequest, WitnessTable } from './witness-messages.ts'

interface Waiting {
  readonly request: WitnessRequest
  readonly catalog: Catalog | null
  readonly resolve: (reply: WitnessReply) => void
  readonly timer: NodeJS.Timeout
}

/** Compiling takes microseconds; the first statement of a catalog also builds its tables. */
const longestMs = 2_000

/** The thread SQLite compiles in. One that dies or does not come back is replaced; what it was asked is refused. */
export class Witness {
  #worker: Worker | null = null
  #nextId = 1
  readonly #waiting = new Map<number, Waiting>()

  ask(catalog: Catalog | null, sql: string, overlay: WitnessOverlay | null = null): Promise<WitnessReply> {
    const worker = this.#open()
    const id = this.#nextId++
    const request = { id, catalogKey: catalog === null ? null : `${catalog.version} ${catalog.database}`, tables: null, sql, overlay }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#replace(), longestMs)
      this.#waiting.set(id, { request, catalog, resolve, timer })
      worker.postMessage(request)
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#replace()
    await worker?.terminate()
  }

  #open(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(new URL('./witness-worker.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 256 }, env: {} })
    worker.unref()
    worker.on('message', (reply: WitnessReply) => this.#hear(reply))
    worker.on('error', () => this.#replace(worker))
    this.#worker = worker
    return worker
  }

  #hear(reply: WitnessReply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    if (reply.needsCatalog && waiting.catalog !== null)
      return this.#worker?.postMessage({ ...waiting.request, tables: tablesOf(waiting.catalog) })
    clearTimeout(waiting.timer)
    this.#waiting.delete(reply.id)
    waiting.resolve(reply)
  }

  #replace(failed: Worker | null = this.#worker): void {
    if (failed !== this.#worker) return // one that was replaced already
    this.#worker = null
    void failed?.terminate()
    for (const id of [...this.#waiting.keys()]) this.#hear({ id, actions: [], error: lostWitness, needsCatalog: false, guessed: null })
  }
}

function tablesOf(catalog: Catalog): WitnessTable[] {
  return catalog.relations.map(({ name, columns, kind, definition, primaryKey, uniqueKeys }) => ({
    name,
    columns: columns.map((column) => column.name),
    keys: [primaryKey, ...uniqueKeys].filter((key) => key.length > 0),
    viewText: kind === 'view' ? definition : null,
  }))
}

export const lostWitness = 'the statement took too long to compile'
