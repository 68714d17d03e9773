import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { addGroups } from './admin-groups.ts'
import { addRotateKeys } from './admin-keys.ts'
import { addMembers } from './admin-members.ts'
import { addOperators } from './admin-operators.ts'
import { addPeople } from './admin-people.ts'
import { addRoles } from './admin-roles.ts'
import { addTenantCommands } from './admin-tenants.ts'

/** What those do who keep a tenant. */
export function addAdmin(program: Command, context: CommandContext): void {
  const group = program
    .command('admin')
    .summary('keep members, roles, groups, tenants and keys')
    .description('Keep the people of your tenant and what they may do; for operators, tenants and the keys that seal.')
  addMembers(group, context)
  addPeople(group, context)
  addRoles(group, context)
  addGroups(group, context)
  addTenantCommands(group, context)
  addOperators(group, context)
  addRotateKeys(group, context)
}
