import { viewCatalog, type Awaitable, type Catalog, type Disclosure, type Policy, type RoleName } from '../../domain/index.ts'

export interface CatalogSource {
  read(disclosure: Disclosure): Promise<Catalog>
  /** What a reading in the background could not do. */
  failed(error: unknown): void
  readonly ttlMs: number
  readonly nowMs: () => number
  /** It was read and is another than before; not told of what was reread because others had found so. */
  changed?(): void
}

interface Held {
  readonly catalog: Catalog
  readonly disclosure: Disclosure
  readonly readAtMs: number
}

const maxViews = 24

/**
 * One connection's catalog: read on first use, by one reader however many wait; when it has aged the old one still
 * answers while it is read anew. A catalog read under another disclosure level is never shown.
 */
export class CachedCatalog {
  readonly #source: CatalogSource
  readonly #views = new Map<string, Catalog>()
  #held: Held | null = null
  #reading: { readonly disclosure: Disclosure; readonly result: Promise<Catalog> } | null = null

  constructor(source: CatalogSource) {
    this.#source = source
  }

  /** At once where one is held. */
  get(disclosure: Disclosure): Awaitable<Catalog> {
    const held = this.#held
    if (held === null || held.disclosure !== disclosure) return this.#read(disclosure)
    if (this.#source.nowMs() - held.readAtMs > this.#source.ttlMs)
      this.#read(disclosure).catch((error: unknown) => this.#source.failed(error))
    return held.catalog
  }

  /** Reads it anew; one that is being read already will do only if it began after this was asked. */
  async refresh(disclosure: Disclosure): Promise<Catalog> {
    await this.#reading?.result.catch(() => undefined)
    return this.#read(disclosure)
  }

  /** In the background, where it is known at all: others have found that it changed. */
  reread(): void {
    const disclosure = this.#held?.disclosure
    if (disclosure === undefined) return
    const before = this.#reading?.result ?? Promise.resolve()
    before
      .catch(() => undefined)
      .then(() => this.#read(disclosure, true))
      .catch((error: unknown) => this.#source.failed(error))
  }

  /** What holders of these roles may know of it; the same object while catalog and policy stay the same. */
  view(catalog: Catalog, policy: Policy, roles: readonly RoleName[]): Catalog {
    const key = `${catalog.version} ${policy.version} ${policy.disclosure} ${roles.join('+')}`
    const known = this.#views.get(key)
    if (known !== undefined && catalog === this.#held?.catalog) return known
    const view = viewCatalog(catalog, policy, roles)
    if (this.#views.size >= maxViews) this.#views.clear()
    if (catalog === this.#held?.catalog) this.#views.set(key, view)
    return view
  }

  #read(disclosure: Disclosure, isReread = false): Promise<Catalog> {
    if (this.#reading?.disclosure === disclosure) return this.#reading.result
    const result = this.#source.read(disclosure).then((catalog) => {
      const before = this.#held
      if (!isReread && before !== null && before.catalog.version !== catalog.version) this.#source.changed?.()
      this.#views.clear()
      this.#held = { catalog, disclosure, readAtMs: this.#source.nowMs() }
      return catalog
    })
    const reading = { disclosure, result }
    this.#reading = reading
    const settled = (): void => {
      if (this.#reading === reading) this.#reading = null
    }
    result.then(settled, settled)
    return result
  }
}
