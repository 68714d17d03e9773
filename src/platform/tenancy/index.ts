// Takes a scope; gives its members and their roles.
// Quotas and rate limits of a tenant live here too.
// Touches its own tables.
// Refuses credentials: who somebody is, identity says.
export type { Member, Tenancy } from './tenancy.ts'
export type { OutsidePerson, People } from './people.ts'
export { createPeople, type PeopleOptions } from './create-people.ts'
export { createTenancy } from './create-tenancy.ts'
