import type { RoleName, Scope } from '../../domain/index.ts'

export interface Member {
  readonly id: string
  readonly name: string
  readonly role: RoleName
}

export interface Tenancy {
  /** The tenant named `default`, made on first start. */
  ensureDefaultTenant(): Promise<Scope>
  /** The tenant's first admin, made when it has none; `isNew` only then. */
  ensureFirstAdmin(scope: Scope): Promise<{ readonly member: Member; readonly isNew: boolean }>
  /** Throws `tenancy.member-unknown`. */
  member(scope: Scope, memberId: string): Promise<Member>
}
