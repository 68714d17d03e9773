import type { CatalogBody, Client } from '../../../contract/index.ts'

/** Catalogs by connection, fetched behind the prompt: completion must never wait for a server. */
export class CatalogCache {
  readonly #client: Client
  readonly #catalogs = new Map<string, CatalogBody>()
  readonly #underWay = new Map<string, Promise<CatalogBody>>()

  constructor(client: Client) {
    this.#client = client
  }

  /** What is known right now; asks for the rest. */
  peek(connection: string): CatalogBody | null {
    const known = this.#catalogs.get(connection) ?? null
    if (known === null) this.load(connection).catch(() => {}) // completion stays empty; a command that needs it will say why
    return known
  }

  async load(connection: string, options: { readonly refresh?: boolean } = {}): Promise<CatalogBody> {
    const waiting = this.#underWay.get(connection)
    if (waiting !== undefined && options.refresh !== true) return waiting
    const loading = this.#client.catalog(connection, options)
    this.#underWay.set(connection, loading)
    try {
      const catalog = await loading
      this.#catalogs.set(connection, catalog)
      return catalog
    } finally {
      this.#underWay.delete(connection)
    }
  }
}
