import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

export function addRotateKeys(admin: Command, context: CommandContext): void {
  const command = admin
    .command('rotate-keys')
    .description(
      'Wrap every tenant’s data key with the present SECRET_KEY. Reads the server’s settings; safe while servers run, and twice.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nSECRET_KEYS_OLD names the key from before; docs/how-to/rotate-keys.md has the whole order of steps.')
    .action(async () => {
      const done = await context.env.commands.rotateKeys()
      if (command.optsWithGlobals<{ json?: boolean }>().json === true) await context.json(done)
      else await context.out.lines([`${done.rewrapped} of ${done.tenants} keys were wrapped anew; ${done.failed} could not be opened.`])
      if (done.failed > 0) context.leaveWith(exitCodes.failed)
    })
}
