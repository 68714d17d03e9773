const minuteMs = 60_000

/** What is leased from the shared bucket and not used by then is dropped: another server may need it. */
const leaseMs = 2_000

/** One limit of one tenant, actor or network, as this server sees it. */
export class Bucket {
  readonly key: string
  readonly limit: number
  /** This server's own: whatever Redis says, no more passes here than the whole limit, or this server's share while it is alone. */
  #tokens: number
  #filledAtMs: number
  /** Taken from the shared bucket for the requests to come. */
  #leased = 0
  #leasedUntilMs = 0
  /** In the shared bucket when it was last asked. */
  #sharedLeft: number
  #blockedUntilMs = 0
  /** Passed here while Redis was away: the shared bucket is owed as many. */
  #owed = 0
  /** Requests in the present and the last second: whoever asks often leases more at once. */
  #used = 0
  #usedBefore = 0
  #usedSinceMs = 0

  constructor(key: string, limit: number, nowMs: number) {
    this.key = key
    this.limit = limit
    this.#tokens = limit
    this.#sharedLeft = limit
    this.#filledAtMs = nowMs
  }

  /** Milliseconds until this server itself lets one pass at `perMinute`; 0: now. */
  ownWaitMs(perMinute: number, nowMs: number): number {
    const most = Math.max(1, perMinute)
    const elapsed = Math.max(0, nowMs - this.#filledAtMs) / minuteMs
    this.#tokens = Math.min(most, this.#tokens + elapsed * most)
    this.#owed = Math.max(0, this.#owed - elapsed * this.limit) // the shared bucket has filled meanwhile, too
    this.#filledAtMs = nowMs
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * minuteMs) / most)
  }

  /** Milliseconds for which the shared bucket is known to be empty; 0: it may be asked. */
  sharedWaitMs(nowMs: number): number {
    return Math.max(0, Math.ceil(this.#blockedUntilMs - nowMs))
  }

  hasLease(nowMs: number): boolean {
    return this.#leased > 0 && nowMs < this.#leasedUntilMs
  }

  /** Worth asking again before the last leased token has gone. */
  isLow(nowMs: number): boolean {
    const chunk = this.#chunk(nowMs)
    return chunk >= 8 && this.#leased <= chunk / 4
  }

  /** How many tokens to ask for: one for each that waits, and some for the requests of the next moment. */
  wanted(waiting: number, nowMs: number): number {
    const held = this.hasLease(nowMs) ? this.#leased : 0
    return Math.max(1, Math.min(this.limit, waiting + this.#chunk(nowMs) + Math.ceil(this.#owed) - held))
  }

  lease(given: number, left: number, waitMs: number, nowMs: number): void {
    if (nowMs >= this.#leasedUntilMs) this.#leased = 0
    const paid = Math.min(given, Math.ceil(this.#owed))
    this.#owed = Math.max(0, this.#owed - paid)
    this.#leased += given - paid
    this.#leasedUntilMs = nowMs + leaseMs
    this.#sharedLeft = left
    this.#blockedUntilMs = given > 0 ? 0 : nowMs + waitMs
  }

  take(isShared: boolean, nowMs: number): void {
    this.#tokens -= 1
    if (isShared) this.#leased -= 1
    else this.#owed += 1
    this.#roll(nowMs)
    this.#used += 1
  }

  /** Requests that may follow at once, as far as this server knows. */
  left(isShared: boolean): number {
    const own = Math.max(0, Math.floor(this.#tokens))
    return isShared ? Math.min(own, this.#sharedLeft + this.#leased) : own
  }

  isIdle(nowMs: number): boolean {
    return nowMs - this.#filledAtMs > minuteMs
  }

  /** A tenth of what one second brings: what is leased and dropped stays small against what is used. */
  #chunk(nowMs: number): number {
    this.#roll(nowMs)
    return Math.min(Math.ceil(this.limit / 60), Math.floor(Math.max(this.#used, this.#usedBefore) / 10))
  }

  #roll(nowMs: number): void {
    const elapsedMs = nowMs - this.#usedSinceMs
    if (elapsedMs < 1_000) return
    this.#usedBefore = elapsedMs < 2_000 ? this.#used : 0
    this.#used = 0
    this.#usedSinceMs = nowMs
  }
}
