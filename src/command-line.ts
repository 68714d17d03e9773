import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { isShellError } from './domain/index.ts'
import { readClientSettings, type ClientSettings } from './platform/config/index.ts'
import { runTerminal, type TerminalEnvironment } from './surfaces/terminal/index.ts'
import { serverCommands } from './server-commands.ts'
import { findOrStartServer, startHere } from './local-server.ts'

export const version: string = packageJson.version

/** argv → a command; gives the exit code. `start` is what `npm start` says: the server, and the shell where there is a terminal. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const client = readClientSettings()
    const environment = terminalEnvironment(client)
    if (args[0] !== 'start') return await runTerminal(environment, args)
    return await startHere({ version, environment, args: args.slice(1) })
  } catch (error) {
    return explain(error)
  }
}

function terminalEnvironment({ server, token, connection }: ClientSettings): TerminalEnvironment {
  const { stdin, stdout, stderr, env } = process
  return {
    stdin,
    stdout,
    stderr,
    isTty: stdin.isTTY && stdout.isTTY,
    isOutputTty: stdout.isTTY,
    isErrorTty: stderr.isTTY,
    noColor: (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb',
    columns: () => stdout.columns ?? 100,
    rows: () => stdout.rows ?? 24,
    serverUrl: server,
    token: token?.reveal() ?? null,
    credentialsFile: join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'aishell', 'credentials.json'),
    machine: hostname(),
    connection,
    connect: () => findOrStartServer(version),
    version,
    historyFile: join(homedir(), '.aishell_history'),
    onInterrupt: (listener) => {
      process.on('SIGINT', listener)
      return () => process.off('SIGINT', listener)
    },
    commands: serverCommands(version),
  }
}

/** What went wrong before any command could say it: the settings, the data folder, the store. */
export function explain(error: unknown): number {
  if (isShellError(error)) {
    process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`)
  } else {
    process.stderr.write(`Internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  }
  return 1
}
