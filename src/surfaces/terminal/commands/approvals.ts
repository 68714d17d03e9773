import { Option, type Command } from 'commander'
import { approvalStates } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { approvalColumns, approvalLines, approvalRow } from '../render/approval-view.ts'
import { printListing } from '../render/listing.ts'
import { parseCount, withServerOptions } from './command-options.ts'

interface ListOptions extends CommonOptions {
  readonly state?: string
  readonly mine?: boolean
  readonly count: number
}

interface DecideOptions extends CommonOptions {
  readonly comment?: string
}

export function addApprovals(program: Command, context: CommandContext): void {
  const group = program
    .command('approvals')
    .summary('decide on what waits for a person')
    .description('List, look at and decide on statements that wait for another person’s consent.')
  addList(group, context)
  addShow(group, context)
  addDecision(group, context, 'approve', 'Consent to a statement. A write is run at once, as whoever asked; never your own request.')
  addDecision(group, context, 'reject', 'Say no to a statement.')
  addCancel(group, context)
}

function addList(group: Command, context: CommandContext): void {
  const command = group
    .command('list', { isDefault: true })
    .description('List your own requests and those you could decide on, newest first.')
    .addOption(new Option('--state <state>', 'only those in this state').choices(approvalStates))
    .option('--mine', 'only those that wait for you to decide')
    .option('-n, --count <count>', 'how many', parseCount, 20)
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<ListOptions>()
    await context.withSession(options, async ({ client }) => {
      const { items } = await client.approvals({
        limit: options.count,
        ...(options.state === undefined ? {} : { state: options.state }),
        ...(options.mine === undefined ? {} : { mine: options.mine }),
      })
      if (options.json === true) return context.json(items)
      await printListing(context, approvalColumns, items.map(approvalRow))
    })
  })
}

function addShow(group: Command, context: CommandContext): void {
  const command = group
    .command('show')
    .description('One request: the statement, what it changes, who asked and decided, how it ended.')
    .argument('<id>', 'id of the request')
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const approval = await client.approval(id)
      if (options.json === true) return context.json(approval)
      await context.out.lines(approvalLines(approval))
    })
  })
}

function addDecision(group: Command, context: CommandContext, decision: 'approve' | 'reject', description: string): void {
  const command = group
    .command(decision)
    .description(description)
    .argument('<id>', 'id of the request')
    .option('-m, --comment <text>', 'a word to whoever asked')
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<DecideOptions>()
    await context.withSession(options, async ({ client }) => {
      const approval = await client.decide(id, decision, options.comment)
      if (options.json === true) return context.json(approval)
      await context.out.lines(approvalLines(approval))
    })
  })
}

function addCancel(group: Command, context: CommandContext): void {
  const command = group.command('cancel').description('Take your own request back.').argument('<id>', 'id of the request')
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const approval = await client.cancelApproval(id)
      if (options.json === true) return context.json(approval)
      await context.note('Cancelled.')
    })
  })
}
