import type { Command } from 'commander'
import { policyShape, type PolicyBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { readTextFrom } from '../read-input.ts'
import { findConnection } from '../session.ts'
import { usageError } from '../usage-error.ts'
import { withServerOptions } from './command-options.ts'

interface SetOptions extends CommonOptions {
  readonly file: string
}

export function addPolicy(connections: Command, context: CommandContext): void {
  const group = connections
    .command('policy')
    .description('Read or replace the rules of a connection: who may see which tables and columns, limits, disclosure.')
  addGet(group, context)
  addSet(group, context)
}

function addGet(group: Command, context: CommandContext): void {
  const command = group
    .command('get')
    .description('Print the policy as JSON, ready to edit and set again.')
    .argument('<name>', 'name or id of the connection')
  withServerOptions(command).action(async (name: string) => {
    await context.withSession(command.optsWithGlobals<CommonOptions>(), async ({ client }) => {
      const connection = findConnection(await client.connections(), name)
      await context.out.write(`${JSON.stringify(await client.policy(connection.id), null, 2)}\n`)
    })
  })
}

function addSet(group: Command, context: CommandContext): void {
  const command = group
    .command('set')
    .description('Replace the policy by what a JSON file says; what it leaves out gets the default.')
    .argument('<name>', 'name or id of the connection')
    .requiredOption('-f, --file <file>', 'the policy; `-` is stdin')
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Example:
  $ aishell connections policy get warehouse > policy.json
  $ aishell connections policy set warehouse -f policy.json
  $ echo '{"rules":[{"effect":"deny","tables":["employee"],"columns":["salary"]}]}' | aishell connections policy set warehouse -f -`,
    )
    .action(async (name: string) => {
      const options = command.optsWithGlobals<SetOptions>()
      const policy = parsePolicy(await readTextFrom(context.env, options.file))
      await context.withSession(options, async ({ client }) => {
        const connection = findConnection(await client.connections(), name)
        const saved = await client.setPolicy(connection.id, policy)
        if (options.json === true) return context.json(saved)
        await context.note(`The policy of ${connection.name} is set.`)
      })
    })
}

/** Checked here too, so that a mistake is named by its place before anything is sent. */
function parsePolicy(text: string): Partial<PolicyBody> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw usageError(`The policy is not JSON: ${cause instanceof Error ? cause.message : ''}`)
  }
  const parsed = policyShape.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw usageError(
    `The policy is wrong at ${issue?.path.join('.') || 'its top'}: ${issue?.message ?? ''}.`,
    '`aishell connections policy get` prints one to start from.',
  )
}
