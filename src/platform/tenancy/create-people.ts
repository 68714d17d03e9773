import type { RoleDefinition, Scope } from '../../domain/index.ts'
import type { Store } from '../store/index.ts'
import { admit } from './admit.ts'
import { erasePerson, exportPersonRows } from './erase-person.ts'
import { memberErasureProof } from './erasure-proofs.ts'
import { addToGroup, listGroups, removeFromGroup, removeGroup, setGroup } from './groups.ts'
import { createMember, findMember, listMembers, removeMember, requireAbove, updateMember } from './members.ts'
import { requireManager } from './people-errors.ts'
import type { People } from './people.ts'
import type { PeopleRooms } from './people-rooms.ts'
import { findRole, listRoles, removeRole, roleNames, setRole } from './roles.ts'

export interface PeopleOptions {
  readonly store: Store
  /** From aishell.yaml; the same in every tenant, and not to be changed here. */
  readonly declaredRoles?: readonly RoleDefinition[]
  readonly now?: () => Date
}

export function createPeople({ store, declaredRoles = [], now = () => new Date() }: PeopleOptions): People {
  const listeners: ((scope: Scope) => void)[] = []
  const rooms: PeopleRooms = { store, declaredRoles, now, changed: (scope) => listeners.forEach((listener) => listener(scope)) }
  return {
    listMembers: (actor) => listMembers(rooms, actor),
    member: (actor, idOrName) => findMember(rooms, actor, idOrName),
    createMember: (actor, input) => createMember(rooms, actor, input),
    updateMember: (actor, idOrName, change) => updateMember(rooms, actor, idOrName, change),
    removeMember: (actor, idOrName) => removeMember(rooms, actor, idOrName),
    erasePerson: (actor, idOrName, how) => erasePerson(rooms, actor, idOrName, how),
    erasureProof: async (actor, memberId) => {
      requireManager(actor)
      return memberErasureProof(store, actor, memberId)
    },
    exportPerson: (scope, memberId) => exportPersonRows(store, scope, memberId),
    listRoles: (actor) => listRoles(rooms, actor),
    role: (actor, name) => findRole(rooms, actor, name),
    setRole: (actor, name, input) => setRole(rooms, actor, name, input),
    removeRole: (actor, name) => removeRole(rooms, actor, name),
    listGroups: (actor) => listGroups(rooms, actor),
    setGroup: (actor, name, input) => setGroup(rooms, actor, name, input),
    removeGroup: (actor, name) => removeGroup(rooms, actor, name),
    addToGroup: (actor, name, member) => addToGroup(rooms, actor, name, member),
    removeFromGroup: (actor, name, member) => removeFromGroup(rooms, actor, name, member),
    roleNames: (scope) => roleNames(rooms, scope),
    requireAbove: (actor, memberId) => requireAbove(rooms, actor, memberId),
    admit: (scope, person) => admit(rooms, scope, person),
    onChange: (listener) => void listeners.push(listener),
  }
}
