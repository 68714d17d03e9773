import { Option, type Command } from 'commander'
import type { ConnectionBody, DatabaseUserReport } from '../../../contract/index.ts'
import { dialectFacts, dialects } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { printListing } from '../render/listing.ts'
import { printable, printableLines } from '../render/printable.ts'
import { findConnection } from '../session.ts'
import { addPolicy } from './policy.ts'
import { withServerOptions } from './command-options.ts'
import { changedInput, newInput, withConnectionOptions, type AddOptions, type EditOptions } from './connection-options.ts'

export function addConnections(program: Command, context: CommandContext): void {
  const group = program
    .command('connections')
    .summary('keep connections to databases')
    .description('List, save, test and remove connections, and set their policies.')
  addList(group, context)
  addAdd(group, context)
  addEdit(group, context)
  addShow(group, context)
  addTest(group, context)
  addRemove(group, context)
  addPolicy(group, context)
}

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List the connections you may use.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const connections = await client.connections()
      if (options.json === true) return context.json(connections)
      const rows = connections.map((connection) => [
        connection.name,
        dialectFacts[connection.engine].label,
        targetText(connection),
        connection.origin,
        connection.description,
      ])
      await printListing(
        context,
        [{ name: 'name' }, { name: 'engine' }, { name: 'target' }, { name: 'origin' }, { name: 'description' }],
        rows,
      )
    })
  })
}

function targetText({ target }: ConnectionBody): string {
  if (target === null) return ''
  return 'file' in target ? target.file : `${target.user}@${target.host}:${target.port}/${target.database}`
}

function addAdd(group: Command, context: CommandContext): void {
  const command = group
    .command('add')
    .description(
      'Save a connection. The password is asked for without showing it, or read from a file or stdin; never from the command line.',
    )
    .argument('<name>', 'what the connection will be called')
    .addOption(new Option('--engine <engine>', 'the kind of server').choices(dialects).default('postgres'))
  withConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell connections add warehouse --host db.example.com --database sales --user reader
  $ aishell connections add warehouse --host db.example.com --database sales --user reader --password-file /run/secrets/db
  $ aishell connections add ledger --host db.example.com --database ledger --user reader --password-from file:/secrets/ledger
  $ aishell connections add shop --engine mariadb --host db.example.com --database shop --user aishell_reader
  $ aishell connections add stock --host db.example.com --database stock --user reader --writer-user writer
  $ aishell connections add notes --engine sqlite --file /data/notes.db`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<AddOptions>()
      const input = await newInput(context, name, options)
      await context.withSession(options, async ({ client }) => {
        const connection = await client.createConnection(input)
        if (options.json === true) return context.json(connection)
        await context.note(
          `Saved ${connection.name}. \`aishell connections test ${connection.name}\` shows what its database user could do.`,
        )
      })
    })
}

function addEdit(group: Command, context: CommandContext): void {
  const command = group
    .command('edit')
    .description('Change what is given and leave the rest, passwords too. Another server or user asks for its password anew.')
    .argument('<name>', 'name or id')
    .option('--name <name>', 'call it otherwise')
  withConnectionOptions(command)
    .option('--no-writer', 'approved writes run as the user that reads')
    .addHelpText(
      'after',
      `
Examples:
  $ aishell connections edit warehouse --writer-user aishell_writer --writer-password-file /run/secrets/writer
  $ aishell connections edit warehouse --host db2.example.com --password-file /run/secrets/db`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<EditOptions>()
      await context.withSession(options, async ({ client }) => {
        const before = findConnection(await client.connections(), name)
        const connection = await client.updateConnection(before.id, await changedInput(context, before, options))
        if (options.json === true) return context.json(connection)
        await context.note(`Changed ${connection.name}.`)
      })
    })
}

function addShow(group: Command, context: CommandContext): void {
  const command = group.command('show').description('Show one connection; the password is never shown.').argument('<name>', 'name or id')
  withServerOptions(command).action(async (name: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const connection = findConnection(await client.connections(), name)
      if (options.json === true) return context.json(connection)
      const { target, ...rest } = connection
      const fields = Object.entries({
        ...rest,
        labels: rest.labels.join(', '),
        target: targetText({ ...rest, target }),
        sslmode: target !== null && 'sslmode' in target ? target.sslmode : '',
        writer: target !== null && 'writer' in target ? (target.writer?.user ?? '') : '',
      })
      await context.out.lines(
        fields.filter(([, value]) => value !== '').map(([key, value]) => `${context.paint.bold(key.padEnd(12))} ${printable(value)}`),
      )
    })
  })
}

function addTest(group: Command, context: CommandContext): void {
  const command = group
    .command('test')
    .description('Reach the database and say what its user could do if every other layer failed.')
    .argument('<name>', 'name or id')
  withServerOptions(command).action(async (name: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const connection = findConnection(await client.connections(), name)
      const report = await client.testConnection(connection.id)
      if (!report.isReachable || report.writer?.isReachable === false) context.leaveWith(exitCodes.failed)
      if (options.json === true) return context.json(report)
      const { paint } = context
      const state = report.isReachable ? paint.green('reachable') : paint.red('not reachable')
      await context.out.lines([
        `${printable(connection.name)}: ${state} in ${Math.round(report.elapsedMs)} ms, ${dialectFacts[connection.engine].label} ${printable(report.serverVersion)}, as ${printable(report.databaseUser)}`,
        report.level === 'least' ? paint.green('Its user can only read.') : paint.yellow('Its user can do more than read:'),
        ...findingLines(context, report),
        ...(report.writer === null ? [] : writerLines(context, report.writer)),
      ])
    })
  })
}

function writerLines(context: CommandContext, writer: DatabaseUserReport): readonly string[] {
  const { paint } = context
  if (!writer.isReachable) return [paint.red('Approved writes cannot run; their user cannot sign in:'), ...findingLines(context, writer)]
  const level =
    writer.level === 'least' ? paint.green('which can change rows and no more:') : paint.yellow('which can do more than change rows:')
  return [`Approved writes run as ${printable(writer.databaseUser)}, ${level}`, ...findingLines(context, writer)]
}

function findingLines({ paint }: CommandContext, { findings, script }: DatabaseUserReport): readonly string[] {
  return [
    ...findings.map((finding) => `  - ${printable(finding.message)} ${paint.dim(`[${finding.code}]`)}`),
    ...(script === null ? [] : ['', 'An administrator can make a fitting user:', '', ...printableLines(script), '']),
  ]
}

function addRemove(group: Command, context: CommandContext): void {
  const command = group
    .command('remove')
    .description('Forget a connection and its password. The database is not touched.')
    .argument('<name>', 'name or id')
  withServerOptions(command).action(async (name: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const connection = findConnection(await client.connections(), name)
      await client.removeConnection(connection.id)
      if (options.json === true) return context.json({ removed: connection.id, name: connection.name })
      await context.note(`Removed ${connection.name}.`)
    })
  })
}
