import { Command } from 'commander'
import { addAdmin } from './commands/admin.ts'
import { addApprovals } from './commands/approvals.ts'
import { addAsk, addSql } from './commands/ask.ts'
import { addAudit } from './commands/audit.ts'
import { addCatalog, addHistory } from './commands/catalog.ts'
import { withServerOptions } from './commands/command-options.ts'
import { addConnections } from './commands/connections.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExport } from './commands/export.ts'
import { addLogin } from './commands/login.ts'
import { addServerSide } from './commands/server-side.ts'
import { addTokens } from './commands/tokens.ts'
import { CommandContext } from './context.ts'
import type { TerminalEnvironment } from './environment.ts'
import { exitCodeMeanings } from './exit-codes.ts'
import { runShell, type ShellOptions } from './shell/run-shell.ts'
import { usageError } from './usage-error.ts'

/** The whole command line. Nothing is read, connected or written before it is parsed. */
export function createProgram(env: TerminalEnvironment, context: CommandContext = new CommandContext(env)): Command {
  const program = new Command('aishell')
    .description('Ask your databases in plain language. Without a command it opens the shell.')
    .version(env.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; after a command, that command’s')
    .helpCommand('help [command]', 'print help for a command')
    .option('-c, --connection <name>', 'the connection to begin with (AISHELL_CONNECTION)')
    .allowExcessArguments()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 100 })
  withServerOptions(program)
  program.commandsGroup('Ask:')
  addAsk(program, context)
  addSql(program, context)
  addExport(program, context)
  program.commandsGroup('Look around:')
  addCatalog(program, context)
  addHistory(program, context)
  program.commandsGroup('Keep:')
  addConnections(program, context)
  addTokens(program, context)
  addAdmin(program, context)
  addApprovals(program, context)
  addAudit(program, context)
  program.commandsGroup('Sign in:')
  addLogin(program, context)
  program.commandsGroup('Run:')
  addServerSide(program, context)
  addDoctor(program, context)
  program.addHelpText('after', examples).action(async () => {
    const [word] = program.args
    if (word !== undefined) throw unknownCommand(program, word)
    await runShell(context, program.optsWithGlobals<ShellOptions>())
  })
  quietly(program, env)
  return program
}

const examples = `
Examples:
  $ aishell                                              open the shell
  $ aishell ask how many orders were shipped last month by carrier?
  $ aishell sql "select count(*) from customer" --json
  $ echo "how many customers are there" | aishell
  $ aishell export "select * from sales_order" -o orders.csv
  $ aishell connections add warehouse --host db.example.com --database sales --user reader

Exit codes:
${exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join('\n')}`

function unknownCommand(program: Command, word: string): Error {
  const near = program.commands.map((command) => command.name()).find((name) => name.startsWith(word.slice(0, 3)))
  const hint =
    near === undefined
      ? `To ask something: aishell ask ${word} …; \`aishell --help\` lists the commands.`
      : `Did you mean \`aishell ${near}\`?`
  return usageError(`There is no command '${word}'.`, hint)
}

/** Commander never ends the process and writes only where it is told to. */
function quietly(command: Command, env: TerminalEnvironment): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void env.stdout.write(text),
    writeErr: () => {}, // `runTerminal` says it in the manner of every other error
  })
  for (const child of command.commands) quietly(child, env)
}
