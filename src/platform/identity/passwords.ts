import { hash, verify } from '@node-rs/argon2'
import { ShellError } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { Query } from '../store/index.ts'
import type { Scope } from '../../domain/index.ts'

/** OWASP's first choice for argon2id (2 is its number in the library): 19 MiB, two passes, one lane. */
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const maxAtOnce = 2
const maxWaiting = 64

let dummy: Promise<string> | null = null

/** Each hash takes memory and tens of milliseconds of a thread, so only few run at once and few may wait. */
class Turnstile {
  #running = 0
  readonly #waiting: (() => void)[] = []

  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= maxAtOnce) {
      if (this.#waiting.length >= maxWaiting)
        throw new ShellError({
          code: 'identity.busy',
          kind: 'busy',
          message: 'Too many people are signing in at once.',
          hint: 'Try again in a moment.',
        })
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running += 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}

const turnstile = new Turnstile()

export async function hashPassword(observe: Observe, password: string): Promise<string> {
  return turnstile.pass(async () => {
    observe({ type: 'password-hashed', work: 'set' })
    return hash(password.normalize('NFKC'), cost)
  })
}

/** The same work where nobody has that name, or no password, as where the password is wrong; `stored`: null for nobody. */
export async function isPassword(observe: Observe, stored: string | null, password: string): Promise<boolean> {
  return turnstile.pass(async () => {
    const ofNobody = await (dummy ??= hash('nobody has this password', cost)) // also where it is not needed: the first to come waits for it
    observe({ type: 'password-hashed', work: 'check' })
    const isRight = await verify(stored ?? ofNobody, password.normalize('NFKC'))
    return isRight && stored !== null
  })
}

/** A hash made at another cost is made anew when its password is at hand. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(`$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$`)
}

export async function storePassword(query: Query, scope: Scope, memberId: string, stored: string, now: Date): Promise<void> {
  const fields = { hash: stored, changed_at: now }
  await query
    .insertInto('password')
    .values({ tenant_id: scope.tenantId, member_id: memberId, ...fields })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'member_id']).doUpdateSet(fields))
    .execute()
}
