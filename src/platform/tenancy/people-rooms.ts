import type { RoleDefinition, Scope } from '../../domain/index.ts'
import type { Store } from '../store/index.ts'

/** What members, roles and groups are kept with. */
export interface PeopleRooms {
  readonly store: Store
  /** From aishell.yaml; the same in every tenant. */
  readonly declaredRoles: readonly RoleDefinition[]
  readonly now: () => Date
  changed(scope: Scope): void
}
