import { Option, type Command } from 'commander'
import { dialects } from '../../../domain/index.ts'
import type { CommandContext } from '../context.ts'
import type { GuardCheckOptions } from '../environment.ts'
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
  const guard = program
    .command('guard')
    .summary('judge statements without a server')
    .description('The guard alone: no server is started or contacted, and no database.')
  const check = guard
    .command('check')
    .description('Read statements from stdin, one JSON object per line ({"id", "sql", "params"}), and print a verdict for each.')
    .addOption(new Option('--dialect <dialect>', 'the SQL that is spoken').choices(dialects).makeOptionMandatory())
    .option('--catalog <file>', 'tables and columns, as `aishell catalog dump` writes them; without it names are taken as written')
    .option('--policy <file>', 'rules, as `aishell connections policy get` prints them; without it everything may be read')
    .option('--role <names>', 'roles of whoever asks, separated by commas', 'reader')
    .addOption(
      new Option('--fail-on <verdict>', 'leave with code 3 where there is such a verdict')
        .choices(['never', 'refuse', 'confirm'])
        .default('never'),
    )
    .addHelpText('after', checkExamples)
    .action(async () => {
      const options = check.opts<Partial<GuardCheckOptions> & Pick<GuardCheckOptions, 'dialect' | 'role' | 'failOn'>>()
      context.leaveWith(codeOf(await context.env.commands.guardCheck({ catalog: null, policy: null, ...options })))
    })
}

const checkExamples = `
One line is printed per statement, in order: id, verdict (allow, confirm, refuse), class (read, write, ddl, admin,
unknown), codes, tables, columns, functions, ms. A line that cannot be read gives {"id", "line", "error"} and code 1 at the end.

Examples:
  $ aishell catalog dump warehouse -o warehouse.json
  $ aishell guard check --dialect postgres --catalog warehouse.json --fail-on refuse < statements.jsonl
  $ echo '{"id":1,"sql":"DROP TABLE customer"}' | aishell guard check --dialect sqlite`

function codeOf(code: number): ExitCode {
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.failed
}
