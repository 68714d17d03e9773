// Takes a credential; gives the actor behind it.
// Personal tokens are random, hashed at rest, scoped and expiring.
// Touches its own tables.
// Refuses to decide what an actor may do on a connection.
export type { Identity } from './identity.ts'
export { createIdentity, type IdentityOptions } from './create-identity.ts'
