import { ShellError, type Actor, type Surface } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import type { Store } from '../store/index.ts'
import { findToken, weakerRole, type FoundToken } from './found-token.ts'
import type { TokenCache } from './token-cache.ts'
import { hashToken, isTokenText } from './token-text.ts'

export interface IdentityRooms {
  readonly store: Store
  readonly observe: Observe
  /** false: every member counts as admin; a token's own verbs and connections still narrow it. */
  readonly isRbacEnabled: boolean
  readonly now: () => Date
}

const lastUsedStepMs = 60_000

/** Proves tokens, with a short memory and at most one look-up per token at a time. */
export class Authenticator {
  readonly #rooms: IdentityRooms
  readonly #cache: TokenCache
  readonly #lookups = new Map<string, Promise<FoundToken | null>>()

  constructor(rooms: IdentityRooms, cache: TokenCache) {
    this.#rooms = rooms
    this.#cache = cache
  }

  async authenticate(bearer: string | null, surface: Surface): Promise<Actor> {
    return this.#actorOf(await this.#prove(bearer), surface)
  }

  async #prove(bearer: string | null): Promise<FoundToken> {
    if (bearer === null || bearer === '')
      throw refused(
        'not-signed-in',
        'This needs a token.',
        'Send `Authorization: Bearer ais_…`; an admin or `aishell tokens create` makes one.',
      )
    if (!isTokenText(bearer)) throw unknown()
    const hash = hashToken(bearer)
    const key = hash.toString('base64')
    const token = this.#cache.get(key) ?? (await this.#lookUp(hash, key))
    if (token === null) throw unknown()
    if (token.revokedAt !== null) throw refused('token-revoked', 'This token was revoked.', 'Make another one.')
    if (token.expiresAt <= this.#rooms.now()) throw refused('token-expired', 'This token has expired.', 'Make another one.')
    if (token.isMemberDisabled) throw refused('member-disabled', 'This member was disabled.', 'Ask an admin of your tenant.')
    return token
  }

  #lookUp(hash: Buffer, key: string): Promise<FoundToken | null> {
    const running = this.#lookups.get(key)
    if (running !== undefined) return running
    const lookup = this.#read(hash, key).finally(() => this.#lookups.delete(key))
    this.#lookups.set(key, lookup)
    return lookup
  }

  async #read(hash: Buffer, key: string): Promise<FoundToken | null> {
    const epoch = this.#cache.epoch
    const token = await findToken(this.#rooms.store, hash)
    if (token === null || token.revokedAt !== null) return token
    if (epoch === this.#cache.epoch) this.#cache.set(key, token)
    await this.#touch(token)
    return token
  }

  /** At most once a minute, whatever the number of replicas; that it fails must not keep anybody out. */
  async #touch(token: FoundToken): Promise<void> {
    const now = this.#rooms.now()
    const staleBefore = new Date(now.getTime() - lastUsedStepMs)
    if (token.lastUsedAt !== null && token.lastUsedAt > staleBefore) return
    try {
      await this.#rooms.store.within(token, (query) =>
        query
          .updateTable('token')
          .set({ last_used_at: now })
          .where('token_id', '=', token.tokenId)
          .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', staleBefore)]))
          .execute(),
      )
    } catch (error) {
      this.#rooms.observe({ type: 'failure', code: 'identity.last-used', error })
    }
  }

  #actorOf(token: FoundToken, surface: Surface): Actor {
    return {
      tenantId: token.tenantId,
      memberId: token.memberId,
      name: token.kind === 'person' ? token.memberName : `${token.memberName}/${token.name}`,
      kind: token.kind,
      // The token was made when the member may have been more than now.
      role: this.#rooms.isRbacEnabled ? weakerRole(token.role, token.memberRole) : 'admin',
      surface,
      tokenId: token.tokenId,
      verbs: token.verbs,
      connections: token.connections,
    }
  }
}

function unknown(): ShellError {
  return refused('token-unknown', 'This token is not known here.', 'Check that it was copied whole and belongs to this server.')
}

function refused(reason: string, message: string, hint: string): ShellError {
  return new ShellError({ code: `identity.${reason}`, kind: 'denied', message, hint })
}
