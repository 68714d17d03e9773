import type { Command } from 'commander'
import type { RoleBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { readTextFrom } from '../read-input.ts'
import { printListing } from '../render/listing.ts'
import { usageError } from '../usage-error.ts'
import { withServerOptions } from './command-options.ts'

interface SetOptions extends CommonOptions {
  readonly file: string
}

export function addRoles(admin: Command, context: CommandContext): void {
  const group = admin.command('roles').summary('keep roles').description('List roles, and define those of your tenant’s own.')
  addList(group, context)
  addShow(group, context)
  addSet(group, context)
  const remove = group.command('remove').description('Forget a role nobody has any more.').argument('<name>')
  withServerOptions(remove).action(async (name: string) => {
    const options = remove.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      await client.send('DELETE', pathOf(name))
      if (options.json === true) return context.json({ removed: name })
      await context.note('Removed.')
    })
  })
}

const pathOf = (name: string): string => `/api/v1/roles/${encodeURIComponent(name)}`

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List the roles and what they give.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const { items } = await client.json<{ items: readonly RoleBody[] }>('GET', '/api/v1/roles')
      if (options.json === true) return context.json(items)
      const rows = items.map((role) => [role.name, role.origin, role.grants.map(grantText).join('; '), role.description])
      await printListing(
        context,
        ['name', 'from', 'gives', 'description'].map((name) => ({ name })),
        rows,
      )
    })
  })
}

function addShow(group: Command, context: CommandContext): void {
  const command = group.command('show').description('Print a role as JSON, ready to be changed and set.').argument('<name>')
  withServerOptions(command).action(async (name: string) => {
    await context.withSession(command.optsWithGlobals<CommonOptions>(), async ({ client }) => {
      const { description, grants } = await client.json<RoleBody>('GET', pathOf(name))
      await context.json({ description, grants })
    })
  })
}

function addSet(group: Command, context: CommandContext): void {
  const command = group
    .command('set')
    .description('Define a role from JSON: {"description": …, "grants": [{"verbs": […], "connections": […], "when": {…}}]}.')
    .argument('<name>', 'a lower-case letter, then letters, digits or dashes')
    .option('--file <file>', 'read it from this file; `-` is stdin', '-')
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Example:
  $ echo '{"grants": [{"verbs": ["ask", "browse-catalog"], "connections": ["label:finance"],
      "when": {"kinds": ["person"], "hours": {"days": [1,2,3,4,5], "from": "08:00", "to": "18:00", "timeZone": "Europe/Berlin"}}}]}' \\
      | aishell admin roles set analyst`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<SetOptions>()
      const role = parse(await readTextFrom(context.env, options.file))
      await context.withSession(options, async ({ client }) => {
        const set = await client.json<RoleBody>('PUT', pathOf(name), role)
        if (options.json === true) return context.json(set)
        await context.note(`${set.name}: ${set.grants.map(grantText).join('; ')}.`)
      })
    })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usageError('The role is not valid JSON.', '`aishell admin roles show NAME` prints one to begin with.')
  }
}

function grantText({ verbs, connections, when }: RoleBody['grants'][number]): string {
  const on = connections === null ? '' : ` on ${connections.join(', ')}`
  const only = Object.keys(when).length === 0 ? '' : ` (only ${Object.keys(when).join(', ')})`
  return `${verbs.join(', ')}${on}${only}`
}
