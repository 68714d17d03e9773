import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { postgresTargetShape, type ConnectionBody, type ConnectionInput, type ServerConnectionInput } from '../../../contract/index.ts'
import { dialectFacts, type Dialect } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { promptPassword, readAll } from '../read-input.ts'
import { usageError } from '../usage-error.ts'
import { parseCount, withServerOptions } from './command-options.ts'

interface ConnectionOptions extends CommonOptions {
  readonly description?: string
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly user?: string
  readonly sslmode?: ServerTarget['sslmode']
  readonly passwordFile?: string
  readonly passwordStdin?: boolean
  readonly passwordFrom?: string
  /** false: the server asks for none. */
  readonly password: boolean
  readonly writerUser?: string
  readonly writerPasswordFile?: string
  readonly writerPasswordFrom?: string
  readonly file?: string
}
export interface AddOptions extends ConnectionOptions {
  readonly engine: Dialect
}
export interface EditOptions extends ConnectionOptions {
  readonly name?: string
  /** false: none any more. */
  readonly writer: boolean
}

type ServerTarget = ServerConnectionInput['target']

/** What `add` and `edit` take alike. */
export function withConnectionOptions(command: Command): Command {
  const modes = postgresTargetShape.shape.sslmode.unwrap().options
  command
    .option('--description <text>', 'what is in it, for people')
    .option('--host <host>', 'host name or address of the server')
    .option('--port <port>', 'its port (default: 5432 for PostgreSQL, 3306 for MySQL and MariaDB)', parseCount)
    .option('--database <name>', 'the database on it')
    .option('--user <name>', 'the database user; one that may only read')
    .addOption(new Option('--sslmode <mode>', 'TLS to the server (default: require)').choices(modes))
    .option('--password-file <file>', 'read the password from a file')
    .option('--password-stdin', 'read the password from stdin')
    .option('--password-from <reference>', 'where the server finds it: env:NAME or file:/path, as its operator allows')
    .option('--no-password', 'the server asks for none')
    .option('--writer-user <name>', 'another database user, for approved writes')
    .option('--writer-password-file <file>', 'read the writer’s password from a file')
    .option('--writer-password-from <reference>', 'where the server finds it: env:NAME or file:/path')
    .option('--file <path>', 'SQLite: a file on the server’s disk')
  return withServerOptions(command)
}

/** What to save. Throws a usage error where something is missing. */
export async function newInput(context: CommandContext, name: string, options: AddOptions): Promise<ConnectionInput> {
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
  const port = options.port ?? (options.engine === 'postgres' ? 5432 : 3306)
  const place = { host, database, user, port, sslmode: options.sslmode ?? ('require' as const) }
  const target = { ...place, ...(await passwordOf(context, options, place)), ...(await writerOf(context, options, host)) }
  return { ...saved, engine: options.engine, target }
}

/** The connection with what is given put in its place. What is left out of it, the server leaves as it was. */
export async function changedInput(context: CommandContext, before: ConnectionBody, options: EditOptions): Promise<ConnectionInput> {
  const saved = { name: options.name ?? before.name, description: options.description ?? before.description, labels: before.labels }
  const { target, engine } = before
  if (target === null) throw usageError('You may not see where this connection leads, so you may not change it.')
  if ('file' in target) return { ...saved, engine: 'sqlite', target: { file: options.file ?? target.file } }
  if (engine === 'sqlite') throw new Error('a SQLite connection has a file')
  const { passwordFrom: reference, writer: _kept, ...old } = target
  const { host = old.host, port = old.port, database = old.database, user = old.user, sslmode = old.sslmode } = options
  const place = { host, port, database, user, sslmode }
  const isSame = host === old.host && port === old.port && user === old.user && sslmode === old.sslmode
  const isGiven = options.passwordFile !== undefined || options.passwordStdin === true || options.passwordFrom !== undefined
  const isAsked = isGiven || (!isSame && reference === undefined)
  const password = !options.password ? { password: '' } : isAsked ? await passwordOf(context, options, place) : {}
  const writer = options.writer ? await writerOf(context, options, host) : { writer: null }
  return { ...saved, engine, target: { ...place, ...password, ...writer } }
}

type Password = Pick<ServerTarget, 'password' | 'passwordFrom'>

async function passwordOf(context: CommandContext, options: ConnectionOptions, { user, host }: ServerTarget): Promise<Password> {
  if (options.passwordFrom !== undefined) return { passwordFrom: options.passwordFrom }
  if (!options.password) return {}
  if (options.passwordFile !== undefined) return { password: withoutBreak(await readFile(options.passwordFile, 'utf8')) }
  if (options.passwordStdin === true) return { password: withoutBreak(await readAll(context.env.stdin)) }
  return { password: await promptPassword(context.env, `Password of ${user} at ${host}: `) }
}

async function writerOf(context: CommandContext, options: ConnectionOptions, host: string): Promise<Pick<ServerTarget, 'writer'>> {
  const { writerUser: user, writerPasswordFile: file, writerPasswordFrom: passwordFrom } = options
  if (user === undefined) {
    if (file !== undefined || passwordFrom !== undefined) throw usageError('A writer’s password needs --writer-user.')
    return {}
  }
  if (passwordFrom !== undefined) return { writer: { user, passwordFrom } }
  const password =
    file === undefined ? await promptPassword(context.env, `Password of ${user} at ${host}: `) : withoutBreak(await readFile(file, 'utf8'))
  return { writer: { user, password } }
}

/** Editors end files with a line break that is not part of the password. */
function withoutBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}
