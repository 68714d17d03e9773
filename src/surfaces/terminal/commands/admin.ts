import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { addGroups } from './admin-groups.ts'
import { addMembers } from './admin-members.ts'
import { addRoles } from './admin-roles.ts'

/** What those do who keep a tenant. */
export function addAdmin(program: Command, context: CommandContext): void {
  const group = program
    .command('admin')
    .summary('keep members, roles and groups')
    .description('Keep the people of your tenant and what they may do.')
  addMembers(group, context)
  addRoles(group, context)
  addGroups(group, context)
}
