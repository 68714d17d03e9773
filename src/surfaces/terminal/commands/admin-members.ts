import { Option, type Command } from 'commander'
import { memberKinds, type InvitationBody, type MemberBody, type MemberChange } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { promptPassword, readAll } from '../read-input.ts'
import { printListing } from '../render/listing.ts'
import { withServerOptions } from './command-options.ts'

interface AddOptions extends CommonOptions {
  readonly role: string
  readonly kind: (typeof memberKinds)[number]
}

interface PasswordOptions extends CommonOptions {
  readonly passwordStdin?: boolean
}

export function addMembers(admin: Command, context: CommandContext): void {
  const group = admin.command('members').summary('keep members').description('List, add, change and remove members.')
  addList(group, context)
  addAdd(group, context)
  addChange(group, context, 'rename', 'Give a member another name.', 'new name', (name) => ({ name }))
  addChange(group, context, 'set-role', 'Give a member another role of their own.', 'role', (role) => ({ role }))
  addChange(group, context, 'disable', 'Sign a member out everywhere and let them in no more.', null, () => ({ isDisabled: true }))
  addChange(group, context, 'enable', 'Let a disabled member in again.', null, () => ({ isDisabled: false }))
  addInvite(group, context)
  addSetPassword(group, context)
  addEnding(group, context, 'sign-out', 'End all sessions of a member at once.', 'POST', '/sign-out', 'Signed out.')
  addEnding(group, context, 'remove', 'Remove a member with their tokens and sessions.', 'DELETE', '', 'Removed.')
}

const pathOf = (member: string): string => `/api/v1/members/${encodeURIComponent(member)}`

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List the members.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const { items } = await client.json<{ items: readonly MemberBody[] }>('GET', '/api/v1/members')
      if (options.json === true) return context.json(items)
      const headings = ['name', 'kind', 'role', 'groups', 'signs in with', ''].map((name) => ({ name }))
      const rows = items.map((member) => [
        member.name,
        member.kind,
        member.role,
        member.groups.join(', '),
        [...(member.hasPassword ? ['password'] : []), ...member.providers].join(', '),
        member.isDisabled ? 'disabled' : '',
      ])
      await printListing(context, headings, rows)
    })
  })
}

function addAdd(group: Command, context: CommandContext): void {
  const command = group
    .command('add')
    .description('Add a member, and print the link with which a person sets their password.')
    .argument('<name>', 'what they sign in with')
    .option('--role <role>', 'their role', 'reader')
    .addOption(new Option('--kind <kind>', 'a person, or a service that is nobody’s').choices(memberKinds).default('person'))
  withServerOptions(command).action(async (name: string) => {
    const options = command.optsWithGlobals<AddOptions>()
    await context.withSession(options, async ({ client }) => {
      const member = await client.json<MemberBody>('POST', '/api/v1/members', { name, role: options.role, kind: options.kind })
      const invitation = member.kind === 'person' ? await client.json<InvitationBody>('POST', `${pathOf(member.id)}/invitation`) : null
      if (options.json === true) return context.json({ ...member, invitation })
      if (invitation !== null) await context.out.write(`${invitation.url}\n`)
      await context.note(
        invitation === null
          ? `Added. Make its tokens with \`aishell tokens create NAME --kind service --member ${member.name}\`.`
          : `Added. Send them the link; it is good once, until ${invitation.expiresAt.slice(0, 10)}.`,
      )
    })
  })
}

function addChange(
  group: Command,
  context: CommandContext,
  name: string,
  description: string,
  takes: string | null,
  change: (value: string) => MemberChange,
): void {
  const command = group.command(name).description(description).argument('<member>', 'name or id')
  if (takes !== null) command.argument(`<${takes.replace(' ', '-')}>`, takes)
  withServerOptions(command).action(async (member: string, value: unknown) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const changed = await client.json<MemberBody>('PATCH', pathOf(member), change(typeof value === 'string' ? value : ''))
      if (options.json === true) return context.json(changed)
      await context.note(`${changed.name}: ${changed.role}${changed.isDisabled ? ', disabled' : ''}.`)
    })
  })
}

function addInvite(group: Command, context: CommandContext): void {
  const command = group
    .command('invite')
    .description('Print a link with which a member sets a new password. An earlier link is void.')
    .argument('<member>', 'name or id')
  withServerOptions(command).action(async (member: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const invitation = await client.json<InvitationBody>('POST', `${pathOf(member)}/invitation`)
      if (options.json === true) return context.json(invitation)
      await context.out.write(`${invitation.url}\n`)
      await context.note(`It is good once, until ${invitation.expiresAt.slice(0, 10)}.`)
    })
  })
}

function addSetPassword(group: Command, context: CommandContext): void {
  const command = group
    .command('set-password')
    .description('Set a member’s password, asked for without showing it. Their sessions end.')
    .argument('<member>', 'name or id')
    .option('--password-stdin', 'read the password from stdin')
  withServerOptions(command).action(async (member: string) => {
    const options = command.optsWithGlobals<PasswordOptions>()
    const isPiped = options.passwordStdin === true
    const password = isPiped
      ? (await readAll(context.env.stdin)).replace(/\r?\n$/, '')
      : await promptPassword(context.env, `New password for ${member}: `)
    await context.withSession(options, async ({ client }) => {
      await client.send('PUT', `${pathOf(member)}/password`, { body: { password } })
      if (options.json === true) return context.json({ member, passwordSet: true })
      await context.note('Set.')
    })
  })
}

function addEnding(
  group: Command,
  context: CommandContext,
  name: string,
  description: string,
  method: string,
  under: string,
  done: string,
): void {
  const command = group.command(name).description(description).argument('<member>', 'name or id')
  withServerOptions(command).action(async (member: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      await client.send(method, `${pathOf(member)}${under}`)
      if (options.json === true) return context.json({ member, done: name })
      await context.note(done)
    })
  })
}
