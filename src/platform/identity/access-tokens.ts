import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { isUuid, newId, signedLifeMs, type Actor } from '../../domain/index.ts'
import type { AccessTokenBody } from '../../contract/index.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

export const accessTokenMs = signedLifeMs
const audience = 'aishell'

export interface AccessTokens {
  /** For the session behind the actor. It says no more than which session: rights are looked up when it is used. */
  issue(actor: Actor): Promise<AccessTokenBody>
  /** The session it names; null for whatever is not one of ours, or no longer. */
  verify(token: string): Promise<{ readonly tenantId: string; readonly sessionId: string } | null>
  publicKeys(): Promise<{ readonly keys: readonly { readonly [name: string]: unknown }[] }>
}

/** Short-lived signed tokens (RFC 9068 in spirit). Each key is good for its one algorithm; nothing in the token picks another. */
export function createAccessTokens(options: {
  readonly keys: SigningKeys
  readonly issuer: string
  readonly now: () => Date
}): AccessTokens {
  const { keys, issuer, now } = options
  const verifyWith = (token: string, key: SigningKey) =>
    jwtVerify(token, key.verify, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: [key.alg],
      currentDate: now(),
      requiredClaims: ['exp', 'iat', 'sub', 'sid', 'tid'],
      maxTokenAge: accessTokenMs / 1000,
    })
  /** Several keys go by one name while a secret rotates. */
  const verified = async (token: string) => {
    const { kid, alg } = decodeProtectedHeader(token)
    let failure: unknown = new errors.JWKSNoMatchingKey()
    for (const key of await keys.current()) {
      if (key.kid !== kid || key.alg !== alg) continue
      try {
        return (await verifyWith(token, key)).payload
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
        failure = error
      }
    }
    throw failure
  }
  return {
    issue: async (actor) => {
      const [key] = await keys.current()
      if (key === undefined) throw new Error('there is always a key')
      const issuedAt = Math.floor(now().getTime() / 1000)
      const expiresAt = issuedAt + accessTokenMs / 1000
      const accessToken = await new SignJWT({ tid: actor.tenantId, sid: actor.tokenId })
        .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(actor.memberId)
        .setJti(newId())
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key.sign)
      return { accessToken, expiresAt: new Date(expiresAt * 1000).toISOString() }
    },
    verify: async (token) => {
      if (token.length > 4096 || token.split('.').length !== 3) return null
      try {
        const { tid, sid } = await verified(token)
        if (typeof tid !== 'string' || typeof sid !== 'string' || !isUuid(tid) || !isUuid(sid)) return null
        return { tenantId: tid, sessionId: sid }
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return null // decodeProtectedHeader throws the latter
        throw error
      }
    },
    publicKeys: async () => ({ keys: (await keys.current()).flatMap((key) => (key.publicJwk === null ? [] : [{ ...key.publicJwk }])) }),
  }
}
