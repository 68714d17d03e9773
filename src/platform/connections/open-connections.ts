import { ShellError, type Dialect, type Scope } from '../../domain/index.ts'
import type { DatabaseUserReport, PrivilegeReport } from '../../contract/index.ts'
import type { Engine, EnginePool, EngineTarget, Lease, LeaseOptions, PoolOptions, WriteEnd } from '../engines/index.ts'
import type { Observe } from '../observe/index.ts'
import { CachedCatalog } from './cached-catalog.ts'
import type { KnownConnection } from './known-connection.ts'
import { LeaseCount } from './lease-count.ts'

export interface OpenOptions {
  readonly engines: readonly Engine[]
  readonly observe: Observe
  readonly pool: PoolOptions
  readonly catalogTtlMs: number
  /** false: a database user that is a superuser is not used, whoever saved it. */
  readonly allowSuperusers: boolean
  /** Hears of connections whose schema turned out to be another than before. */
  readonly catalogChanged?: (scope: Scope, id: string) => void
}

/** One connection's pool and catalog, once its database user has been looked at. */
export interface OpenConnection {
  readonly catalog: CachedCatalog
  lease(signal: AbortSignal, access?: LeaseOptions['access']): Promise<Lease>
  settle(marker: string): Promise<WriteEnd>
}

interface Entry extends OpenConnection {
  readonly stamp: string
  readonly pool: EnginePool
  leases: number
}

interface Opened {
  readonly stamp: string
  readonly entry: Promise<Entry>
  settled: Entry | null
}

/** Beyond it the longest unused are closed, so that a thousand tenants cost no more than those who ask. */
const maxOpen = 200

/** Pools by connection. Opened on first use, closed when the connection changes, goes, or is long unused. */
export class OpenConnections {
  readonly #options: OpenOptions
  readonly #count: LeaseCount
  readonly #entries = new Map<string, Opened>()
  #isClosed = false

  constructor(options: OpenOptions) {
    this.#options = options
    this.#count = new LeaseCount(options.observe)
  }

  /** Throws `engines.*` when the database cannot be reached, `connections.superuser` when its user may do anything. */
  async open(known: KnownConnection): Promise<OpenConnection> {
    if (this.#isClosed)
      throw new ShellError({
        code: 'connections.closed',
        kind: 'busy',
        message: 'The server is shutting down.',
        hint: 'Ask again in a moment.',
      })
    const key = keyOf(known)
    const held = this.#held(key, known)
    if (held !== null) return held.entry
    if (this.#entries.has(key)) this.#closeBehind(key)
    const opening: Opened = { stamp: known.stamp, entry: this.#make(known), settled: null }
    this.#entries.set(key, opening)
    opening.entry.then(
      (entry) => (opening.settled = entry),
      () => this.#entries.get(key) === opening && this.#entries.delete(key),
    )
    this.#closeUnused()
    return opening.entry
  }

  /** What `open` would give, where it is open; null: it is not. */
  recall(known: KnownConnection): OpenConnection | null {
    return this.#isClosed ? null : (this.#held(keyOf(known), known)?.settled ?? null)
  }

  #held(key: string, known: KnownConnection): Opened | null {
    const held = this.#entries.get(key)
    if (held === undefined || held.stamp !== known.stamp) return null
    this.#entries.delete(key) // and back in at the end: the first in the map is the longest unused
    this.#entries.set(key, held)
    return held
  }

  /** Signs in with a target that is not saved. */
  async preflight(target: EngineTarget): Promise<PrivilegeReport> {
    const pool = this.#engineOf(target.engine).open(target, { ...this.#options.pool, maxLeases: 1 })
    try {
      const reader = await reported(() => pool.preflight())
      return { ...reader, writer: await reportedWriter(() => pool.preflightWriter()) }
    } finally {
      await pool.close()
    }
  }

  async forget(known: KnownConnection): Promise<void> {
    await this.#close(keyOf(known))
  }

  rereadCatalog(scope: Scope, id: string): void {
    this.#entries.get(`${scope.tenantId} ${id}`)?.settled?.catalog.reread()
  }

  rereadCatalogs(): void {
    for (const { settled } of this.#entries.values()) settled?.catalog.reread()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#entries.keys()].map((key) => this.#close(key)))
  }

  async #make(known: KnownConnection): Promise<Entry> {
    const { engines: _engines, observe, catalogTtlMs } = this.#options
    const target = await known.target()
    const pool = this.#engineOf(target.engine).open(target, this.#options.pool)
    try {
      this.#judge(known, await pool.preflight())
    } catch (error) {
      await pool.close()
      throw error
    }
    const dialect: Dialect = target.engine
    const read = async (disclosure: Parameters<CachedCatalog['get']>[0]) => {
      const startedMs = performance.now()
      const catalog = await pool.readCatalog({ disclosure })
      observe({ type: 'catalog-read', dialect, relations: catalog.relations.length, elapsedMs: performance.now() - startedMs })
      return catalog
    }
    const failed = (error: unknown): void => observe({ type: 'failure', code: 'connections.catalog-refresh', error })
    let isWriterJudged = false // at the first write: reads do not wait for it, nor for a database that refuses it
    const judgeWriter = async (signal: AbortSignal): Promise<void> => {
      if (isWriterJudged) return
      const report = await pool.preflightWriter(signal)
      if (report !== null) this.#judge(known, report, 'change rows')
      isWriterJudged = true
    }
    const entry: Entry = {
      stamp: known.stamp,
      pool,
      leases: 0,
      catalog: new CachedCatalog({
        read,
        failed,
        ttlMs: catalogTtlMs,
        nowMs: () => performance.now(),
        changed: () => this.#options.catalogChanged?.(known.scope, known.body.id),
      }),
      settle: (marker) => pool.settle(marker),
      lease: (signal, access = 'read') => {
        entry.leases += 1
        const lent = access === 'write' ? judgeWriter(signal).then(() => pool.lease({ signal, access })) : pool.lease({ signal, access })
        return this.#count.follow(dialect, lent, () => void (entry.leases -= 1))
      },
    }
    return entry
  }

  /** GUARD §2: a superuser is refused; more than reading is said aloud, with the script that mends it in the connection's test. */
  #judge(known: KnownConnection, report: DatabaseUserReport, purpose = 'read'): void {
    if (!this.#options.allowSuperusers) refuseSuperuser(report)
    if (report.level === 'least') return
    const message = `${known.body.name} signs in as ${report.databaseUser}, which could do more than ${purpose}: ${report.findings.map((one) => one.code).join(', ')}.`
    this.#options.observe({ type: 'warning', code: 'connections.excess', message })
  }

  #closeUnused(): void {
    for (const [key, held] of this.#entries) {
      if (this.#entries.size <= maxOpen) return
      if (held.settled !== null && held.settled.leases === 0) this.#closeBehind(key)
    }
  }

  /** Nobody who asks waits for an old pool to say goodbye. */
  #closeBehind(key: string): void {
    this.#close(key).catch((error: unknown) => this.#options.observe({ type: 'failure', code: 'connections.close', error }))
  }

  async #close(key: string): Promise<void> {
    const held = this.#entries.get(key)
    this.#entries.delete(key)
    const entry = await held?.entry.catch(() => null) // one that never opened has nothing to close
    await entry?.pool.close()
  }

  #engineOf(name: string): Engine {
    const engine = this.#options.engines.find((one) => one.dialect === name)
    if (engine !== undefined) return engine
    throw new ShellError({ code: 'connections.no-engine', kind: 'invalid', message: `This server has no engine for ${name}.` })
  }
}

/** Throws `connections.superuser`. */
export function refuseSuperuser(report: DatabaseUserReport): void {
  if (!report.findings.some((finding) => finding.code === 'engines.superuser')) return
  throw new ShellError({
    code: 'connections.superuser',
    kind: 'denied',
    message: `${report.databaseUser} is a superuser of its database; a connection must not sign in as one.`,
    hint: 'Test the connection: the answer holds a script for a user that may only read. An operator can allow superusers with CONNECTION_ALLOW_SUPERUSERS.',
  })
}

/** A database that cannot be reached is an answer of a test, not a failure of it. Of unknown powers the most is assumed. */
async function reported(preflight: () => Promise<DatabaseUserReport>): Promise<DatabaseUserReport> {
  const startedMs = performance.now()
  try {
    return await preflight()
  } catch (error) {
    if (!(error instanceof ShellError) || (error.kind !== 'failed' && error.kind !== 'busy')) throw error
    return unreachable(error, startedMs)
  }
}

/** One that is not there, or may not be used, keeps nobody from reading, so its report never fails. */
async function reportedWriter(preflight: () => Promise<DatabaseUserReport | null>): Promise<DatabaseUserReport | null> {
  const startedMs = performance.now()
  try {
    return await preflight()
  } catch (error) {
    if (!(error instanceof ShellError)) throw error
    return unreachable(error, startedMs)
  }
}

function unreachable(error: ShellError, startedMs: number): DatabaseUserReport {
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`
  const findings = [{ code: error.code, message }]
  return {
    isReachable: false,
    serverVersion: '',
    databaseUser: '',
    level: 'excess',
    findings,
    script: null,
    elapsedMs: performance.now() - startedMs,
  }
}

function keyOf(known: KnownConnection): string {
  return `${known.scope.tenantId} ${known.body.id}`
}
