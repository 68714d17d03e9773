import type { Actor, Scope, ShellError, Surface } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { Store } from '../store/index.ts'
import type { AccessTokens } from './access-tokens.ts'
import { actorOf, type ActorRules } from './actor-of.ts'
import type { CredentialCache } from './credential-cache.ts'
import { findCredential, type CredentialKey, type FoundCredential } from './found-credential.ts'
import { memberDisabled, notSignedIn, sessionEnded, tokenExpired, tokenRevoked, tokenUnknown } from './identity-errors.ts'
import { TokenDigests, type TokenDigest } from './token-digests.ts'
import { isSecretText, isTokenText } from './token-text.ts'

export interface SessionLimits {
  /** From sign-in to the end, however busy. */
  readonly maxAgeMs: number
  /** Without a request. */
  readonly idleMs: number
}

/** What every part of this room works with. */
export interface IdentityRooms {
  readonly store: Store
  readonly observe: Observe
  readonly rules: ActorRules
  readonly sessions: SessionLimits
  readonly accessTokens: AccessTokens
  readonly now: () => Date
  /** Before anybody gets in. Throws `tenancy.suspended`. */
  requireServed(scope: Scope): Promise<void>
  /** After a change: what is remembered of these credentials is asked for anew, here and on other servers. null: of no one tenant. */
  forget(scope: Scope | null, match: (credential: FoundCredential) => boolean): void
}

type SessionClaims = Exclude<CredentialKey, { readonly hash: Buffer }>

const lastUsedStepMs = 60_000

/** Proves tokens and sessions, with a short memory and at most one look-up per credential at a time. */
export class Authenticator {
  readonly #rooms: IdentityRooms
  readonly #cache: CredentialCache
  readonly #digests = new TokenDigests()
  readonly #lookups = new Map<string, Promise<FoundCredential | null>>()

  constructor(rooms: IdentityRooms, cache: CredentialCache) {
    this.#rooms = rooms
    this.#cache = cache
  }

  /** A token as it is sent with each request: a kept one, or a signed one for some minutes. */
  async authenticate(bearer: string | null, surface: Surface): Promise<Actor> {
    if (bearer === null || bearer === '') throw notSignedIn()
    if (isTokenText(bearer)) return this.#actorOf(this.#checkToken(await this.#find(this.#digests.of(bearer))), surface)
    const claims = await this.#rooms.accessTokens.verify(bearer)
    if (claims === null) throw tokenUnknown()
    return this.#actorOf(this.#checkSession(await this.#find(claims)), surface)
  }

  /** What `authenticate` would give, without a wait for anything; null: it has to look. */
  recall(bearer: string | null, surface: Surface): Actor | null {
    if (bearer === null || !isTokenText(bearer)) return null
    const found = this.#cache.get(this.#digests.of(bearer).key)
    if (found === null) return null
    const now = this.#rooms.now()
    return tokenFault(found, now) === null ? actorOf(found, surface, now, this.#rooms.rules) : null
  }

  /** A session as a browser's cookie holds it. */
  async authenticateSession(text: string, surface: Surface): Promise<Actor> {
    if (!isSecretText('session', text)) throw sessionEnded()
    return this.#actorOf(this.#checkSession(await this.#find(this.#digests.of(text))), surface)
  }

  #checkToken(found: FoundCredential | null): FoundCredential {
    if (found === null) throw tokenUnknown()
    const fault = tokenFault(found, this.#rooms.now())
    if (fault !== null) throw fault()
    return found
  }

  #checkSession(found: FoundCredential | null): FoundCredential {
    if (found === null || found.source !== 'session' || found.revokedAt !== null) throw sessionEnded()
    const now = this.#rooms.now().getTime()
    const idleEndMs = (found.lastUsedAt?.getTime() ?? 0) + this.#rooms.sessions.idleMs
    if (found.expiresAt.getTime() <= now || idleEndMs <= now) throw sessionEnded()
    if (found.isMemberDisabled) throw memberDisabled()
    return found
  }

  async #find(wanted: TokenDigest | SessionClaims): Promise<FoundCredential | null> {
    if ('key' in wanted) return this.#cache.get(wanted.key) ?? (await this.#lookUp({ hash: wanted.bytes }, wanted.key))
    const cacheKey = `${wanted.tenantId} ${wanted.sessionId}`
    return this.#cache.get(cacheKey) ?? (await this.#lookUp(wanted, cacheKey))
  }

  #lookUp(key: CredentialKey, cacheKey: string): Promise<FoundCredential | null> {
    const running = this.#lookups.get(cacheKey)
    if (running !== undefined) return running
    const lookup = this.#read(key, cacheKey).finally(() => this.#lookups.delete(cacheKey))
    this.#lookups.set(cacheKey, lookup)
    return lookup
  }

  async #read(key: CredentialKey, cacheKey: string): Promise<FoundCredential | null> {
    const epoch = this.#cache.epoch
    const found = await findCredential(this.#rooms.store, key)
    if (found === null || found.revokedAt !== null) return found
    if (epoch === this.#cache.epoch) this.#cache.set(cacheKey, found)
    if (!this.#isOver(found)) await this.#touch(found)
    return found
  }

  /** What has ended is not to be kept alive by those who try it still. */
  #isOver(found: FoundCredential): boolean {
    const now = this.#rooms.now().getTime()
    const isIdle = found.source === 'session' && (found.lastUsedAt?.getTime() ?? 0) + this.#rooms.sessions.idleMs <= now
    return isIdle || found.expiresAt.getTime() <= now || found.isMemberDisabled
  }

  /** At most once a minute, whatever the number of replicas; that it fails must not keep anybody out. */
  async #touch(found: FoundCredential): Promise<void> {
    const now = this.#rooms.now()
    const staleBefore = new Date(now.getTime() - lastUsedStepMs)
    if (found.lastUsedAt !== null && found.lastUsedAt > staleBefore) return
    try {
      await this.#rooms.store.within(found, async (query) => {
        if (found.source === 'session')
          await query
            .updateTable('session')
            .set({ seen_at: now })
            .where('session_id', '=', found.credentialId)
            .where('seen_at', '<=', staleBefore)
            .execute()
        else
          await query
            .updateTable('token')
            .set({ last_used_at: now })
            .where('token_id', '=', found.credentialId)
            .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', staleBefore)]))
            .execute()
      })
    } catch (error) {
      this.#rooms.observe({ type: 'failure', code: 'identity.last-used', error })
    }
  }

  #actorOf(found: FoundCredential, surface: Surface): Actor {
    return actorOf(found, surface, this.#rooms.now(), this.#rooms.rules)
  }
}

/** What keeps a credential from being used as a token; null: nothing. */
function tokenFault(found: FoundCredential, now: Date): (() => ShellError) | null {
  if (found.source !== 'token') return tokenUnknown
  if (found.revokedAt !== null) return tokenRevoked
  if (found.expiresAt.getTime() <= now.getTime()) return tokenExpired
  return found.isMemberDisabled ? memberDisabled : null
}
