import { isShellError } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { KubernetesApiOptions } from './kubernetes-api.ts'
import { readSecret, UnusableSecret, type FoundConnection, type KubernetesSecret } from './read-secret.ts'
import { watchSecrets } from './watch-secrets.ts'

export interface DiscoveryOptions extends KubernetesApiOptions {
  readonly namespace: string
  readonly observe: Observe
  readonly backoffMs?: number
}

export interface Discovery {
  /** What is known now, by name; one object until something changes. */
  found(): readonly FoundConnection[]
  /** For /ready and doctor: how far the cluster is followed, and which Secrets cannot be used, without any value. */
  state(): { readonly state: 'ok' | 'degraded'; readonly detail: string }
  close(): Promise<void>
}

export const connectionLabel = 'aishell.io/connection'

/** Starts to follow the labelled Secrets of one namespace. Never throws and never waits: what is there comes when it comes. */
export function openDiscovery(options: DiscoveryOptions): Discovery {
  return new LiveDiscovery(options)
}

type Entry = { readonly found: FoundConnection } | { readonly problem: string }

class LiveDiscovery implements Discovery {
  readonly #options: DiscoveryOptions
  readonly #stop = new AbortController()
  readonly #watching: Promise<void>
  readonly #secrets = new Map<string, Entry>()
  #found: readonly FoundConnection[] = []
  #clashes: readonly string[] = []
  #trouble: string | null = 'has not answered yet'

  constructor(options: DiscoveryOptions) {
    this.#options = options
    const watch = { backoffMs: 1_000, ...options, labelSelector: `${connectionLabel}=true` }
    this.#watching = watchSecrets(
      watch,
      {
        listed: (secrets) => this.#listed(secrets),
        changed: (secret) => this.#changed(secret),
        removed: (name) => this.#removed(name),
        failed: (error) => this.#failed(error),
      },
      this.#stop.signal,
    )
  }

  found(): readonly FoundConnection[] {
    return this.#found
  }

  state() {
    const problems = [...this.#secrets].flatMap(([name, entry]) => ('problem' in entry ? [`Secret ${name}: ${entry.problem}`] : []))
    const said = [...(this.#trouble === null ? [] : [this.#trouble]), ...problems, ...this.#clashes]
    const count = `${this.#found.length} connection(s) of ${this.#options.namespace}`
    return { state: said.length === 0 ? ('ok' as const) : ('degraded' as const), detail: [count, ...said].join('; ') }
  }

  async close() {
    this.#stop.abort()
    await this.#watching
  }

  #listed(secrets: readonly KubernetesSecret[]): void {
    this.#trouble = null
    const names = new Set(secrets.map((secret) => secret.metadata.name))
    for (const name of this.#secrets.keys()) if (!names.has(name)) this.#secrets.delete(name)
    for (const secret of secrets) this.#read(secret)
    this.#settle()
  }

  #changed(secret: KubernetesSecret): void {
    this.#trouble = null
    this.#read(secret)
    this.#settle()
  }

  #removed(name: string): void {
    this.#secrets.delete(name)
    this.#settle()
  }

  #failed(error: unknown): void {
    const message = isShellError(error) ? error.message : 'The Kubernetes API cannot be followed.'
    if (message !== this.#trouble) this.#warn('discovery.api', message)
    this.#trouble = message // and everything found stays: an API server that is away takes no connection from anybody
  }

  #read(secret: KubernetesSecret): void {
    const { name } = secret.metadata
    try {
      this.#secrets.set(name, { found: readSecret(secret) })
    } catch (error) {
      const problem = error instanceof UnusableSecret ? error.message : 'it cannot be read'
      const before = this.#secrets.get(name)
      if (before === undefined || !('problem' in before) || before.problem !== problem)
        this.#warn('discovery.secret', `Secret ${name} is no connection: ${problem}.`)
      this.#secrets.set(name, { problem })
    }
  }

  /** Of two Secrets with one name the first of the alphabet wins, so that every replica chooses the same. */
  #settle(): void {
    const byName = new Map<string, { readonly secret: string; readonly found: FoundConnection }>()
    const clashes: string[] = []
    for (const [secret, entry] of [...this.#secrets].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (!('found' in entry)) continue
      const name = entry.found.input.name.toLowerCase()
      const first = byName.get(name)
      if (first === undefined) byName.set(name, { secret, found: entry.found })
      else clashes.push(`Secret ${secret}: the name ${entry.found.input.name} is that of Secret ${first.secret}`)
    }
    for (const clash of clashes) if (!this.#clashes.includes(clash)) this.#warn('discovery.name-taken', `${clash}.`)
    this.#clashes = clashes
    this.#found = [...byName.values()].map(({ found }) => found)
  }

  #warn(code: string, message: string): void {
    this.#options.observe({ type: 'warning', code, message })
  }
}
