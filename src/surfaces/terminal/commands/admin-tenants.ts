import type { Command } from 'commander'
import type { QuotasBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { saveBody } from '../export/save-body.ts'
import { printListing } from '../render/listing.ts'
import { usageError } from '../usage-error.ts'
import { withServerOptions } from './command-options.ts'

/** Option → quota. */
const quotaOptions = {
  questionsPerDay: '--questions-per-day <count>',
  rowsPerDay: '--rows-per-day <count>',
  modelTokensPerDay: '--tokens-per-day <count>',
  concurrentQuestions: '--at-once <count>',
} as const

type QuotaOptions = CommonOptions & {
  readonly questionsPerDay?: number | null
  readonly rowsPerDay?: number | null
  readonly tokensPerDay?: number | null
  readonly atOnce?: number | null
}

export function addTenantCommands(admin: Command, context: CommandContext): void {
  const group = admin.command('tenants').description('Open, list, limit, suspend, export and erase tenants.')
  addList(group, context)
  addCreate(group, context)
  addQuotas(group, context)
  addStates(group, context)
  addExport(group, context)
  addErase(group, context)
  addProof(group, context)
  addUsage(group, context)
}

function addList(group: Command, context: CommandContext): void {
  const command = group.command('list', { isDefault: true }).description('List the tenants.')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const tenants = await client.tenants()
      if (options.json === true) return context.json(tenants)
      const quota = (count: number | null): string => (count === null ? '' : String(count))
      const rows = tenants.map(({ name, id, state, quotas }) => [
        name,
        id,
        state,
        quota(quotas.questionsPerDay),
        quota(quotas.rowsPerDay),
        quota(quotas.modelTokensPerDay),
        quota(quotas.concurrentQuestions),
      ])
      const columns = ['name', 'id', 'state', 'questions/day', 'rows/day', 'tokens/day', 'at once'].map((name) => ({ name }))
      await printListing(context, columns, rows)
    })
  })
}

function addCreate(group: Command, context: CommandContext): void {
  const command = group
    .command('create')
    .description('Open a tenant. The token of its first admin is printed once, alone on stdout.')
    .argument('<name>', 'lower-case letters, digits, dashes: it may become a host name')
  withServerOptions(withQuotas(command)).action(async (name: string) => {
    const options = command.optsWithGlobals<QuotaOptions>()
    await context.withSession(options, async ({ client }) => {
      const made = await client.createTenant({ name, quotas: quotasOf(options) })
      if (options.json === true) return context.json(made)
      await context.out.write(`${made.adminToken}\n`)
      await context.note(`${made.name} is ${made.id}. Hand the token to its first admin: it is not shown again.`)
    })
  })
}

function addQuotas(group: Command, context: CommandContext): void {
  const command = group
    .command('quotas')
    .description('Set what a tenant may use; what is not named has no limit.')
    .argument('<tenant>', 'name or id')
  withServerOptions(withQuotas(command)).action(async (tenant: string) => {
    const options = command.optsWithGlobals<QuotaOptions>()
    await context.withSession(options, async ({ client }) => {
      const changed = await client.setQuotas(tenant, quotasOf(options))
      if (options.json === true) return context.json(changed)
      await context.note('Set; every server follows within a second.')
    })
  })
}

function addStates(group: Command, context: CommandContext): void {
  for (const [verb, description] of [
    ['suspend', 'Keep everybody of a tenant out, and all it has; nothing is lost.'],
    ['resume', 'Let a suspended tenant in again.'],
  ] as const) {
    const command = group.command(verb).description(description).argument('<tenant>', 'name or id')
    withServerOptions(command).action(async (tenant: string) => {
      const options = command.optsWithGlobals<CommonOptions>()
      await context.withSession(options, async ({ client }) => {
        const changed = await (verb === 'suspend' ? client.suspendTenant(tenant) : client.resumeTenant(tenant))
        if (options.json === true) return context.json(changed)
        await context.note(`${changed.name} is ${changed.state}.`)
      })
    })
  }
}

function addExport(group: Command, context: CommandContext): void {
  const command = group
    .command('export')
    .description('Write all a tenant has as NDJSON: rows without secrets, then its whole record, signed.')
    .argument('<tenant>', 'name or id')
    .requiredOption('-o, --output <file>', 'where to')
  withServerOptions(command).action(async (tenant: string) => {
    const options = command.optsWithGlobals<CommonOptions & { readonly output: string }>()
    await context.withSession(options, async ({ client }) => {
      const response = await client.exportTenant(tenant)
      await saveBody(response, options.output)
      await context.note(`Everything of ${tenant} is in ${options.output}.`)
    })
  })
}

function addErase(group: Command, context: CommandContext): void {
  const command = group
    .command('erase')
    .description('Erase a suspended tenant for ever. Prints the signed proof of what was removed; keep it.')
    .argument('<tenant>', 'name or id')
    .requiredOption('--confirm <name>', 'the tenant again, so that no slip of the hand erases another')
  withServerOptions(command).action(async (tenant: string) => {
    const options = command.optsWithGlobals<CommonOptions & { readonly confirm: string }>()
    if (options.confirm !== tenant) throw usageError('--confirm does not name the same tenant.')
    await context.withSession(options, async ({ client }) => context.json(await client.eraseTenant(tenant)))
  })
}

function addProof(group: Command, context: CommandContext): void {
  const command = group
    .command('proof')
    .description('Print the signed proof of an erased tenant again.')
    .argument('<id>', 'of the tenant; the note `tenant-erased` in the record has it')
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => context.json(await client.tenantErasure(id)))
  })
}

function addUsage(group: Command, context: CommandContext): void {
  const command = group.command('usage').description('What a tenant has used, day by day.').argument('<tenant>', 'name or id')
  withServerOptions(command).action(async (tenant: string) => {
    const options = command.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const usage = await client.tenantUsage(tenant)
      if (options.json === true) return context.json(usage)
      const columns = ['day', 'questions', 'rows', 'tokens'].map((name) => ({ name }))
      await printListing(
        context,
        columns,
        usage.days.map((day) => [day.day, String(day.questions), String(day.rows), String(day.modelTokens)]),
      )
    })
  })
}

function withQuotas(command: Command): Command {
  for (const flags of Object.values(quotaOptions)) command.option(flags, 'at most so many; left out: no limit', readCount)
  return command
}

function readCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usageError(`"${text}" is no count.`)
}

function quotasOf({ questionsPerDay = null, rowsPerDay = null, tokensPerDay = null, atOnce = null }: QuotaOptions): QuotasBody {
  return { questionsPerDay, rowsPerDay, modelTokensPerDay: tokensPerDay, concurrentQuestions: atOnce }
}
