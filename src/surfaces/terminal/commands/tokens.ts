import { Option, type Command } from 'commander'
import type { TokenInput } from '../../../contract/index.ts'
import { actorKinds, verbs, type ActorKind, type Verb } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { printListing } from '../render/listing.ts'
import { parseCount, gather, withServerOptions } from './command-options.ts'

interface CreateOptions extends CommonOptions {
  readonly role?: string
  readonly kind: ActorKind
  readonly verb?: readonly Verb[]
  readonly days: number
  readonly member?: string
}

export function addTokens(program: Command, context: CommandContext): void {
  const group = program
    .command('tokens')
    .summary('keep the tokens programs sign in with')
    .description('List, create and revoke personal tokens.')
  addList(group, context)
  addCreate(group, context, connectionsOf(program))
  addRevoke(group, context)
}

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List your tokens; their text is not kept anywhere.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const tokens = await client.tokens()
      if (options.json === true) return context.json(tokens)
      const rows = tokens.map((token) => [
        token.id,
        token.name,
        token.role ?? 'all',
        token.kind,
        token.expiresAt.slice(0, 10),
        token.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
        token.revokedAt === null ? '' : 'revoked',
      ])
      await printListing(
        context,
        ['id', 'name', 'role', 'kind', 'expires', 'last used', ''].map((name) => ({ name })),
        rows,
      )
    })
  })
}

/** `--connection` is the program's own too and, wherever it stands, the program takes it and keeps the last: here all of them count. */
function connectionsOf(program: Command): readonly string[] {
  const given: string[] = []
  program.on('option:connection', (name: string) => given.push(name))
  return given
}

function addCreate(group: Command, context: CommandContext, connections: readonly string[]): void {
  const command = group
    .command('create')
    .description('Create a token. It is printed once, alone on stdout. It never may do more than you.')
    .argument('<name>', 'what it is for')
    .option('--role <role>', 'only this role of yours, or a weaker built-in one')
    .addOption(new Option('--kind <kind>', 'who will use it').choices(actorKinds).default('person'))
    .addOption(new Option('--verb <verb>', `only this verb, repeatable: ${verbs.join(', ')}`).argParser(gather))
    .option('--connection <name>', 'only this connection, repeatable')
    .option('--member <name>', 'for this service, by whoever manages members')
    .option('--days <days>', 'days until it expires', parseCount, 90)
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell tokens create laptop > ~/.aishell-token
  $ aishell tokens create nightly-report --kind service --verb ask --connection warehouse --days 30`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<CreateOptions>()
      const input: TokenInput = {
        name,
        kind: options.kind,
        expiresInDays: options.days,
        ...(options.member === undefined ? {} : { member: options.member }),
        ...(options.role === undefined ? {} : { role: options.role }),
        ...(options.verb === undefined ? {} : { verbs: options.verb }),
        ...(connections.length === 0 ? {} : { connections }),
      }
      await context.withSession(options, async ({ client }) => {
        const token = await client.createToken(input)
        if (options.json === true) return context.json(token)
        await context.out.write(`${token.token}\n`)
        await context.note(`Keep it now: it is not shown again. It expires on ${token.expiresAt.slice(0, 10)}.`)
      })
    })
}

function addRevoke(group: Command, context: CommandContext): void {
  const command = group.command('revoke').description('Revoke a token at once.').argument('<id>', 'id of the token, from `tokens list`')
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      await client.revokeToken(id)
      if (options.json === true) return context.json({ revoked: id })
      await context.note('Revoked.')
    })
  })
}
