import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { postgresTargetShape, type ConnectionBody, type ConnectionInput } from '../../../contract/index.ts'
import { dialectFacts, dialects, type Dialect } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { promptPassword, readAll } from '../read-input.ts'
import { printListing } from '../render/listing.ts'
import { printable, printableLines } from '../render/printable.ts'
import { findConnection } from '../session.ts'
import { usageError } from '../usage-error.ts'
import { addPolicy } from './policy.ts'
import { parseCount, withServerOptions } from './command-options.ts'

interface AddOptions extends CommonOptions {
  readonly engine: Dialect
  readonly description?: string
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly user?: string
  readonly sslmode?: 'disable' | 'require' | 'verify-full'
  readonly passwordFile?: string
  readonly passwordStdin?: boolean
  readonly passwordFrom?: string
  readonly password: boolean
  readonly file?: string
}

export function addConnections(program: Command, context: CommandContext): void {
  const group = program
    .command('connections')
    .summary('keep connections to databases')
    .description('List, save, test and remove connections, and set their policies.')
  addList(group, context)
  addAdd(group, context)
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
    .option('--description <text>', 'what is in it, for people')
    .option('--host <host>', 'host name or address of the server')
    .option('--port <port>', 'its port (default: 5432 for PostgreSQL, 3306 for MySQL and MariaDB)', parseCount)
    .option('--database <name>', 'the database on it')
    .option('--user <name>', 'the database user; one that may only read')
    .addOption(
      new Option('--sslmode <mode>', 'TLS to the server').choices(postgresTargetShape.shape.sslmode.unwrap().options).default('require'),
    )
    .option('--password-file <file>', 'read the password from a file')
    .option('--password-stdin', 'read the password from stdin')
    .option('--password-from <reference>', 'where the server finds it: env:NAME or file:/path, as its operator allows')
    .option('--no-password', 'the server asks for none')
    .option('--file <path>', 'SQLite: a file on the server’s disk')
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell connections add warehouse --host db.example.com --database sales --user reader
  $ aishell connections add warehouse --host db.example.com --database sales --user reader --password-file /run/secrets/db
  $ aishell connections add ledger --host db.example.com --database ledger --user reader --password-from file:/secrets/ledger
  $ aishell connections add shop --engine mariadb --host db.example.com --database shop --user aishell_reader
  $ aishell connections add notes --engine sqlite --file /data/notes.db`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<AddOptions>()
      const input = await connectionInput(context, name, options)
      await context.withSession(options, async ({ client }) => {
        const connection = await client.createConnection(input)
        if (options.json === true) return context.json(connection)
        await context.note(
          `Saved ${connection.name}. \`aishell connections test ${connection.name}\` shows what its database user could do.`,
        )
      })
    })
}

async function connectionInput(context: CommandContext, name: string, options: AddOptions): Promise<ConnectionInput> {
  const saved = { name, description: options.description ?? '' }
  if (options.engine === 'sqlite') {
    if (options.file === undefined) throw usageError('A SQLite connection needs --file.')
    return { ...saved, engine: 'sqlite', target: { file: options.file } }
  }
  const { host, database, user } = options
  if (host === undefined || database === undefined || user === undefined) {
    throw usageError(
      `A ${dialectFacts[options.engine].label} connection needs --host, --database and --user.`,
      'aishell connections add --help shows an example.',
    )
  }
  const { passwordFrom } = options
  const password = passwordFrom === undefined ? await passwordFor(context, options, `Password of ${user} at ${host}: `) : null
  const port = options.port ?? (options.engine === 'postgres' ? 5432 : 3306)
  const target = {
    host,
    database,
    user,
    port,
    sslmode: options.sslmode ?? ('require' as const),
    ...(passwordFrom === undefined ? {} : { passwordFrom }),
  }
  return { ...saved, engine: options.engine, target: password === null ? target : { ...target, password } }
}

async function passwordFor(context: CommandContext, options: AddOptions, prompt: string): Promise<string | null> {
  if (!options.password) return null
  if (options.passwordFile !== undefined) return withoutBreak(await readFile(options.passwordFile, 'utf8'))
  if (options.passwordStdin === true) return withoutBreak(await readAll(context.env.stdin))
  return promptPassword(context.env, prompt)
}

/** Editors end files with a line break that is not part of the password. */
function withoutBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
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
      if (!report.isReachable) context.leaveWith(exitCodes.failed)
      if (options.json === true) return context.json(report)
      const { paint } = context
      const state = report.isReachable ? paint.green('reachable') : paint.red('not reachable')
      await context.out.lines([
        `${printable(connection.name)}: ${state} in ${Math.round(report.elapsedMs)} ms, ${dialectFacts[connection.engine].label} ${printable(report.serverVersion)}, as ${printable(report.databaseUser)}`,
        report.level === 'least' ? paint.green('Its user can only read.') : paint.yellow('Its user can do more than read:'),
        ...report.findings.map((finding) => `  - ${printable(finding.message)} ${paint.dim(`[${finding.code}]`)}`),
        ...(report.script === null ? [] : ['', 'An administrator can make a fitting user:', '', ...printableLines(report.script)]),
      ])
    })
  })
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
