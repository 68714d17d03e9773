// Takes a credential; gives the actor behind it, and begins and ends sessions.
// Tokens, sessions and invitations are random and hashed at rest; passwords are argon2id; providers speak OpenID Connect.
// Touches its own tables and the identity provider.
// Refuses to decide what an actor may do on a connection.
export type { Credential, Identity } from './identity.ts'
export { createIdentity, type IdentityOptions } from './create-identity.ts'
export { examineProvider } from './oidc/examine-provider.ts'
export { revokedMeanwhile } from './identity-errors.ts'
export type { ClaimRule } from './oidc/claim-rules.ts'
export type { OidcProvider, OidcSettings } from './oidc/oidc-provider.ts'
export type { SignIn, SignInOutcome } from './sign-in.ts'
export type { SignedIn, Visitor } from './signed-in.ts'
