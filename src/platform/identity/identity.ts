import type { Actor, Scope, Surface } from '../../domain/index.ts'
import type { TokenBody, TokenInput } from '../../contract/index.ts'

/** Credentials in, actors out. */
export interface Identity {
  /** Throws kind `denied`, code `identity.not-signed-in` | `identity.token-unknown` | `identity.token-expired` | `identity.token-revoked`. */
  authenticate(bearer: string | null, surface: Surface): Promise<Actor>
  /** Tokens of this actor's member; admins see all of the tenant. */
  listTokens(actor: Actor): Promise<readonly TokenBody[]>
  /** The token's text is in the answer and nowhere else. */
  createToken(actor: Actor, input: TokenInput): Promise<TokenBody & { readonly token: string }>
  revokeToken(actor: Actor, id: string): Promise<void>
  /** A token for a member made by start-up itself: the first admin, the loopback shell. Replaces one of the same name. */
  issueToken(
    scope: Scope,
    options: { readonly memberId: string; readonly name: string; readonly expiresInDays: number; readonly token?: string },
  ): Promise<string>
}
