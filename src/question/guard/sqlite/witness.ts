import type { Catalog } from '../../../domain/index.ts'
import { AskedThread } from '../thread/asked-thread.ts'
import type { WitnessOverlay, WitnessReply, WitnessRequest, WitnessTable } from './witness-messages.ts'

/** The thread SQLite compiles in; what it does not come back from is refused. */
export class Witness {
  #nextId = 1
  readonly #catalogs = new Map<number, Catalog>()
  readonly #thread = new AskedThread<WitnessRequest, WitnessReply>({
    script: new URL('./witness-worker.ts', import.meta.url),
    lost: ({ id }) => ({ id, actions: [], error: lostWitness, needsCatalog: false, guessed: null }),
    isBroken: () => false,
    // The first statement of a catalog brings its tables along.
    askMore: ({ needsCatalog }, request) => {
      const catalog = this.#catalogs.get(request.id)
      return needsCatalog && catalog !== undefined ? { ...request, tables: tablesOf(catalog) } : null
    },
  })

  async ask(catalog: Catalog | null, sql: string, overlay: WitnessOverlay | null = null): Promise<WitnessReply> {
    const id = this.#nextId++
    if (catalog !== null) this.#catalogs.set(id, catalog)
    const catalogKey = catalog === null ? null : `${catalog.version} ${catalog.database}`
    const reply = await this.#thread.ask({ id, catalogKey, tables: null, sql, overlay })
    this.#catalogs.delete(id)
    return reply
  }

  close(): Promise<void> {
    return this.#thread.close()
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
