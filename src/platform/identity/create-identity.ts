import { isUuid, secretRing, signingRing, type Actor, type RoleDefinition, type Scope, type Secret } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import { sql, type Store } from '../store/index.ts'
import type { People, Tenancy } from '../tenancy/index.ts'
import { createAccessTokens } from './access-tokens.ts'
import { actorNow } from './actor-now.ts'
import { Authenticator, type IdentityRooms, type SessionLimits } from './authenticate.ts'
import { createSignIn } from './create-sign-in.ts'
import { CredentialCache } from './credential-cache.ts'
import type { Credential, Identity } from './identity.ts'
import { noSession } from './identity-errors.ts'
import { createSealer, type Sealers } from './oidc/sealer.ts'
import type { OidcSettings } from './oidc/oidc-provider.ts'
import { listSessions, noSuchSession, revokeSessions } from './sessions.ts'
import { fileSigningKeys, secretSigningKeys } from './signing-keys.ts'
import { createToken, issueToken, listTokens, revokeOwnToken, revokeToken } from './tokens.ts'

export interface IdentityOptions {
  readonly store: Store
  readonly tenancy: Tenancy
  readonly people: People
  readonly observe: Observe
  /** false: every member counts as admin; a token's own role, verbs and connections still narrow it. */
  readonly isRbacEnabled: boolean
  /** Roles from the settings file. */
  readonly declaredRoles?: readonly RoleDefinition[]
  /** Signs access tokens where there is no file of keys, and seals what is left in browsers. */
  readonly jwtSecret: Secret
  /** Comma-separated texts that only verify and open. */
  readonly oldJwtSecrets?: Secret | null
  /** Private keys as a JWK set; null: JWT_SECRET signs. */
  readonly jwtKeysFile?: string | null
  /** Who access tokens say they are from. */
  readonly issuer?: string
  readonly sessions?: SessionLimits
  readonly oidc?: OidcSettings | null
  /** Hears of changes made here to credentials, members and roles: other servers are to forget them too. */
  readonly changed?: (scope: Scope) => void
  /** Throws where nobody is let into a tenant, see `Tenants.admit`; absent: it is never so. */
  readonly requireServed?: (scope: Scope) => Promise<void>
  readonly now?: () => Date
}

const hourMs = 3_600_000
const usualSessions: SessionLimits = { maxAgeMs: 12 * hourMs, idleMs: hourMs }

export function createIdentity(options: IdentityOptions): Identity {
  const { store, observe, people, now = () => new Date() } = options
  const cache = new CredentialCache(() => now().getTime())
  const rooms: IdentityRooms = {
    store,
    observe,
    now,
    rules: {
      isRbacEnabled: options.isRbacEnabled,
      declaredRoles: new Map((options.declaredRoles ?? []).map((role) => [role.name, role.grants])),
    },
    sessions: options.sessions ?? usualSessions,
    accessTokens: createAccessTokens({ keys: signingKeys(options), issuer: options.issuer ?? 'aishell', now }),
    requireServed: options.requireServed ?? (async () => undefined),
    forget: (scope, match) => {
      cache.forget(match)
      if (scope !== null) options.changed?.(scope)
    },
  }
  const forget = (scope: Scope): void => cache.forget((credential) => credential.tenantId === scope.tenantId)
  people.onChange((scope) => {
    forget(scope)
    options.changed?.(scope)
  })
  const authenticator = new Authenticator(rooms, cache)
  return {
    authenticate: (bearer, surface) => authenticator.authenticate(bearer, surface),
    recall: (bearer, surface) => authenticator.recall(bearer, surface),
    authenticateSession: (text, surface) => authenticator.authenticateSession(text, surface),
    actorNow: (scope, earlier) => actorNow(rooms, scope, earlier),
    listTokens: (actor) => listTokens(rooms, actor),
    createToken: (actor, input) => createToken(rooms, people, actor, input),
    revokeToken: (actor, id) => revokeToken(rooms, actor, id),
    revokeOwnToken: (actor) => revokeOwnToken(rooms, actor),
    issueToken: (scope, issue) => issueToken(rooms, options.tenancy, scope, issue),
    listSessions: (actor) => listSessions(rooms, actor),
    endSession: async (actor, id) => {
      const ended = isUuid(id) ? await revokeSessions(rooms, actor, { memberId: actor.memberId, id }) : []
      if (ended.length === 0) throw noSuchSession()
    },
    endSessions: async (actor, memberId) => {
      if (memberId !== actor.memberId) await people.requireAbove(actor, memberId)
      return (await revokeSessions(rooms, actor, { memberId })).length
    },
    issueAccessToken: async (actor) => {
      if (!(await isSession(store, actor))) throw noSession()
      return rooms.accessTokens.issue(actor)
    },
    publicKeys: () => rooms.accessTokens.publicKeys(),
    live: (credentials) => live(store, credentials),
    forget,
    signIn: createSignIn(rooms, people, sealers(options), options.oidc ?? null),
  }
}

/** What browsers bring back is believed as little as what is signed; what lies in the store is only kept from those who read it there. */
function sealers({ jwtSecret, oldJwtSecrets = null }: IdentityOptions): Sealers {
  return {
    flows: createSealer(() => signingRing(jwtSecret, oldJwtSecrets)),
    hints: createSealer(() => secretRing(jwtSecret, oldJwtSecrets)),
  }
}

function signingKeys({ jwtKeysFile = null, jwtSecret, oldJwtSecrets = null, observe }: IdentityOptions) {
  if (jwtKeysFile === null) return secretSigningKeys(jwtSecret, oldJwtSecrets)
  return fileSigningKeys(jwtKeysFile, (error) => observe({ type: 'failure', code: 'identity.signing-keys', error }))
}

async function isSession(store: Store, actor: Actor): Promise<boolean> {
  const id = actor.tokenId
  if (id === null) return false
  const row = await store.within(actor, (query) =>
    query.selectFrom('session').select('session_id').where('session_id', '=', id).executeTakeFirst(),
  )
  return row !== undefined
}

async function live(store: Store, credentials: readonly Credential[]): Promise<ReadonlySet<string>> {
  if (credentials.length === 0) return new Set()
  const [tenants, ids] = [credentials.map((one) => one.tenantId), credentials.map((one) => one.id)]
  const { rows } = await store.withoutTenant((query) =>
    sql<{ id: string }>`SELECT live_credentials(${tenants}::uuid[], ${ids}::uuid[]) AS id`.execute(query),
  )
  return new Set(rows.map((row) => row.id))
}
