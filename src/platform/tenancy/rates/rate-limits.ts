import type { Observe } from '../../observe/index.ts'
import type { Redis } from '../../redis/index.ts'
import { Bucket } from './bucket.ts'
import { readGiven, takeTokens } from './bucket-script.ts'

export const rateHolders = ['actor', 'tenant', 'network'] as const
export type RateHolder = (typeof rateHolders)[number]
/** `questions` cost a database or a model; `requests` are the rest of the API; `open`: what needs no credential. */
export const routeGroups = ['questions', 'requests', 'open'] as const
export type RouteGroup = (typeof routeGroups)[number]

/** Who is counted, for which routes. */
export interface RateSubject {
  readonly holder: RateHolder
  readonly group: RouteGroup
  /** Tenant and member, the tenant, or a network address. */
  readonly id: string
}

/** One limit after a request was counted against it. */
export interface RateState {
  readonly holder: RateHolder
  /** Requests a minute. */
  readonly limit: number
  /** That may follow at once. */
  readonly left: number
}

export interface RateOutcome {
  /** null: the request may pass. Otherwise after how many milliseconds one may. */
  readonly waitMs: number | null
  /** The limit that refuses, else the one that is nearest to its end; null where nothing is limited. */
  readonly tightest: RateState | null
}

/** Requests a minute by group and holder; 0 or nothing: not limited. */
export type RateTable = Readonly<Partial<Record<RouteGroup, Readonly<Partial<Record<RateHolder, number>>>>>>

export interface RateLimitsOptions {
  readonly table: RateTable
  /** null: every server keeps its share on its own. */
  readonly redis: Redis | null
  /** Of keys in Redis; installations that share one have each their own. */
  readonly keyPrefix: string
  /** Other servers on the same store that live. */
  readonly peers: () => number
  readonly observe: Observe
  readonly nowMs?: () => number
}

const unlimited: RateOutcome = { waitMs: null, tightest: null }
const maxBuckets = 50_000
const tidyEveryMs = 30_000
/** Of its fair share, while Redis is set and does not answer: no server knows what the others let pass. */
const shareWhileDown = 0.5

/**
 * Counts requests by tenant, actor, network and group of routes, over all servers. Tokens are leased from shared buckets in
 * Redis, ahead of the requests where they come fast, so that most requests ask nobody. Without Redis each server keeps its
 * fair part of the limit; while Redis is down, half of that. No request ever waits longer than one command's time-out.
 */
export class RateLimits {
  readonly #options: RateLimitsOptions
  readonly #nowMs: () => number
  readonly #buckets = new Map<string, Bucket>()
  /** What the next round asks for, and how many requests wait for each. */
  readonly #asking = new Map<Bucket, number>()
  #round: Promise<void> | null = null
  #tidiedAtMs = 0

  constructor(options: RateLimitsOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
  }

  /** At once where it can be said at once. Counts only what may pass. */
  take(subjects: readonly RateSubject[]): RateOutcome | Promise<RateOutcome> {
    const nowMs = this.#nowMs()
    const buckets = this.#bucketsOf(subjects, nowMs)
    if (buckets.length === 0) return unlimited
    const refused = this.#refusal(buckets, nowMs)
    if (refused !== null) return refused
    if (!this.#isShared) return this.#pass(buckets, false, nowMs)
    if (buckets.every(({ bucket }) => bucket.hasLease(nowMs))) return this.#pass(buckets, true, nowMs)
    return this.#takeShared(buckets)
  }

  /** What of a limit this server may let pass on its own, per minute. */
  get #share(): number {
    if (this.#isShared) return 1
    const fair = 1 / (this.#options.peers() + 1)
    return this.#options.redis === null ? fair : fair * shareWhileDown
  }

  get #isShared(): boolean {
    return this.#options.redis?.isUp === true
  }

  async #takeShared(buckets: readonly Counted[]): Promise<RateOutcome> {
    for (let round = 0; round < 3; round++) {
      for (const { bucket } of buckets) if (!bucket.hasLease(this.#nowMs())) await this.#ask(bucket, 1)
      const nowMs = this.#nowMs()
      const refused = this.#refusal(buckets, nowMs)
      if (refused !== null) return refused
      if (!this.#isShared) return this.#pass(buckets, false, nowMs)
      if (buckets.every(({ bucket }) => bucket.hasLease(nowMs))) return this.#pass(buckets, true, nowMs)
    }
    return this.#refused(buckets[0] as Counted, 1_000) // others took what was leased, thrice: there are too many; never empty here
  }

  /** What runs dry in the same moment is asked for together. */
  #ask(bucket: Bucket, waiting: number): Promise<void> {
    this.#asking.set(bucket, (this.#asking.get(bucket) ?? 0) + waiting)
    this.#round ??= new Promise((resolve) => {
      setImmediate(() => {
        const asked = [...this.#asking]
        this.#asking.clear()
        this.#round = null
        void this.#fetch(asked).finally(resolve)
      })
    })
    return this.#round
  }

  /** Never throws: without an answer this server goes on by itself. */
  async #fetch(rounds: readonly (readonly [bucket: Bucket, waiting: number])[]): Promise<void> {
    const { redis } = this.#options
    if (redis === null) return
    const asked = rounds.map(([bucket, waiting]) => ({ limit: bucket.limit, wanted: bucket.wanted(waiting, this.#nowMs()) }))
    try {
      const keys = rounds.map(([bucket]) => `${this.#options.keyPrefix}${bucket.key}`)
      const reply = await redis.run(
        takeTokens,
        keys,
        asked.flatMap(({ limit, wanted }) => [limit, wanted]),
      )
      const given = readGiven(reply, asked)
      if (given === null) return redis.distrust()
      const nowMs = this.#nowMs()
      for (const [at, one] of given.entries()) rounds[at]?.[0].lease(one.given, one.left, one.waitMs, nowMs)
    } catch {
      // `redis` knows that it is down, and has said so.
    }
  }

  #pass(buckets: readonly Counted[], isShared: boolean, nowMs: number): RateOutcome {
    for (const { bucket } of buckets) {
      bucket.take(isShared, nowMs)
      if (isShared && bucket.isLow(nowMs)) void this.#ask(bucket, 0)
    }
    return { waitMs: null, tightest: this.#tightest(buckets, isShared) }
  }

  #refusal(buckets: readonly Counted[], nowMs: number): RateOutcome | null {
    const share = this.#share
    for (const one of buckets) {
      const own = one.bucket.ownWaitMs(one.bucket.limit * share, nowMs)
      const waitMs = Math.max(own, this.#isShared && !one.bucket.hasLease(nowMs) ? one.bucket.sharedWaitMs(nowMs) : 0)
      if (waitMs > 0) return this.#refused(one, waitMs)
    }
    return null
  }

  #refused({ subject, bucket }: Counted, waitMs: number): RateOutcome {
    this.#options.observe({ type: 'rate-refused', holder: subject.holder, group: subject.group })
    return { waitMs, tightest: { holder: subject.holder, limit: bucket.limit, left: 0 } }
  }

  #tightest(buckets: readonly Counted[], isShared: boolean): RateState | null {
    let found: RateState | null = null
    for (const { subject, bucket } of buckets) {
      const left = bucket.left(isShared)
      if (found === null || left / bucket.limit < found.left / found.limit) found = { holder: subject.holder, limit: bucket.limit, left }
    }
    return found
  }

  #bucketsOf(subjects: readonly RateSubject[], nowMs: number): readonly Counted[] {
    const found: Counted[] = []
    for (const subject of subjects) {
      const limit = this.#options.table[subject.group]?.[subject.holder] ?? 0
      if (limit > 0) found.push({ subject, bucket: this.#bucket(`${subject.group}:${subject.holder}:${subject.id}`, limit, nowMs) })
    }
    return found
  }

  #bucket(key: string, limit: number, nowMs: number): Bucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (this.#buckets.size >= maxBuckets || nowMs - this.#tidiedAtMs > tidyEveryMs) this.#tidy(nowMs)
    const fresh = new Bucket(key, limit, nowMs)
    this.#buckets.set(key, fresh)
    return fresh
  }

  /** A bucket nobody used for a minute is full again, and a new one is no different. When all are in use the oldest go. */
  #tidy(nowMs: number): void {
    this.#tidiedAtMs = nowMs
    for (const [key, bucket] of this.#buckets) if (bucket.isIdle(nowMs)) this.#buckets.delete(key)
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size < maxBuckets) return
      this.#buckets.delete(key)
    }
  }
}

interface Counted {
  readonly subject: RateSubject
  readonly bucket: Bucket
}
