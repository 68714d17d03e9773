import { ShellError, type Actor, type Surface } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { Store } from '../store/index.ts'
import { actorOf, type ActorRules } from './actor-of.ts'
import type { CredentialCache } from './credential-cache.ts'
import { findCredential, type CredentialKey, type FoundCredential } from './found-credential.ts'
import { hashToken, isTokenText } from './token-text.ts'

export interface IdentityRooms {
  readonly store: Store
  readonly observe: Observe
  readonly rules: ActorRules
  readonly now: () => Date
}

const lastUsedStepMs = 60_000

/** Proves tokens, with a short memory and at most one look-up per token at a time. */
export class Authenticator {
  readonly #rooms: IdentityRooms
  readonly #cache: CredentialCache
  readonly #lookups = new Map<string, Promise<FoundCredential | null>>()

  constructor(rooms: IdentityRooms, cache: CredentialCache) {
    this.#rooms = rooms
    this.#cache = cache
  }

  async authenticate(bearer: string | null, surface: Surface): Promise<Actor> {
    return this.#actorOf(await this.#prove(bearer), surface)
  }

  async #prove(bearer: string | null): Promise<FoundCredential> {
    if (bearer === null || bearer === '')
      throw refused(
        'not-signed-in',
        'This needs a token.',
        'Send `Authorization: Bearer ais_…`; an admin or `aishell tokens create` makes one.',
      )
    if (!isTokenText(bearer)) throw unknown()
    const token = await this.#find({ hash: hashToken(bearer) })
    if (token === null || token.source !== 'token') throw unknown()
    if (token.revokedAt !== null) throw refused('token-revoked', 'This token was revoked.', 'Make another one.')
    if (token.expiresAt <= this.#rooms.now()) throw refused('token-expired', 'This token has expired.', 'Make another one.')
    if (token.isMemberDisabled) throw refused('member-disabled', 'This member was disabled.', 'Ask an admin of your tenant.')
    return token
  }

  async #find(key: CredentialKey): Promise<FoundCredential | null> {
    const cacheKey = 'hash' in key ? key.hash.toString('base64') : `${key.tenantId} ${key.sessionId}`
    return this.#cache.get(cacheKey) ?? (await this.#lookUp(key, cacheKey))
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
    await this.#touch(found)
    return found
  }

  /** At most once a minute, whatever the number of replicas; that it fails must not keep anybody out. */
  async #touch(found: FoundCredential): Promise<void> {
    const now = this.#rooms.now()
    const staleBefore = new Date(now.getTime() - lastUsedStepMs)
    if (found.lastUsedAt !== null && found.lastUsedAt > staleBefore) return
    try {
      await this.#rooms.store.within(found, async (query) => {
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

function unknown(): ShellError {
  return refused('token-unknown', 'This token is not known here.', 'Check that it was copied whole and belongs to this server.')
}

function refused(reason: string, message: string, hint: string): ShellError {
  return new ShellError({ code: `identity.${reason}`, kind: 'denied', message, hint })
}
