import type { Command } from 'commander'
import type { OperatorBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { printListing } from '../render/listing.ts'
import { withServerOptions } from './command-options.ts'

export function addOperators(admin: Command, context: CommandContext): void {
  const group = admin.command('operators').summary('keep operators').description('List, add and remove those who keep tenants.')
  const list = group.command('list', { isDefault: true }).description('List the operators.')
  withServerOptions(list).action(async () => {
    const options = list.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const { items } = await client.json<{ items: readonly OperatorBody[] }>('GET', '/api/v1/operators')
      if (options.json === true) return context.json(items)
      await printListing(
        context,
        [{ name: 'name' }, { name: 'id' }],
        items.map(({ name, id }) => [name, id]),
      )
    })
  })
  addChange(group, context, 'add', 'PUT', 'Let a member of the tenant `default` keep tenants.', 'is an operator now')
  addChange(group, context, 'remove', 'DELETE', 'Let a member keep tenants no more; the last operator stays.', 'is no operator any more')
}

function addChange(
  group: Command,
  context: CommandContext,
  name: string,
  method: 'PUT' | 'DELETE',
  description: string,
  done: string,
): void {
  const command = group.command(name).description(description).argument('<member>', 'by name or id')
  withServerOptions(command).action(async (member: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      await client.send(method, `/api/v1/operators/${encodeURIComponent(member)}`)
      await context.note(`${member} ${done}.`)
    })
  })
}
