import type { Actor, RoleName, Scope } from '../../domain/index.ts'
import type { GroupBody, GroupInput, MemberBody, MemberChange, MemberInput, RoleBody, RoleInput } from '../../contract/index.ts'

import type { ErasePersonOptions, PersonErasure } from './erase-person.ts'
import type { ErasureProof } from './erasure-proofs.ts'

/** Somebody an identity provider vouches for, and what the mapping makes of their claims. */
export interface OutsidePerson {
  readonly issuer: string
  readonly subject: string
  /** What they would like to be called; another takes its place where it is taken. */
  readonly name: string
  /** null: no rule gave one; nobody is let in but the last admin or operator, who keeps theirs. */
  readonly role: RoleName | null
  readonly groups: readonly string[]
}

/**
 * Members, roles and groups of a tenant. Whoever manages members may give no more than they hold themselves, and the last
 * admin stays. Throws `tenancy.denied`, `tenancy.member-unknown`, `tenancy.role-unknown`, `tenancy.group-unknown`,
 * `tenancy.name-taken`, `tenancy.last-admin`, `tenancy.last-operator`, `tenancy.too-much`, `tenancy.in-use`, `tenancy.declared`.
 */
export interface People {
  listMembers(actor: Actor): Promise<readonly MemberBody[]>
  member(actor: Actor, idOrName: string): Promise<MemberBody>
  createMember(actor: Actor, input: MemberInput): Promise<MemberBody>
  updateMember(actor: Actor, idOrName: string, change: MemberChange): Promise<MemberBody>
  removeMember(actor: Actor, idOrName: string): Promise<void>
  /** Throws `tenancy.not-confirmed` too. */
  erasePerson(actor: Actor, idOrName: string, options: ErasePersonOptions): Promise<ErasureProof & { readonly erasure: PersonErasure }>
  /** What `prove` gave when this member was erased. Throws `tenancy.erasure-unknown`. */
  erasureProof(actor: Actor, memberId: string): Promise<ErasureProof>
  /** All rows of a member but for what other rooms hold; nothing that would let somebody in. */
  exportPerson(scope: Scope, memberId: string): AsyncIterable<object>
  listRoles(actor: Actor): Promise<readonly RoleBody[]>
  role(actor: Actor, name: RoleName): Promise<RoleBody>
  setRole(actor: Actor, name: RoleName, input: RoleInput): Promise<RoleBody>
  removeRole(actor: Actor, name: RoleName): Promise<void>
  listGroups(actor: Actor): Promise<readonly GroupBody[]>
  setGroup(actor: Actor, name: string, input: GroupInput): Promise<GroupBody>
  removeGroup(actor: Actor, name: string): Promise<void>
  addToGroup(actor: Actor, name: string, member: string): Promise<void>
  removeFromGroup(actor: Actor, name: string, member: string): Promise<void>
  /** Every role there is: built-in, declared, the tenant's own. */
  roleNames(scope: Scope): Promise<ReadonlySet<RoleName>>
  /** Whether this actor may act for the member: they could give all that the member has. Throws like the rest. */
  requireAbove(actor: Actor, memberId: string): Promise<void>
  /** The member behind an outside identity, made at the first sign-in; their role and groups follow the mapping. null: nobody known, and no rule lets them in. */
  admit(scope: Scope, person: OutsidePerson): Promise<{ readonly memberId: string; readonly isNew: boolean } | null>
  /** Called after every change of what members may do. */
  onChange(listener: (scope: Scope) => void): void
}
