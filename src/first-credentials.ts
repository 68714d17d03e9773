import type { Scope } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Identity } from './platform/identity/index.ts'
import type { Tenancy, Tenants } from './platform/tenancy/index.ts'

export interface FirstCredentials {
  /** Shown once, at the start that made the first admin; null afterwards, and where ADMIN_TOKEN gave one. */
  readonly newAdminToken: string | null
  /** For the shell on this machine; null in production. */
  readonly shellToken: string | null
}

interface Rooms {
  readonly settings: Settings
  readonly scope: Scope
  readonly tenancy: Tenancy
  readonly identity: Identity
}

const longestDays = 366

/**
 * Makes sure somebody can sign in: the first admin, by a given or a new token, and the loopback shell by its own. The first admin is
 * the first operator too.
 */
export async function firstCredentials(rooms: Rooms & { readonly tenants: Pick<Tenants, 'ensureOperator'> }): Promise<FirstCredentials> {
  const { settings, scope, tenancy, tenants, identity } = rooms
  const { member, isNew } = await tenancy.ensureFirstAdmin(scope)
  await tenants.ensureOperator(scope, member.id)
  const issue = { memberId: member.id, expiresInDays: longestDays }
  const isGiven = settings.access.adminToken !== null
  if (isGiven) await letInByAdminToken(rooms)
  const isShared = settings.app.env === 'production'
  return {
    newAdminToken: isNew && !isGiven ? await identity.issueToken(scope, { ...issue, name: 'first admin' }) : null,
    shellToken: isShared ? null : await identity.issueToken(scope, { ...issue, name: 'loopback shell' }),
  }
}

/** The first admin's token is ADMIN_TOKEN as it is now; what it was before is none any more. */
export async function letInByAdminToken({ settings, scope, tenancy, identity }: Rooms): Promise<void> {
  const token = settings.access.adminToken?.reveal()
  if (token === undefined) return
  const { member } = await tenancy.ensureFirstAdmin(scope)
  await identity.issueToken(scope, { memberId: member.id, expiresInDays: longestDays, name: 'first admin', token })
}
