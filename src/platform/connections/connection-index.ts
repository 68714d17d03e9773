import type { Actor, Awaitable, Scope } from '../../domain/index.ts'
import type { ConnectionBody, PolicyBody } from '../../contract/index.ts'
import type { Declarations, DiscoveredConnection } from './declared.ts'
import { declaredConnections, declaredId, discoveredConnections, type KnownConnection } from './known-connection.ts'
import { maySee, unknownConnection } from './permission.ts'
import { openPolicyBody, policyOf } from './policy.ts'
import { findSaved, listSaved, readPolicy, type SavedRooms } from './saved-connections.ts'

/** How long a change made by another server may go unseen here. A question then costs no look-up of its own. */
const maxAgeMs = 1_000
const maxEntries = 5_000

interface Found {
  readonly untilMs: number
  known: Awaitable<KnownConnection | null>
}

/** Finds connections by id or name, declared ones first, and remembers what it found for a moment. */
export class ConnectionIndex {
  readonly #saved: SavedRooms
  readonly #declarations: Declarations
  readonly #declared: readonly KnownConnection[]
  readonly #gone: (known: KnownConnection) => void
  #discovered: readonly DiscoveredConnection[] = []
  #discoveredKnown: readonly KnownConnection[] = []
  readonly #found = new Map<string, Found>()

  /** `gone` hears of connections whose Secret is no longer there. */
  constructor(saved: SavedRooms, declarations: Declarations, gone: (known: KnownConnection) => void) {
    this.#saved = saved
    this.#gone = gone
    this.#declarations = declarations
    this.#declared = declaredConnections(declarations, saved.base)
  }

  async list(scope: Scope): Promise<readonly ConnectionBody[]> {
    const saved = await listSaved(this.#saved, scope)
    return [...this.#declaredFor(scope).map((known) => known.body), ...saved].toSorted((a, b) => a.name.localeCompare(b.name))
  }

  /** Throws `connections.unknown`. `isOwn` looks past what is remembered: for those who are about to change it. */
  async find(actor: Actor, idOrName: string, options: { readonly isOwn?: boolean } = {}): Promise<KnownConnection> {
    const held = options.isOwn === true ? null : this.#held(actor, idOrName)
    const known = await (held === null ? this.#lookUp(actor, idOrName) : held.known)
    if (known === null || !maySee(actor, known.body)) throw unknownConnection()
    return known
  }

  /** What `find` would give, where that is remembered; null: it has to look. Of an actor who may see it. */
  recall(actor: Actor, idOrName: string): KnownConnection | null {
    const held = this.#held(actor, idOrName)
    return held === null || held.known instanceof Promise ? null : held.known
  }

  #held(scope: Scope, idOrName: string): Found | null {
    const held = this.#found.get(keyOf(scope, idOrName))
    return held !== undefined && held.untilMs > performance.now() ? held : null
  }

  /** Whoever asks; for the server's own work. */
  async known(scope: Scope, id: string): Promise<KnownConnection | null> {
    return await this.#read(scope, id)
  }

  /** After a change: nothing of this tenant is remembered. */
  forget(scope: Scope): void {
    for (const key of this.#found.keys()) if (key.startsWith(`${scope.tenantId} `)) this.#found.delete(key)
  }

  /** The policy a file declares; null where the table has the say. */
  declaredPolicy(id: string): PolicyBody | null {
    const declared =
      this.#declarations.declared.find((one) => declaredId('file', one.input.name) === id) ??
      this.#declarations.discovered?.().find((one) => declaredId('cluster', one.input.name) === id)
    return declared === undefined ? null : (declared.policy ?? openPolicyBody)
  }

  #lookUp(scope: Scope, idOrName: string): Promise<KnownConnection | null> {
    const key = keyOf(scope, idOrName)
    const known = this.#read(scope, idOrName)
    if (this.#found.size >= maxEntries) this.#found.clear()
    const entry: Found = { untilMs: performance.now() + maxAgeMs, known }
    this.#found.set(key, entry)
    known.then(
      (found) => (entry.known = found),
      () => this.#found.get(key) === entry && this.#found.delete(key),
    )
    return known
  }

  async #read(scope: Scope, idOrName: string): Promise<KnownConnection | null> {
    const wanted = idOrName.toLowerCase()
    const declared = this.#declaredFor(scope).find(({ body }) => body.id === wanted || body.name.toLowerCase() === wanted)
    if (declared === undefined) return findSaved(this.#saved, scope, wanted)
    if (declared.body.origin !== 'demo') return declared
    const policy = await readPolicy(this.#saved, scope, declared.body.id)
    return policy === null ? declared : { ...declared, policy: policyOf(policy, this.#saved.base) }
  }

  #declaredFor(scope: Scope): readonly KnownConnection[] {
    return scope.tenantId === this.#declarations.scope.tenantId ? [...this.#declared, ...this.#fromCluster()] : []
  }
  /** A name that aishell.yaml or the demo has is theirs. */
  #fromCluster(): readonly KnownConnection[] {
    const now = this.#declarations.discovered?.() ?? this.#discovered
    if (now === this.#discovered) return this.#discoveredKnown
    const taken = new Set(this.#declared.map((known) => known.body.name.toLowerCase()))
    const before = this.#discoveredKnown
    this.#discovered = now
    this.#discoveredKnown = discoveredConnections(this.#declarations, now, this.#saved.base).filter(
      ({ body }) => !taken.has(body.name.toLowerCase()),
    )
    this.#found.clear()
    for (const known of before) if (!this.#discoveredKnown.some(({ body }) => body.id === known.body.id)) this.#gone(known)
    return this.#discoveredKnown
  }
}

function keyOf({ tenantId }: Scope, idOrName: string): string {
  return `${tenantId} ${idOrName.toLowerCase()}`
}
