import { jwtVerify, type JWTVerifyGetKey } from 'jose'
import { ShellError } from '../../../domain/index.ts'
import { sql } from '../../store/index.ts'
import type { IdentityRooms } from '../authenticate.ts'
import type { OidcSettings } from './oidc-provider.ts'

/** Whose sessions end: one session of the provider's, or all of a subject that had begun when it was said. */
interface LoggedOut {
  readonly issuer: string
  readonly subject: string | null
  readonly session: string | null
  /** The latest that this can have been said, by a clock that is off as far as it may be. */
  readonly saidBy: Date
}

const event = 'http://schemas.openid.net/event/backchannel-logout'
const longestAgeS = 300

/** OpenID Connect Back-Channel Logout 1.0 §2.6. One that comes twice ends nothing twice, nor what began after it was said. */
export async function verifyLogoutToken(
  rooms: IdentityRooms,
  settings: OidcSettings,
  keys: JWTVerifyGetKey,
  token: string,
): Promise<LoggedOut> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: settings.issuer,
      audience: settings.clientId,
      algorithms: [settings.algorithm],
      clockTolerance: settings.clockToleranceS,
      currentDate: rooms.now(),
      maxTokenAge: longestAgeS,
      requiredClaims: ['iat', 'jti', 'events'],
    })
    const { events, nonce, sub, sid, iat = 0 } = payload
    if (typeof events !== 'object' || events === null || !Object.hasOwn(events, event)) throw new Error('no logout event')
    if (nonce !== undefined) throw new Error('an ID token is no logout token')
    const subject = typeof sub === 'string' ? sub : null
    const session = typeof sid === 'string' ? sid : null
    if (subject === null && session === null) throw new Error('neither sub nor sid')
    // `iat` is in whole seconds
    return { issuer: settings.issuer, subject, session, saidBy: new Date((iat + 1 + settings.clockToleranceS) * 1_000) }
  } catch (cause) {
    throw new ShellError({
      code: 'identity.logout-token',
      kind: 'invalid',
      message: 'This is no logout token of the identity provider for this server.',
      cause,
    })
  }
}

export async function endProviderSessions(rooms: IdentityRooms, { issuer, subject, session, saidBy }: LoggedOut): Promise<number> {
  const { rows } = await rooms.store.withoutTenant((query) =>
    sql<{ session_id: string }>`SELECT * FROM end_provider_sessions(${issuer}, ${subject}, ${session}, ${saidBy})`.execute(query),
  )
  const ended = new Set(rows.map((row) => row.session_id))
  rooms.forget(null, (credential) => ended.has(credential.credentialId))
  return ended.size
}
