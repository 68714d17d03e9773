import type { Scope } from '../../../domain/index.ts'
import type { HttpRooms } from '../rooms.ts'

/** By name, where tenants are looked at. Only for members of it: to nobody else is told which tenants there are. */
export async function tenantShown({ office }: Pick<HttpRooms, 'office'>, scope: Scope): Promise<string> {
  return office === undefined ? scope.tenantId : office.tenants.nameOf(scope)
}
