import { CommanderError } from 'commander'
import { CommandContext } from './context.ts'
import type { TerminalEnvironment } from './environment.ts'
import { createProgram } from './program.ts'
import { isAbort, troubleLines, troubleOf } from './trouble.ts'

/** Runs one command line (without `node` and the script) to its end and gives the exit code; it never throws. */
export async function runTerminal(env: TerminalEnvironment, args: readonly string[]): Promise<number> {
  const context = new CommandContext(env)
  try {
    await createProgram(env, context).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!isHelp(error)) await tell(context, error, args.includes('--json'))
  }
  await Promise.all([context.out.flush(), context.err.flush()])
  return context.exitCode
}

/** `--help` and `--version` end parsing by throwing. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0
}

async function tell(context: CommandContext, error: unknown, isJson: boolean): Promise<void> {
  const trouble = troubleOf(error)
  context.leaveWith(trouble.exitCode)
  if (trouble.problem.code === 'terminal.reader-gone') return
  try {
    if (isJson) await context.json(trouble.problem)
    else if (isAbort(error)) await context.err.lines([context.errPaint.yellow('Interrupted.')])
    else await context.err.lines(troubleLines(trouble, context.errPaint))
  } catch {
    // Nobody reads; the exit code still says it.
  }
}
