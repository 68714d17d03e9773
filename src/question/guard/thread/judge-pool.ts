import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Catalog } from '../../../domain/index.ts'
import { unreadable } from '../analysis.ts'
import { indexOf } from '../catalog-index.ts'
import type { GuardContext, GuardSubject } from '../guard.ts'
import { judge } from '../judge.ts'
import type { Judged } from '../judge-statement.ts'
import { noSources } from '../view-sources.ts'
import type { JudgeReply, ToJudge } from './judge-messages.ts'

export interface JudgePoolOptions {
  readonly threads: number
  /** From the moment a thread begins; beyond it the thread is ended and the statement refused. */
  readonly longestMs: number
  /** Statements that wait for a thread; beyond it they are refused at once. */
  readonly mostWaiting: number
  readonly mostHeapMegabytes: number
}

const defaults: JudgePoolOptions = { threads: 2, longestMs: 5_000, mostWaiting: 64, mostHeapMegabytes: 256 }

/** Loading a thread takes a fraction of a second, on a machine that is starved of time some more. */
const longestStartMs = 60_000

/** How many relations are copied into a thread between two turns of the event loop. */
const relationsPerTurn = 100

interface Task {
  readonly subject: GuardSubject
  readonly context: GuardContext
  readonly resolve: (judged: Judged) => void
}

/**
 * Threads for statements that are too large or too odd for the event loop. One that dies, runs out of memory or does not come
 * back in time is replaced; what it was at is refused.
 */
export class JudgePool {
  readonly #options: JudgePoolOptions
  readonly #idle: JudgeThread[] = []
  readonly #all = new Set<JudgeThread>()
  readonly #waiting: Task[] = []

  constructor(options: Partial<JudgePoolOptions> = {}) {
    this.#options = { ...defaults, ...options }
  }

  judge(subject: GuardSubject, context: GuardContext): Promise<Judged> {
    return new Promise((resolve) => {
      const task: Task = { subject, context, resolve }
      const thread = this.#idle.pop() ?? (this.#all.size < this.#options.threads ? this.#open() : null)
      if (thread !== null) void this.#work(thread, task)
      else if (this.#waiting.length < this.#options.mostWaiting) this.#waiting.push(task)
      else resolve(refusal(task, busy))
    })
  }

  async close(): Promise<void> {
    for (const task of this.#waiting.splice(0)) task.resolve(refusal(task, tooComplex))
    await Promise.all([...this.#all].map((thread) => thread.end()))
  }

  #open(): JudgeThread {
    const thread = new JudgeThread(this.#options.mostHeapMegabytes)
    this.#all.add(thread)
    return thread
  }

  async #work(thread: JudgeThread, task: Task): Promise<void> {
    const judged = await thread.judge(task, this.#options.longestMs)
    if (thread.isAlive) this.#idle.push(thread)
    else this.#all.delete(thread)
    task.resolve(judged ?? refusal(task, tooComplex))
    const next = this.#waiting.shift()
    if (next !== undefined) void this.#work(this.#idle.pop() ?? this.#open(), next)
  }
}

class JudgeThread {
  readonly #worker: Worker
  #catalogKey: string | null = null
  readonly #ready: Promise<void>
  #settle: (judged: Judged | null) => void = () => {}
  isAlive = true

  constructor(mostHeapMegabytes: number) {
    this.#worker = new Worker(new URL('./judge-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: mostHeapMegabytes, stackSizeMb: 4 },
      env: {},
    })
    this.#worker.unref()
    this.#ready = this.#start()
    this.#worker.on('error', () => this.#die()) // out of memory is one of them
    this.#worker.on('exit', () => this.#die())
  }

  /** null: it could not, or not in time. */
  async judge({ subject, context }: Task, longestMs: number): Promise<Judged | null> {
    const { catalog, dialect, policy, roles, connectionId, limits, isExplained } = context
    await this.#ready
    const catalogKey = catalog === null ? null : JSON.stringify([connectionId, catalog.version, catalog.database])
    if (catalog !== null && catalogKey !== null) await this.#send(catalogKey, catalog)
    return await new Promise((resolve) => {
      const timer = setTimeout(() => this.#die(), longestMs)
      const hear = (reply: JudgeReply): void => this.#settle(reply.judged)
      this.#settle = (judged) => {
        clearTimeout(timer)
        this.#worker.off('message', hear)
        this.#settle = () => {}
        resolve(judged)
      }
      if (!this.isAlive) return this.#settle(null)
      this.#worker.on('message', hear)
      const bare = { dialect, policy, roles, connectionId, limits, ...(isExplained === undefined ? {} : { isExplained }) }
      this.#post({ type: 'judge', subject, context: bare, catalogKey })
    })
  }

  async end(): Promise<void> {
    this.#die()
    await this.#worker.terminate()
  }

  #start(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#die(), longestStartMs)
      const begin = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#worker.once('message', begin).once('exit', begin)
    })
  }

  async #send(key: string, { relations, ...rest }: Catalog): Promise<void> {
    if (this.#catalogKey === key) return
    this.#catalogKey = key
    this.#post({ type: 'catalog', key, catalog: { ...rest, relations: [] } })
    for (let at = 0; at < relations.length; at += relationsPerTurn) {
      const part = relations.slice(at, at + relationsPerTurn).map((relation) => ({
        ...relation,
        comment: null,
        columns: relation.columns.map((column) => ({ ...column, comment: null, statistics: null })),
      }))
      this.#post({ type: 'relations', key, relations: part })
      await setImmediate()
    }
  }

  #post(message: ToJudge): void {
    this.#worker.postMessage(message)
  }

  #die(): void {
    this.isAlive = false
    void this.#worker.terminate()
    this.#settle(null)
  }
}

const tooComplex = {
  code: 'guard.too-complex',
  message: 'The statement could not be judged within the time and memory there are for one, so it is refused.',
  hint: 'Write it more simply, or ask in several statements.',
} as const

const busy = {
  code: 'guard.busy',
  message: 'Too many large statements are being judged at once, so this one is refused.',
  hint: 'Try again in a moment.',
} as const

function refusal({ subject, context }: Task, reason: typeof tooComplex | typeof busy): Judged {
  const index = context.catalog === null ? null : indexOf(context.catalog)
  const analysis = unreadable(reason, subject.sql)
  const verdict = judge(analysis, { index, policy: context.policy, roles: context.roles, isExplained: false, sourcesOf: () => noSources })
  return { verdict, statement: analysis.statement, masked: null }
}
