import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'

/** Commands that the server's side of the house carries out; the terminal only names them. */
export function addServerSide(program: Command, context: CommandContext): void {
  const { commands } = context.env
  program
    .command('serve')
    .summary('run the server')
    .description('Run the server: HTTP API, MCP and health. Settings come from the environment and from files in the config directory.')
    .action(async () => context.leaveWith(codeOf(await commands.serve())))
  const migrate = program
    .command('migrate')
    .summary('bring the store up to date')
    .description('Apply the migrations the store lacks, under a lock; safe to run while servers run, and twice.')
    .option('--json', 'print JSON')
    .action(async () =>
      context.leaveWith(codeOf(await commands.migrate({ json: migrate.optsWithGlobals<{ json?: boolean }>().json === true }))),
    )
  program
    .command('mcp')
    .summary('speak MCP on stdin and stdout')
    .description('Serve the Model Context Protocol over stdin and stdout, for agents that start their tools themselves.')
    .action(async () => context.leaveWith(codeOf(await commands.mcpStdio())))
  addGuard(program, context)
}

function addGuard(program: Command, context: CommandContext): void {
  const { guardCheck } = context.env.commands
  if (guardCheck === undefined) return
  const guard = program
    .command('guard')
    .summary('judge statements without a server')
    .description('The guard alone: no server, no database.')
  guard
    .command('check')
    .description('Read statements from stdin, one JSON object per line, and print a verdict for each.')
    .argument('[options...]', 'passed on to the guard')
    .allowUnknownOption()
    .action(async (args: string[]) => context.leaveWith(codeOf(await guardCheck(args))))
}

function codeOf(code: number): ExitCode {
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.failed
}
