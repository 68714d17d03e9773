// Takes a scope; gives its members and their roles.
// Quotas and rate limits of a tenant live here too.
// Touches its own tables.
// Refuses credentials: who somebody is, identity says.
export { tenantNamedBy, tenantUrl, type Addresses } from './addresses.ts'
export type { Member, Tenancy } from './tenancy.ts'
export type { OutsidePerson, People } from './people.ts'
export type { PersonErasure } from './erase-person.ts'
export type { ErasureProof } from './erasure-proofs.ts'
export { createPeople, type PeopleOptions } from './create-people.ts'
export { createTenancy } from './create-tenancy.ts'
export { createTenants, type TenantsOptions } from './create-tenants.ts'
export { RateLimits, type RateOutcome, type RateSubject, type RateTable } from './rates/rate-limits.ts'
export { Quotas, type RunningElsewhere, type Ticket } from './quotas.ts'
export type { SignInPlace, TenantClaim, Tenants } from './tenants.ts'
export { describeTenantModel, readTenantModel, removeTenantModel, saveTenantModel, type TenantModel } from './tenant-model.ts'
