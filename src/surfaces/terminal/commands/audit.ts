import type { Command } from 'commander'
import type { Verification } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openRowFile } from '../export/row-file.ts'
import { countOf } from '../render/answer-words.ts'
import { printable } from '../render/printable.ts'
import { usageError } from '../usage-error.ts'
import { withServerOptions } from './command-options.ts'

interface VerifyOptions extends CommonOptions {
  readonly file?: string
  readonly keyFile?: string
}

interface ExportOptions extends CommonOptions {
  readonly output: string
}

export function addAudit(program: Command, context: CommandContext): void {
  const group = program
    .command('audit')
    .summary('check and export the record')
    .description('The record of every question is a chain; a changed, deleted, swapped or cut-off entry shows.')
  addVerify(group, context)
  addExport(group, context)
  addKey(group, context)
}

function addVerify(group: Command, context: CommandContext): void {
  const command = group
    .command('verify')
    .description('Check the chain on the server, or an exported file without any server. Exits 1 when it is not intact.')
    .option('--file <export>', 'an export to check offline')
    .option('--key-file <file>', 'the chain’s key, for --file')
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell audit verify
  $ aishell audit key -o chain.key
  $ aishell audit export -o trail.ndjson && aishell audit verify --file trail.ndjson --key-file chain.key`,
    )
    .action(async () => {
      const options = command.optsWithGlobals<VerifyOptions>()
      const { file, keyFile } = options
      if ((file === undefined) !== (keyFile === undefined)) throw usageError('--file and --key-file go together.')
      if (file !== undefined && keyFile !== undefined)
        return report(context, options, await context.env.commands.verifyAuditFile(file, keyFile))
      await context.withSession(options, async ({ client }) => report(context, options, await client.auditVerify()))
    })
}

async function report(context: CommandContext, options: CommonOptions, found: Verification): Promise<void> {
  if (!found.isIntact) context.leaveWith(exitCodes.failed)
  if (options.json === true) return context.json(found)
  const { paint } = context
  const head = found.head === null ? 'the chain is empty' : `head ${found.head.sequence} ${found.head.mac.slice(0, 16)}…`
  await context.out.lines([
    `${found.isIntact ? paint.green('Intact') : paint.red('Not intact')}: ${countOf(found.checked, 'link')} checked, ${head}`,
    `${countOf(found.openIntents, 'open intent')}, ${countOf(found.lostIntents, 'lost intent')}`,
    ...found.findings.map(
      (finding) =>
        `  ${finding.sequence === null ? '' : `at ${finding.sequence}: `}${printable(finding.message)} ${paint.dim(`[${finding.code}]`)}`,
    ),
  ])
}

function addExport(group: Command, context: CommandContext): void {
  const command = group
    .command('export')
    .description('Write the whole chain as NDJSON, for `audit verify --file`.')
    .requiredOption('-o, --output <file>', 'where to; `-` is stdout')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<ExportOptions>()
    await context.withSession(options, async ({ client }) => {
      const response = await client.auditExport()
      const sink = options.output === '-' ? null : await openRowFile(options.output)
      try {
        for await (const chunk of response.body ?? []) await (sink?.write(chunk) ?? context.out.write(chunk))
        await sink?.keep()
      } catch (error) {
        await sink?.discard()
        throw error
      }
      if (sink !== null) await context.note(`The chain is in ${options.output}.`)
    })
  })
}

interface KeyOptions extends CommonOptions {
  readonly output: string
}

function addKey(group: Command, context: CommandContext): void {
  const command = group
    .command('key')
    .description(
      'Write the chain’s key, for `audit verify --file`. Admins only: whoever holds it could forge the chain as well as check it.',
    )
    .option('-o, --output <file>', 'where to, readable by you alone; `-` is stdout', '-')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<KeyOptions>()
    await context.withSession(options, async ({ client }) => {
      const found = await client.auditKey()
      if (options.output === '-') await (options.json === true ? context.json(found) : context.out.write(`${found.key}\n`))
      else await writeKey(options.output, found.key)
      const warning = context.errPaint.yellow('warning')
      await context.note(`${warning}: this key can forge the chain as well as check it. Keep it safe; the record says that it was fetched.`)
    })
  })
}

/** For the owner's eyes only. */
async function writeKey(path: string, key: string): Promise<void> {
  const file = await openRowFile(path)
  await file.write(Buffer.from(`${key}\n`))
  await file.keep()
}
