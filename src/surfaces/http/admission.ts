export interface AdmissionOptions {
  /** Questions under way at once, at most. */
  readonly most: number
  readonly nowMs?: () => number
}

/** Whoever asked within this time, and be it in vain, counts when shares are made. */
const activeMs = 2_000
/** However late the process is with its work, this part of the places stays. */
const fewestPart = 1 / 8
/** Smoothed, so that one pause of the process is no overload. */
const lateMs = 150
const earlyMs = 50
const weightOfNews = 0.3

/**
 * Says whether one more question may begin. Each tenant that asks has an equal share of the places, and may use what the others
 * leave free as long as each of them could still have its share. When the process falls behind there are fewer places, until
 * it has caught up: a short no beats a long wait.
 */
export class Admission {
  readonly #most: number
  readonly #nowMs: () => number
  readonly #underWay = new Map<string, number>()
  readonly #askedAtMs = new Map<string, number>()
  #total = 0
  #lateMs = 0
  #places: number

  constructor({ most, nowMs = () => performance.now() }: AdmissionOptions) {
    this.#most = most
    this.#places = most
    this.#nowMs = nowMs
  }

  /** Places there are just now. */
  get places(): number {
    return this.#places
  }

  /** true: it is under way until `leave`. */
  enter(tenantId: string): boolean {
    this.#askedAtMs.set(tenantId, this.#nowMs())
    const own = this.#underWay.get(tenantId) ?? 0
    if (!this.#mayEnter(tenantId, own)) return false
    this.#total += 1
    this.#underWay.set(tenantId, own + 1)
    return true
  }

  leave(tenantId: string): void {
    const own = (this.#underWay.get(tenantId) ?? 1) - 1
    this.#total = Math.max(0, this.#total - 1)
    if (own > 0) this.#underWay.set(tenantId, own)
    else this.#underWay.delete(tenantId)
  }

  /** How late a timer came: how long whatever waits in this process waits at least. */
  late(byMs: number): void {
    this.#lateMs += (byMs - this.#lateMs) * weightOfNews
    const fewest = Math.ceil(this.#most * fewestPart)
    if (this.#lateMs > lateMs) this.#places = Math.max(fewest, Math.floor(Math.min(this.#places, this.#total) * 0.7))
    else if (this.#lateMs < earlyMs) this.#places = Math.min(this.#most, this.#places + Math.max(1, Math.ceil(this.#most / 20)))
  }

  #mayEnter(tenantId: string, own: number): boolean {
    if (this.#total * 2 < this.#places) return true // far from full: no need to look at the others
    const others = this.#others(tenantId)
    const share = Math.max(1, Math.floor(this.#places / (others.length + 1)))
    if (own < share) return this.#total < this.#places
    const kept = others.reduce((sum, underWay) => sum + Math.max(0, share - underWay), 0)
    return this.#total + kept < this.#places
  }

  /** Of each other tenant that asks, how many are under way. */
  #others(tenantId: string): readonly number[] {
    const sinceMs = this.#nowMs() - activeMs
    const found: number[] = []
    for (const [id, askedMs] of this.#askedAtMs) {
      const underWay = this.#underWay.get(id) ?? 0
      if (underWay === 0 && askedMs < sinceMs) this.#askedAtMs.delete(id)
      else if (id !== tenantId) found.push(underWay)
    }
    return found
  }
}
