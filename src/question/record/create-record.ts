import { newId, ShellError, type Actor, type Scope } from '../../domain/index.ts'
import type { CheckpointSink } from '../../platform/sinks/index.ts'
import type { Keyring, Store } from '../../platform/store/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import { ChainWriter, isAlreadyEnded, unavailable } from './chain-writer.ts'
import { formatEntries } from './entry-formats.ts'
import { exportChain } from './export-chain.ts'
import { actorPart, attemptPart, intentContent, type LinkContent } from './link.ts'
import { checkpoint, retain } from './keep-record.ts'
import { heldOutside, keepAll } from './keep-all.ts'
import { getEntry, listEntries, streamEntries, uuid } from './read-entries.ts'
import { countEntriesOf, memberLinks } from './member-links.ts'
import type { Intent, Record } from './record.ts'
import { beat, beatMs, findLost, forgetGone } from './sweep-lost.ts'
import { verifyChain } from './verify-chain.ts'

export interface RecordOptions {
  readonly store: Store
  readonly keyring: Keyring
  readonly observe: Observe
  /** A UUID, new for every process. */
  readonly serverId: string
  /** false: nothing is written; what was written before can still be read and verified. */
  readonly isEnabled: boolean
  /** true: no other server shares the store, so intents of an earlier process are lost at once. Default false. */
  readonly isOnlyServer?: boolean
  /** Of this program, for a SIEM. */
  readonly version?: string
  /** Where signed checkpoints go; none: they stay in the store. */
  readonly sink?: CheckpointSink | null
}

/** Opens the record. Beats from now on, so that other servers know this one lives; `close()` stops that. */
export function createRecord(options: RecordOptions): Record {
  const trail = new Trail(options)
  const { store, keyring } = options
  const keeping = { store, keyring, sink: options.sink ?? null }
  const keysOf = async (scope: Scope) => ({ auditKey: await keyring.auditKey(scope), signer: await keyring.signer(scope) })
  return {
    begin: (actor, fields) => trail.begin(actor, { entryId: fields.question.id }, intentContent(actor, fields)),
    attempt: (actor, intent, fields) => trail.append(actor, intent.entryId, { kind: 'attempt', attempt: attemptPart(fields) }),
    end: (actor, intent, fields) => trail.end(actor, intent.entryId, { kind: 'outcome', ...fields }),
    note: (actor, action, subject) => trail.append(actor, newId(), { kind: 'note', actor: actorPart(actor), action, subject }),
    list: async (scope, page) => {
      await trail.settled(scope)
      return await listEntries(scope, store, page)
    },
    get: async (scope, entryId) => {
      await trail.settled(scope)
      return await getEntry(scope, store, entryId)
    },
    async *exportEntries(scope, format, filter) {
      await trail.settled(scope)
      yield* formatEntries(format, streamEntries(scope, store, filter), options.version ?? '')
    },
    async *ofMember(scope, member) {
      await trail.settled(scope)
      yield* memberLinks(scope, store, member)
    },
    entriesOf: async (scope, memberId) => {
      await trail.settled(scope)
      return await countEntriesOf(scope, store, memberId)
    },
    verify: async (scope) => {
      await trail.settled(scope)
      const held = await heldOutside(scope, keyring, keeping.sink)
      return await verifyChain(scope, store, await keysOf(scope), [...trail.seenHeads(scope), ...held])
    },
    async *export(scope) {
      await trail.settled(scope)
      yield* exportChain(scope, store, await keysOf(scope))
    },
    auditKey: (scope) => keyring.auditKey(scope),
    publicKey: async (scope) => {
      const { keyId, publicKey } = await keyring.signer(scope)
      return { keyId, publicKey }
    },
    checkpoint: async (scope) => {
      await trail.settled(scope)
      return await checkpoint(keeping, scope)
    },
    retain: async (scope, before, by) => {
      await trail.settled(scope)
      return await retain(keeping, scope, before, by)
    },
    keep: (retention) => keepAll(keeping, retention, options.observe),
    sweepLost: () => trail.sweepLost(),
    close: () => trail.close(),
  }
}

/** The writing half: one chain writer per tenant, the entries open here, and the heartbeat. */
class Trail {
  readonly #options: RecordOptions
  readonly #writers = new Map<string, ChainWriter>()
  readonly #openHere = new Set<string>()
  readonly #heartbeat: NodeJS.Timeout | null
  #firstBeat: Promise<void> | null = null
  #hasBeaten = false

  constructor(options: RecordOptions) {
    this.#options = options
    this.#heartbeat = options.isEnabled ? setInterval(() => void this.#beat().catch(() => undefined), beatMs).unref() : null // a missed beat is made up by the next
  }

  begin(actor: Actor, intent: Intent, content: LinkContent): Promise<Intent> {
    const { entryId } = intent
    if (!this.#options.isEnabled) return Promise.resolve(intent)
    if (!uuid.test(entryId)) return Promise.reject(badEntryId())
    this.#openHere.add(entryId) // before it is written: a sweep must not take it for one of nobody's
    const durable = this.#hasBeaten ? this.append(actor, entryId, content) : this.#beatAndAppend(actor, entryId, content)
    return durable.then(
      () => intent,
      (error: unknown) => {
        this.#openHere.delete(entryId)
        throw error
      },
    )
  }

  /** An intent of a server nobody knows would be lost at once. */
  async #beatAndAppend(actor: Actor, entryId: string, content: LinkContent): Promise<void> {
    await this.#ensureBeat()
    await this.append(actor, entryId, content)
  }

  end(actor: Actor, entryId: string, content: LinkContent): Promise<void> {
    // Also when it could not be written: then the sweep says lost.
    return this.append(actor, entryId, content).finally(() => this.#openHere.delete(entryId))
  }

  append(scope: Scope, entryId: string, content: LinkContent): Promise<void> {
    return this.#options.isEnabled ? this.#writer(scope).append({ entryId, at: new Date(), content }) : Promise.resolve()
  }

  async settled(scope: Scope): Promise<void> {
    await this.#writers.get(scope.tenantId)?.settled()
  }

  seenHeads(scope: Scope) {
    const seen = this.#writers.get(scope.tenantId)?.seen ?? null
    return seen === null ? [] : [seen]
  }

  async sweepLost(): Promise<number> {
    const { store, serverId, isOnlyServer = false, isEnabled, observe } = this.#options
    if (!isEnabled) return 0
    const lost = await findLost(store, { serverId, isOnlyServer, isOpenHere: (entryId) => this.#openHere.has(entryId) })
    const written = await Promise.allSettled(
      lost.map(({ scope, entryId }) => this.append(scope, entryId, { kind: 'outcome', state: 'lost', foundBy: serverId })),
    )
    await forgetGone(store)
    const count = written.filter((one) => one.status === 'fulfilled').length
    if (count > 0) observe({ type: 'intents-lost', count })
    const [error] = written.flatMap((one) => (one.status === 'rejected' && !isAlreadyEnded(one.reason) ? [one.reason as unknown] : []))
    if (error !== undefined) observe({ type: 'failure', code: 'record.sweep', error }) // they stay open, and the next sweep tries again
    return count
  }

  async close(): Promise<void> {
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat)
    await Promise.all(Array.from(this.#writers.values(), (writer) => writer.idle()))
  }

  #writer(scope: Scope): ChainWriter {
    const known = this.#writers.get(scope.tenantId)
    if (known !== undefined) return known
    const writer = new ChainWriter({ tenantId: scope.tenantId }, this.#options)
    this.#writers.set(scope.tenantId, writer)
    return writer
  }

  async #ensureBeat(): Promise<void> {
    this.#firstBeat ??= this.#beat()
    try {
      await this.#firstBeat
      this.#hasBeaten = true
    } catch (error) {
      this.#firstBeat = null
      throw unavailable(error)
    }
  }

  async #beat(): Promise<void> {
    await beat(this.#options.store, this.#options.serverId)
  }
}

function badEntryId(): ShellError {
  return new ShellError({ code: 'record.bad-entry-id', kind: 'invalid', message: 'An entry’s id must be a UUID.' })
}
