import type { Secret } from '../../../domain/index.ts'
import type { SignInPlace } from '../../tenancy/index.ts'
import type { SignedIn, Visitor } from '../signed-in.ts'
import type { ClaimRule } from './claim-rules.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  /** null: a public client, proven by PKCE alone. */
  readonly clientSecret: Secret | null
  readonly clientAuth: 'basic' | 'post'
  readonly scopes: readonly string[]
  /** The one algorithm its ID and logout tokens are signed with. */
  readonly algorithm: string
  readonly nameClaim: string
  /** Whether claims are also asked of the userinfo endpoint. */
  readonly usesUserinfo: boolean
  /** What the button says. */
  readonly label: string
  readonly clockToleranceS: number
  readonly rules: readonly ClaimRule[]
  /** In `default`, for those whom no rule gives one; null: they are not let in. */
  readonly defaultRole: string | null
  /** The tenant that a rule names. */
  readonly tenantNamed: (name: string) => Promise<SignInPlace>
}

/** Where a browser is sent, and the cookie that makes its return ours. */
export interface OidcStart {
  readonly url: string
  readonly flow: string
}

/** One OpenID Connect provider: code flow with PKCE. */
export interface OidcProvider {
  readonly label: string
  /** From a place whose pages are at `url`, which the provider must know. Throws `identity.provider-unreachable`. */
  begin(place: SignInPlace, url: string, returnTo: string): Promise<OidcStart>
  /**
   * The browser has come back with `query`; `flow`: its cookie. It ends where it was begun, or not at all. Throws `identity.provider-refused`, `identity.provider-answer`,
   * `identity.provider-unreachable`, `identity.flow-lost`, `identity.not-admitted`.
   */
  finish(
    place: SignInPlace,
    query: string,
    flow: string | null,
    visitor: Visitor,
  ): Promise<{ readonly signedIn: SignedIn; readonly returnTo: string }>
  /** Where to sign out there; null: it has no such place. */
  signOutUrl(idToken: string | null, returnTo: string): Promise<string | null>
  /** Its word that somebody signed out there. Throws `identity.logout-token`. Gives how many sessions ended. */
  backChannelLogout(logoutToken: string): Promise<number>
}
