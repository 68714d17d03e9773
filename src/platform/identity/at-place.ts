import type { Scope } from '../../domain/index.ts'
import type { SignInPlace } from '../tenancy/index.ts'

/** Whether what belongs to a tenant may be used at a place: anywhere that names no tenant, and where it is the one named. */
export function isAt(place: SignInPlace, scope: Scope): boolean {
  return place.named === null || place.scope?.tenantId === scope.tenantId
}
