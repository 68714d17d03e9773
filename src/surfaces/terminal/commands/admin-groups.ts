import type { Command } from 'commander'
import type { GroupBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { printListing } from '../render/listing.ts'
import { gather, withServerOptions } from './command-options.ts'

interface SetOptions extends CommonOptions {
  readonly role?: readonly string[]
  readonly description?: string
}

export function addGroups(admin: Command, context: CommandContext): void {
  const group = admin.command('groups').summary('keep groups').description('List groups, give them roles, and say who is in them.')
  addList(group, context)
  addSet(group, context)
  addAction(group, context, 'remove', 'Dissolve a group.', 'DELETE')
  addAction(group, context, 'add-member', 'Put a member into a group.', 'PUT', 'member')
  addAction(group, context, 'remove-member', 'Take a member out of a group.', 'DELETE', 'member')
}

const pathOf = (name: string): string => `/api/v1/groups/${encodeURIComponent(name)}`

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List the groups.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const { items } = await client.json<{ items: readonly GroupBody[] }>('GET', '/api/v1/groups')
      if (options.json === true) return context.json(items)
      const headings = ['name', 'roles', 'members', 'description'].map((name) => ({ name }))
      await printListing(
        context,
        headings,
        items.map(({ name, roles, members, description }) => [
          name,
          roles.join(', '),
          members.map((member) => (member.origin === 'oidc' ? `${member.name} (provider)` : member.name)).join(', '),
          description,
        ]),
      )
    })
  })
}

function addSet(group: Command, context: CommandContext): void {
  const command = group
    .command('set')
    .description('Make a group, or give it other roles.')
    .argument('<name>')
    .option('--role <role>', 'a role of its members, repeatable', gather)
    .option('--description <text>', 'what it is for')
  withServerOptions(command).action(async (name: string) => {
    const options = command.optsWithGlobals<SetOptions>()
    await context.withSession(options, async ({ client }) => {
      const set = await client.json<GroupBody>('PUT', pathOf(name), { roles: options.role ?? [], description: options.description ?? '' })
      if (options.json === true) return context.json(set)
      await context.note(`${set.name}: ${set.roles.join(', ') || 'no roles'}.`)
    })
  })
}

function addAction(group: Command, context: CommandContext, name: string, description: string, method: string, takes?: string): void {
  const command = group.command(name).description(description).argument('<group>')
  if (takes !== undefined) command.argument(`<${takes}>`, 'name or id')
  withServerOptions(command).action(async (named: string, member: unknown) => {
    const options = command.optsWithGlobals<CommonOptions>()
    const under = typeof member === 'string' ? `/members/${encodeURIComponent(member)}` : ''
    await context.withSession(options, async ({ client }) => {
      await client.send(method, `${pathOf(named)}${under}`)
      if (options.json === true) return context.json({ group: named, done: name })
      await context.note('Done.')
    })
  })
}
