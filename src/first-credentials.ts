import type { Scope } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Identity } from './platform/identity/index.ts'
import type { Tenancy } from './platform/tenancy/index.ts'

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

/** Makes sure somebody can sign in: the first admin, by a given or a new token, and the loopback shell by its own. */
export async function firstCredentials({ settings, scope, tenancy, identity }: Rooms): Promise<FirstCredentials> {
  const { member, isNew } = await tenancy.ensureFirstAdmin(scope)
  const given = settings.access.adminToken
  const adminToken = given?.reveal()
  const issue = { memberId: member.id, expiresInDays: longestDays }
  const token =
    isNew || adminToken !== undefined
      ? await identity.issueToken(scope, { ...issue, name: 'first admin', ...(adminToken === undefined ? {} : { token: adminToken }) })
      : null
  const isShared = settings.app.env === 'production'
  return {
    newAdminToken: isNew && adminToken === undefined ? token : null,
    shellToken: isShared ? null : await identity.issueToken(scope, { ...issue, name: 'loopback shell' }),
  }
}
