import { jwtVerify, type JWTPayload } from 'jose'
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  type Configuration,
  type TokenEndpointResponse,
} from 'openid-client'
import { ShellError, signedLifeMs } from '../../../domain/index.ts'
import type { People, SignInPlace } from '../../tenancy/index.ts'
import type { IdentityRooms } from '../authenticate.ts'
import { begin } from '../password-sign-in.ts'
import type { SignedIn, Visitor } from '../signed-in.ts'
import { verifyLogoutToken, endProviderSessions } from './back-channel.ts'
import { applyRules, ownTenant, tenantByRules, valuesOf, type Claims } from './claim-rules.ts'
import { createDiscovery, unreachable, type Discovered } from './discover.ts'
import type { OidcProvider, OidcSettings } from './oidc-provider.ts'
import type { Sealer, Sealers } from './sealer.ts'

/** What is remembered in the browser between leaving and coming back. */
interface Flow {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string
  readonly untilMs: number
  /** The tenant whose pages it was begun on; null: the installation's own. */
  readonly named: string | null
  readonly redirectUri: string
}

const flowLifeMs = signedLifeMs
export const hintPurpose = 'id token hint'
const flowPurpose = 'oidc flow'

export function createOidc(rooms: IdentityRooms, people: People, sealers: Sealers, settings: OidcSettings): OidcProvider {
  const { flows, hints } = sealers
  const discovered = createDiscovery(settings)
  return {
    label: settings.label,
    begin: async (place, siteUrl, returnTo) => {
      const { configuration } = await discovered()
      const flow: Flow = {
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
        returnTo,
        untilMs: rooms.now().getTime() + flowLifeMs,
        named: place.named,
        redirectUri: `${siteUrl}/auth/oidc/callback`,
      }
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: flow.redirectUri,
        scope: settings.scopes.join(' '),
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
        state: flow.state,
        nonce: flow.nonce,
      })
      return { url: url.href, flow: flows.seal(flowPurpose, JSON.stringify(flow)).toString('base64url') }
    },
    finish: async (place, query, flowText, visitor) => {
      const flow = openFlow(rooms, flows, flowText, place)
      const { configuration, keys } = await discovered()
      const url = new URL(flow.redirectUri)
      url.search = query
      const answer = await exchange(configuration, url, flow)
      const claims = await provenClaims(settings, { configuration, keys }, answer)
      const signedIn = await admit({ rooms, people, hints, settings, visitor }, place, claims, answer.id_token ?? '')
      return { signedIn, returnTo: flow.returnTo }
    },
    signOutUrl: async (idToken, returnTo) => {
      const { configuration } = await discovered()
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null
      const parameters = new URLSearchParams({ post_logout_redirect_uri: returnTo })
      if (idToken !== null) parameters.set('id_token_hint', idToken)
      return buildEndSessionUrl(configuration, parameters).href
    },
    backChannelLogout: async (logoutToken) => {
      const { keys } = await discovered()
      return endProviderSessions(rooms, await verifyLogoutToken(rooms, settings, keys, logoutToken))
    },
  }
}

function openFlow(rooms: IdentityRooms, flows: Sealer, text: string | null, { named }: SignInPlace): Flow {
  const opened = text === null ? null : flows.open(flowPurpose, Buffer.from(text, 'base64url'))
  const flow = opened === null ? null : (JSON.parse(opened) as Flow) // sealed by begin() and by nobody else
  if (flow !== null && flow.untilMs > rooms.now().getTime() && flow.named === named) return flow
  throw new ShellError({
    code: 'identity.flow-lost',
    kind: 'invalid',
    message: 'This sign-in was not begun in this browser at this address, or it took longer than ten minutes.',
    hint: 'Begin again from the sign-in page, with cookies allowed for this address.',
  })
}

/** State, issuer and code are checked on the way in; audience, nonce, times and algorithm of the ID token on the way back. */
async function exchange(configuration: Configuration, url: URL, flow: Flow): Promise<TokenEndpointResponse> {
  try {
    return await authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    })
  } catch (cause) {
    if (cause instanceof AuthorizationResponseError)
      throw refusedThere(`The identity provider did not sign you in (${cause.error}).`, cause)
    if (cause instanceof ResponseBodyError) {
      const isCode = cause.error === 'invalid_grant'
      throw refusedThere(
        isCode
          ? 'The identity provider no longer knows this sign-in: its code was used before or has expired.'
          : `The identity provider refused this server (${cause.error}).`,
        cause,
      )
    }
    if (isTransport(cause)) throw unreachable(cause)
    throw badAnswer(cause)
  }
}

/** The signature is checked as well, though the token came from the provider itself: a proxy between is not the provider. */
async function provenClaims(
  settings: OidcSettings,
  { configuration, keys }: Discovered,
  answer: TokenEndpointResponse,
): Promise<Claims & JWTPayload> {
  const { issuer } = configuration.serverMetadata()
  const checks = { issuer, audience: settings.clientId, algorithms: [settings.algorithm], clockTolerance: settings.clockToleranceS }
  const { payload } = await jwtVerify(answer.id_token ?? '', keys, { ...checks, requiredClaims: ['sub', 'exp', 'iat', 'nonce'] }).catch(
    (cause: unknown) => {
      throw badAnswer(cause)
    },
  )
  if (!settings.usesUserinfo) return payload
  const more = await fetchUserInfo(configuration, answer.access_token, payload.sub ?? '').catch((cause: unknown) => {
    throw badAnswer(cause)
  })
  return { ...more, ...payload }
}

interface Admission {
  readonly rooms: IdentityRooms
  readonly people: People
  readonly hints: Sealer
  readonly settings: OidcSettings
  readonly visitor: Visitor
}

/** Where the address names no tenant, the rules do. */
async function admit(
  { rooms, people, hints, settings, visitor }: Admission,
  place: SignInPlace,
  claims: Claims & JWTPayload,
  idToken: string,
): Promise<SignedIn> {
  const { scope, names } = place.named === null ? await settings.tenantNamed(tenantByRules(settings.rules, claims)) : place
  const { role, groups } = applyRules(settings.rules, claims, names)
  const [issuer, subject] = [String(claims.iss), String(claims.sub)]
  const name = [settings.nameClaim, 'email', 'name', 'sub'].flatMap((claim) => valuesOf(claims, claim))[0] ?? subject
  const given = role ?? (names.includes(ownTenant) ? settings.defaultRole : null)
  if (scope === null) throw notAdmitted()
  if (given !== null) await rooms.requireServed(scope)
  const admitted = await people.admit(scope, { issuer, subject, name, role: given, groups })
  if (admitted === null) throw notAdmitted()
  const provider = {
    issuer,
    subject,
    session: typeof claims['sid'] === 'string' ? claims['sid'] : null,
    sealedHint: hints.seal(hintPurpose, idToken),
  }
  return begin(rooms, scope, { memberId: admitted.memberId, name }, { method: 'oidc', provider }, visitor)
}

function isTransport(cause: unknown): boolean {
  return cause instanceof TypeError || (cause instanceof DOMException && cause.name === 'TimeoutError')
}

function refusedThere(message: string, cause: unknown): ShellError {
  return new ShellError({ code: 'identity.provider-refused', kind: 'denied', message, hint: 'Begin again from the sign-in page.', cause })
}

function badAnswer(cause: unknown): ShellError {
  return new ShellError({
    code: 'identity.provider-answer',
    kind: 'denied',
    message: 'The answer of the identity provider does not hold: it was not meant for this sign-in, or is not what was agreed with it.',
    hint: 'Begin again from the sign-in page. If it stays so, the operator finds the cause in the log and should compare OIDC_* with the provider.',
    cause,
  })
}

function notAdmitted(): ShellError {
  return new ShellError({
    code: 'identity.not-admitted',
    kind: 'denied',
    message: 'The identity provider knows you, but nothing here lets you in.',
    hint: 'Check the address, which may be another tenant’s. Ask an admin: a rule under `signIn` in aishell.yaml that names this tenant gives people a role; in `default` OIDC_DEFAULT_ROLE does too.',
  })
}
