import { setImmediate } from 'node:timers/promises'
import { isShellError, ShellError, type Scope } from '../../domain/index.ts'
import type { Keyring, Store } from '../../platform/store/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import { commitLocked, commitPlaced, placeLinks, type Committed, type PendingLink } from './commit-batch.ts'
import type { Head } from './link.ts'

/** More in one transaction would only make its first writer wait for the last one's bytes. */
const maxBatch = 256
/** Batches at once; what one needs of this process and of the store takes about the same time. */
const mostUnderWay = 2
/** Fewer links are better off in the next batch: each costs a transaction, however few it carries. */
const worthASecond = 24
/**
 * Turns of the event loop in which others may still join a batch. Each batch costs the store the same whatever it carries, and
 * who has been answered together asks again within a few turns.
 */
const gatheredTurns = 8
/** How long outcomes wait for a link that somebody waits for, to go with it: alone they would cost a transaction. */
const outcomeWaitMs = 5

export interface ChainWriterOptions {
  readonly store: Store
  readonly keyring: Keyring
  readonly serverId: string
  readonly observe: Observe
}

interface Waiting {
  readonly link: PendingLink
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit for one tenant: whatever arrives while a batch is being synced forms the next one, with what the event loop
 * has at hand in the few turns after it. Nobody who waits for a link waits longer than that for company; outcomes, for which no asker does, go with the next
 * such link, or by themselves after a moment. Where many write, a second batch goes out behind the first before that is
 * durable, so that this process and the store work at the same time (bench/load/record-writers.ts).
 */
export class ChainWriter {
  readonly #scope: Scope
  readonly #options: ChainWriterOptions
  readonly #commits = new Set<Promise<void>>()
  #waiting: Waiting[] = []
  #isGathering = false
  /** There is a link among those that wait for which somebody waits, or the outcomes have waited long enough. */
  #isDue = false
  #timer: NodeJS.Timeout | null = null
  #seen: Head | null = null
  /** Where the chain will end when all batches under way are durable; null: that cannot be told. */
  #ahead: Head | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(scope: Scope, options: ChainWriterOptions) {
    this.#scope = scope
    this.#options = options
  }

  /** The newest head this process has written: a store that shows an older one was set back. */
  get seen(): Head | null {
    return this.#seen
  }

  /** Durable when it resolves. */
  append(link: PendingLink): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ link, resolve, reject })
    })
    this.#last = durable.catch(() => undefined) // whoever appended hears of it
    this.#isDue ||= !isPatient(link)
    this.#goOn()
    return durable
  }

  /** When all that was handed in before this call is settled; readers wait for it, so that they see what they caused. */
  async settled(): Promise<void> {
    this.#hurry()
    await this.#last
    await Promise.all(this.#commits) // the one before may be settled after the newest
  }

  /** When all that was handed in is settled. */
  async idle(): Promise<void> {
    for (let last: Promise<unknown> | null = null; last !== this.#last;) {
      last = this.#last
      await this.settled()
    }
  }

  #goOn(): void {
    if (this.#isGathering || this.#waiting.length === 0 || !this.#maySend()) return
    if (this.#isDue) void this.#send()
    else this.#timer ??= setTimeout(() => this.#hurry(), outcomeWaitMs)
  }

  #hurry(): void {
    this.#isDue = this.#waiting.length > 0
    this.#goOn()
  }

  #rest(): void {
    this.#isDue = this.#waiting.some(({ link }) => !isPatient(link))
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #maySend(): boolean {
    if (this.#commits.size === 0) return true
    return this.#commits.size < mostUnderWay && this.#waiting.length >= worthASecond && this.#ahead !== null
  }

  /** Enough for one batch, or where none is under way for two. */
  #isFull(): boolean {
    return this.#waiting.length >= (this.#commits.size === 0 ? mostUnderWay * worthASecond : worthASecond)
  }

  async #send(): Promise<void> {
    this.#isGathering = true
    // Where nobody else comes, a turn takes no time.
    for (let turn = 0; turn === 0 || (turn < gatheredTurns && !this.#isFull()); turn++) await setImmediate()
    this.#isGathering = false
    // Half of many: the other half follows while the first is under way, and so do those who come back from it.
    const isForTwo = this.#commits.size === 0 && this.#isFull()
    const size = isForTwo ? Math.ceil(this.#waiting.length / mostUnderWay) : this.#waiting.length
    const from = this.#commits.size === 0 ? this.#seen : this.#ahead
    this.#ahead = null
    const batch = this.#waiting.splice(0, Math.min(size, maxBatch))
    this.#rest()
    const commit = this.#commit(batch, from).finally(() => {
      this.#commits.delete(commit)
      this.#goOn()
    })
    this.#commits.add(commit)
  }

  /** `from`: where the chain ends before it; null: the store is to say. */
  async #commit(batch: readonly Waiting[], from: Head | null): Promise<void> {
    const startedMs = performance.now()
    try {
      const links = batch.map((waiting) => waiting.link)
      const { refused } = await this.#write(links, from)
      for (const { link, resolve, reject } of batch) {
        if (refused.has(link)) reject(alreadyEnded(link))
        else resolve()
      }
      this.#options.observe({ type: 'record-committed', entries: batch.length - refused.size, elapsedMs: performance.now() - startedMs })
    } catch (error) {
      await this.#fail(batch, error)
    }
  }

  async #write(links: readonly PendingLink[], from: Head | null): Promise<Committed> {
    const { store, keyring, serverId } = this.#options
    const auditKey = await keyring.auditKey(this.#scope)
    const placed = from === null ? null : placeLinks(this.#scope, from, links, auditKey)
    if (placed !== null) {
      const isCommitted = commitPlaced(this.#scope, placed, { store, serverId })
      this.#ahead = placed.last
      this.#goOn()
      if (await isCommitted) return this.#wrote({ head: placed.last, refused: new Set() })
    }
    this.#ahead = null
    return this.#wrote(await commitLocked(this.#scope, links, { store, serverId, auditKey }))
  }

  #wrote(committed: Committed): Committed {
    if (committed.head.sequence > (this.#seen?.sequence ?? 0)) this.#seen = committed.head
    return committed
  }

  /** One link the database refuses (a broken id) must not take the others with it: each gets its own transaction. */
  async #fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    this.#ahead = null
    if (batch.length > 1 && !isShellError(error)) {
      for (const waiting of batch) await this.#commit([waiting], null)
      return
    }
    for (const { reject } of batch) reject(unavailable(error))
  }
}

/** The answer it belongs to has been given already. */
function isPatient(link: PendingLink): boolean {
  return link.content.kind === 'outcome'
}

function alreadyEnded(link: PendingLink): ShellError {
  return new ShellError({
    code: 'record.already-ended',
    kind: 'conflict',
    message: `The entry ${link.entryId} is not open: it has ended, was found lost, or never began.`,
  })
}

/** No failure: it ended just now, or another server was first. */
export function isAlreadyEnded(error: unknown): boolean {
  return isShellError(error) && error.code === 'record.already-ended'
}

/** What an asker is told when the store does not take a link. */
export function unavailable(cause: unknown): ShellError {
  return new ShellError({
    code: 'record.unavailable',
    kind: 'failed',
    message: 'This could not be written to the record, so nothing was run.',
    hint: 'Try again in a moment; if it stays so, the operator should look at the store.',
    cause,
  })
}
