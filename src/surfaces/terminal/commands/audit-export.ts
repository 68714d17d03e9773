import { Option, type Command } from 'commander'
import { entryFormats, type EntryBody, type EntryFormat } from '../../../contract/index.ts'
import { entryStates } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { openRowFile } from '../export/row-file.ts'
import { printListing } from '../render/listing.ts'
import { usageError } from '../usage-error.ts'
import { parseCount, withServerOptions } from './command-options.ts'

interface FilterOptions extends CommonOptions {
  readonly from?: string
  readonly to?: string
  readonly on?: string
  readonly member?: string
  readonly text?: string
  readonly state?: EntryBody['state']
  readonly after?: string
}

interface ExportOptions extends FilterOptions {
  readonly output: string
  readonly format: EntryFormat | 'chain'
}

interface ListOptions extends FilterOptions {
  readonly limit: number
}

function withFilters(command: Command): Command {
  return command
    .option('--from <time>', 'started at or after, ISO 8601')
    .option('--to <time>', 'started before')
    .option('--on <connection>', 'only this connection')
    .option('--member <id>', 'only this member')
    .option('--text <words>', 'stands in the question or the statement')
    .addOption(new Option('--state <state>', 'how it ended').choices(entryStates))
    .option('--after <place>', 'where the last page or file ended')
}

function filterOf(options: FilterOptions) {
  const { on, member, text, state, after } = options
  const given = { from: timeOf(options.from), to: timeOf(options.to), connection: on, member, text, state, after }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** A day alone is its beginning in UTC. */
function timeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw usageError(`"${text}" is no time.`, 'Write one as 2026-11-25 or 2026-11-25T08:00:00Z.')
  return time.toISOString()
}

export function addAuditList(group: Command, context: CommandContext): void {
  const command = group
    .command('list')
    .description('Search everybody’s entries, newest first.')
    .option('--limit <entries>', 'at most so many', parseCount, 50)
  withServerOptions(withFilters(command)).action(async () => {
    const options = command.optsWithGlobals<ListOptions>()
    await context.withSession(options, async ({ client }) => {
      const page = await client.audit({ ...filterOf(options), limit: options.limit })
      if (options.json === true) return context.json(page)
      const rows = page.items.map((entry) => [
        String(entry.sequence),
        entry.startedAt.slice(0, 19).replace('T', ' '),
        entry.actor.name,
        entry.connection,
        entry.state,
        (entry.question ?? entry.sql ?? '').slice(0, 60),
      ])
      await printListing(
        context,
        ['place', 'started', 'actor', 'connection', 'state', 'asked'].map((name) => ({ name })),
        rows,
      )
      if (page.next !== null) await context.note(`There is more: --after ${page.next}`)
    })
  })
}

export function addAuditExport(group: Command, context: CommandContext): void {
  const command = group
    .command('export')
    .description('Write the whole chain, signed, for `audit verify --file`; or entries as NDJSON, CSV, CEF or OCSF, filtered, for a SIEM.')
    .requiredOption('-o, --output <file>', 'where to; `-` is stdout')
    .addOption(new Option('--format <format>', 'of what is written').choices(['chain', ...entryFormats]).default('chain'))
  withServerOptions(withFilters(command))
    .addHelpText(
      'after',
      `
Examples:
  $ aishell audit export -o trail.ndjson
  $ aishell audit export --format ocsf --from 2026-11-01 -o november.ndjson
  $ aishell audit export --format cef --after 48213 -o -`,
    )
    .action(async () => {
      const options = command.optsWithGlobals<ExportOptions>()
      await context.withSession(options, async ({ client }) => {
        const response = await client.auditExport({ ...filterOf(options), format: options.format })
        const sink = options.output === '-' ? null : await openRowFile(options.output)
        try {
          for await (const chunk of response.body ?? []) await (sink?.write(chunk) ?? context.out.write(chunk))
          await sink?.keep()
        } catch (error) {
          await sink?.discard()
          throw error
        }
        if (sink !== null) await context.note(`${options.format === 'chain' ? 'The chain is' : 'The entries are'} in ${options.output}.`)
      })
    })
}
