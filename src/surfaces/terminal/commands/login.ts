import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { Client, ProblemError, type DeviceLoginBody, type DevicePollBody } from '../../../contract/index.ts'
import { ShellError } from '../../../domain/index.ts'
import { CredentialsFile } from '../credentials-file.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { parseServerUrl } from '../session.ts'
import { withServerOptions } from './command-options.ts'

export function addLogin(program: Command, context: CommandContext): void {
  const login = program
    .command('login')
    .summary('sign in to a server')
    .description('Sign in with a browser: shows a code, which you confirm there. The token is kept for you alone, for 30 days.')
  login.option('--tenant <name>', 'the tenant to sign in to, where the address does not say it')
  withServerOptions(login).action(async () => {
    const options = login.optsWithGlobals<LoginOptions>()
    await context.interruptible((signal) => signIn(context, serverOf(context, options), options, signal))
  })
  const logout = program
    .command('logout')
    .summary('sign out of a server')
    .description('Revoke the token that `aishell login` brought, and forget it.')
  withServerOptions(logout).action(async () => {
    const options = logout.optsWithGlobals<CommonOptions>()
    await signOut(context, serverOf(context, options), options)
  })
  const whoami = program.command('whoami').summary('show who you are').description('Who the server takes you for, and what you may do.')
  withServerOptions(whoami).action(async () => {
    const options = whoami.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client, baseUrl }) => {
      const me = await client.whoami()
      if (options.json === true) return context.json(me)
      const fields = [
        ['server', baseUrl],
        ['name', me.name],
        ['kind', me.kind],
        ['roles', me.roles.join(', ')],
        ['may', me.verbs.join(', ')],
        ['connections', me.connections?.join(', ') ?? 'as the roles say'],
      ] as const
      await context.out.lines(fields.map(([key, value]) => `${context.paint.bold(key.padEnd(12))} ${value}`))
    })
  })
}

interface LoginOptions extends CommonOptions {
  readonly tenant?: string
}

async function signIn(context: CommandContext, server: string, options: LoginOptions, signal: AbortSignal): Promise<void> {
  const tenant = options.tenant === undefined ? {} : { tenant: options.tenant }
  const client = new Client({ baseUrl: server, token: '', surface: 'terminal', ...tenant })
  const login = await client.json<DeviceLoginBody>('POST', '/api/v1/auth/device-logins', { client: context.env.machine }, signal)
  await context.note(`Open ${login.verificationUriComplete}\nand confirm the code ${context.errPaint.bold(login.userCode)}`)
  const { token, expiresAt } = await confirmed(client, login, signal)
  if (token === null || expiresAt === null) throw refused('expired')
  await new CredentialsFile(context.env.credentialsFile).keep(server, { token, expiresAt })
  const me = await new Client({ baseUrl: server, token, surface: 'terminal' }).whoami()
  if (options.json === true) return context.json({ server, name: me.name, expiresAt })
  await context.note(`Signed in to ${server} as ${me.name}, until ${expiresAt.slice(0, 10)}.`)
}

/** Asks no faster than the server wants. */
async function confirmed(client: Client, login: DeviceLoginBody, signal: AbortSignal): Promise<DevicePollBody> {
  let { intervalS } = login
  for (;;) {
    await sleep(intervalS * 1000, undefined, { signal })
    const poll = await client.json<DevicePollBody>('POST', '/api/v1/auth/device-logins/poll', { deviceCode: login.deviceCode }, signal)
    if (poll.state === 'confirmed') return poll
    if (poll.state === 'denied' || poll.state === 'expired') throw refused(poll.state)
    intervalS = poll.intervalS
  }
}

/** Here it is forgotten in any case; the server may be away, or know the token no more. */
async function signOut(context: CommandContext, server: string, options: CommonOptions): Promise<void> {
  const file = new CredentialsFile(context.env.credentialsFile)
  const kept = await file.read(server)
  if (kept === null) {
    await context.note(`You were not signed in to ${server} by \`aishell login\`.`)
    return
  }
  const client = new Client({ baseUrl: server, token: kept.token, surface: 'terminal' })
  const trouble = await client.send('POST', '/api/v1/auth/sign-out', { body: {} }).then(
    () => null,
    (error: unknown) => error,
  )
  await file.forget(server)
  if (trouble !== null && !(trouble instanceof ProblemError && trouble.problem.status === 401)) throw trouble
  if (options.json === true) return context.json({ server, signedOut: true })
  await context.note(`Signed out of ${server}.`)
}

function serverOf({ env }: CommandContext, options: CommonOptions): string {
  const server = options.server ?? env.serverUrl
  if (server !== null) return parseServerUrl(server)
  throw new ShellError({
    code: 'terminal.which-server',
    kind: 'invalid',
    message: 'Signing in needs the address of a server.',
    hint: 'Name it with --server or AISHELL_SERVER. The one on this machine lets you in without.',
  })
}

function refused(state: 'denied' | 'expired'): ShellError {
  return new ShellError({
    code: 'terminal.login-refused',
    kind: 'denied',
    message: state === 'denied' ? 'The login was refused in the browser.' : 'Nobody confirmed the code in time.',
    hint: 'Run `aishell login` again.',
  })
}
