import type { Settings } from './platform/config/index.ts'
import { refusedReference, type PasswordSource } from './platform/connections/index.ts'
import type { Tenants } from './platform/tenancy/index.ts'

/** Passwords that connections name instead of holding: what CONNECTION_SECRET_SOURCES allows the tenant. */
export function passwordReferences(settings: Settings, tenants: Pick<Tenants, 'find'>): PasswordSource {
  return async (scope, reference, host) => {
    const { name } = await tenants.find(scope.tenantId)
    const secret = settings.secretAt({ tenant: name, reference, host })
    if (secret === null) throw refusedReference(reference)
    return secret
  }
}
