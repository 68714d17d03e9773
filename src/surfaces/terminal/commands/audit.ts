import type { Command } from 'commander'
import type { Verification } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { countOf } from '../render/answer-words.ts'
import { printable } from '../render/printable.ts'
import { usageError } from '../usage-error.ts'
import type { AuditKeys } from '../environment.ts'
import { addAuditExport, addAuditList } from './audit-export.ts'
import { addAuditKeeping, addAuditKeys } from './audit-keeping.ts'
import { withServerOptions } from './command-options.ts'

interface VerifyOptions extends CommonOptions {
  readonly file?: string
  readonly keyFile?: string
  readonly publicKey?: string
  readonly checkpoints?: string
}

export function addAudit(program: Command, context: CommandContext): void {
  const group = program
    .command('audit')
    .summary('check and export the record')
    .description('The record of every question is a chain; a changed, deleted, swapped or cut-off entry shows.')
  addVerify(group, context)
  addAuditList(group, context)
  addAuditExport(group, context)
  addAuditKeys(group, context)
  addAuditKeeping(group, context)
}

function addVerify(group: Command, context: CommandContext): void {
  const command = group
    .command('verify')
    .description('Check the chain on the server, or an exported file without any server. Exits 1 when it is not intact.')
    .option('--file <export>', 'an export to check offline')
    .option('--public-key <file>', 'the chain’s public key, for --file; see `audit public-key`')
    .option('--checkpoints <file>', 'checkpoints kept elsewhere, which the export must contain; with --public-key')
    .option('--key-file <file>', 'the chain’s secret key, in place of the public one; see `audit key`')
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell audit verify
  $ aishell audit public-key -o trail.pem
  $ aishell audit export -o trail.ndjson
  $ aishell audit verify --file trail.ndjson --public-key trail.pem --checkpoints checkpoints.ndjson`,
    )
    .action(async () => {
      const options = command.optsWithGlobals<VerifyOptions>()
      const { file } = options
      const keys = keysIn(options)
      if (file !== undefined && keys !== null) return report(context, options, await context.env.commands.verifyAuditFile(file, keys))
      await context.withSession(options, async ({ client }) => report(context, options, await client.auditVerify()))
    })
}

/** null: the server checks. */
function keysIn({ file, keyFile, publicKey, checkpoints }: VerifyOptions): AuditKeys | null {
  if (checkpoints !== undefined && publicKey === undefined) throw usageError('--checkpoints goes with --public-key.')
  if (file === undefined && keyFile === undefined && publicKey === undefined) return null
  if (file === undefined || (keyFile === undefined) === (publicKey === undefined))
    throw usageError('--file goes with one of --public-key and --key-file.')
  return keyFile === undefined ? { publicKeyFile: publicKey ?? '', checkpointsFile: checkpoints ?? null } : { keyFile }
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
