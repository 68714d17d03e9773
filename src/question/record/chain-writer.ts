import { setImmediate } from 'node:timers/promises'
import { isShellError, ShellError, type Scope } from '../../domain/index.ts'
import type { Keyring, Store } from '../../platform/store/index.ts'
import type { Observe } from '../../platform/observe/index.ts'
import { commitBatch, type Committed, type PendingLink } from './commit-batch.ts'
import type { Head } from './link.ts'

/** More in one transaction would only make its first writer wait for the last one's bytes. */
const maxBatch = 256

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
 * has at hand when it ends. No timer: a lone writer never waits for company (bench/load/record-writers.ts).
 */
export class ChainWriter {
  readonly #scope: Scope
  readonly #options: ChainWriterOptions
  #waiting: Waiting[] = []
  #running: Promise<void> | null = null
  #seen: Head | null = null
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
      this.#running ??= this.#drain()
    })
    this.#last = durable.catch(() => undefined) // whoever appended hears of it
    return durable
  }

  /** When all that was handed in before this call is settled; readers wait for it, so that they see what they caused. */
  async settled(): Promise<void> {
    await this.#last
  }

  /** When all that was handed in is settled. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await setImmediate() // whoever else has come by now is looked at first; where nobody has, this takes no time
      await this.#commit(this.#waiting.splice(0, maxBatch))
    }
    this.#running = null
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const startedMs = performance.now()
    try {
      const { refused } = await this.#write(batch.map((waiting) => waiting.link))
      for (const { link, resolve, reject } of batch) {
        if (refused.has(link)) reject(alreadyEnded(link))
        else resolve()
      }
      this.#options.observe({ type: 'record-committed', entries: batch.length - refused.size, elapsedMs: performance.now() - startedMs })
    } catch (error) {
      await this.#fail(batch, error)
    }
  }

  async #write(links: readonly PendingLink[]): Promise<Committed> {
    const { store, keyring, serverId } = this.#options
    const auditKey = await keyring.auditKey(this.#scope)
    const committed = await commitBatch(this.#scope, links, { store, serverId, auditKey }, this.#seen)
    this.#seen = committed.head
    return committed
  }

  /** One link the database refuses (a broken id) must not take the others with it: each gets its own transaction. */
  async #fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length > 1 && !isShellError(error)) {
      for (const waiting of batch) await this.#commit([waiting])
      return
    }
    for (const { reject } of batch) reject(unavailable(error))
  }
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
