// Takes a scope; gives its members and their roles.
// Quotas and rate limits of a tenant live here too.
// Touches its own tables.
// Refuses credentials: who somebody is, identity says.
export type { Member, Tenancy } from './tenancy.ts'
export { createTenancy } from './create-tenancy.ts'
