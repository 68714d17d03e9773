import type { Actor, Scope, Surface } from '../../domain/index.ts'
import type { AccessTokenBody, SessionBody, TokenBody, TokenInput } from '../../contract/index.ts'
import type { EarlierActor } from './actor-now.ts'
import type { SignIn } from './sign-in.ts'

/** A token or a session, by its place. */
export interface Credential extends Scope {
  readonly id: string
}

/** Credentials in, actors out. */
export interface Identity {
  /** What somebody may do now who did something earlier; throws kind `denied` when they may do nothing any more. */
  actorNow(scope: Scope, earlier: EarlierActor): Promise<Actor>
  /**
   * A kept token or a signed access token. Throws kind `denied`, code `identity.not-signed-in` | `identity.token-unknown` |
   * `identity.token-expired` | `identity.token-revoked` | `identity.session-ended` | `identity.member-disabled`.
   */
  authenticate(bearer: string | null, surface: Surface): Promise<Actor>
  /** The same at once, where a kept token was looked up a moment ago and holds; null: `authenticate` has the say. */
  recall(bearer: string | null, surface: Surface): Actor | null
  /** A session by its cookie. Throws `identity.session-ended`, `identity.member-disabled`. */
  authenticateSession(text: string, surface: Surface): Promise<Actor>
  /** Tokens of this actor's member; those who manage members see all of the tenant. */
  listTokens(actor: Actor): Promise<readonly TokenBody[]>
  /** The token's text is in the answer and nowhere else. */
  createToken(actor: Actor, input: TokenInput): Promise<TokenBody & { readonly token: string }>
  revokeToken(actor: Actor, id: string): Promise<void>
  /** The token this actor came with. */
  revokeOwnToken(actor: Actor): Promise<void>
  /** A token for a member made by start-up itself: the first admin, the loopback shell. Replaces one of the same name. */
  issueToken(
    scope: Scope,
    options: { readonly memberId: string; readonly name: string; readonly expiresInDays: number; readonly token?: string },
  ): Promise<string>
  /** One's own that still hold. */
  listSessions(actor: Actor): Promise<readonly SessionBody[]>
  /** One of one's own. Throws `identity.no-such-session`. */
  endSession(actor: Actor, id: string): Promise<void>
  /** All of a member's, everywhere; gives how many. Their own, or by somebody above them. */
  endSessions(actor: Actor, memberId: string): Promise<number>
  /** A signed token for some minutes. Throws `identity.no-session` where the actor came with a token. */
  issueAccessToken(actor: Actor): Promise<AccessTokenBody>
  /** What others check access tokens with; empty where a shared secret signs them. */
  publicKeys(): Promise<{ readonly keys: readonly { readonly [name: string]: unknown }[] }>
  /** Ids of those that still hold, asked of the store itself. */
  live(credentials: readonly Credential[]): Promise<ReadonlySet<string>>
  /** Another server has changed something of this tenant's people: nothing of them is remembered. */
  forget(scope: Scope): void
  readonly signIn: SignIn
}
