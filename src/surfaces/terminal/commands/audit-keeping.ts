import type { Command } from 'commander'
import type { CommandContext, CommonOptions } from '../context.ts'
import { openRowFile } from '../export/row-file.ts'
import { countOf } from '../render/answer-words.ts'
import { usageError } from '../usage-error.ts'
import { withServerOptions } from './command-options.ts'

interface KeyOptions extends CommonOptions {
  readonly output: string
}

export function addAuditKeys(group: Command, context: CommandContext): void {
  const shared = group
    .command('public-key')
    .description('Write the public key that checks exports and checkpoints. Keep it away from the server it is to check.')
    .option('-o, --output <file>', 'where to; `-` is stdout', '-')
  withServerOptions(shared).action(async () => {
    const options = shared.optsWithGlobals<KeyOptions>()
    await context.withSession(options, async ({ client }) => {
      const found = await client.auditPublicKey()
      if (options.json === true) return context.json(found)
      await write(context, options.output, found.publicKey)
    })
  })
  const command = group
    .command('key')
    .description('Write the chain’s secret key. Admins only: whoever holds it could forge the chain as well as check it.')
    .option('-o, --output <file>', 'where to, readable by you alone; `-` is stdout', '-')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<KeyOptions>()
    await context.withSession(options, async ({ client }) => {
      const found = await client.auditKey()
      if (options.json === true) await context.json(found)
      else await write(context, options.output, `${found.key}\n`)
      const warning = context.errPaint.yellow('warning')
      await context.note(`${warning}: this key can forge the chain as well as check it. Keep it safe; the record says that it was fetched.`)
    })
  })
}

/** A file is for its owner's eyes only. */
async function write(context: CommandContext, output: string, text: string): Promise<void> {
  if (output === '-') return context.out.write(text)
  const file = await openRowFile(output)
  await file.write(Buffer.from(text))
  await file.keep()
}

export function addAuditKeeping(group: Command, context: CommandContext): void {
  const checkpoint = group
    .command('checkpoint')
    .description('Sign the head of the chain now and bring it outside. Servers do so by themselves.')
  withServerOptions(checkpoint).action(async () => {
    const options = checkpoint.optsWithGlobals<CommonOptions>()
    await context.withSession(options, async ({ client }) => {
      const made = await client.auditCheckpoint()
      if (options.json === true) return context.json(made)
      await context.note(made.sequence === null ? 'Nothing was written since the last one.' : `Signed up to link ${made.sequence}.`)
    })
  })
  const retain = group
    .command('retain')
    .description('Remove entries older than a time, under a signed tombstone that keeps the chain verifiable.')
    .requiredOption('--before <time>', 'ISO 8601; what is older and has ended goes')
  withServerOptions(retain).action(async () => {
    const options = retain.optsWithGlobals<CommonOptions & { readonly before: string }>()
    const before = new Date(options.before)
    if (Number.isNaN(before.getTime())) throw usageError(`"${options.before}" is no time.`, 'Write one as 2026-01-01.')
    await context.withSession(options, async ({ client }) => {
      const removed = await client.auditRetain(before.toISOString())
      if (options.json === true) return context.json({ removed })
      await context.note(`${countOf(removed, 'link')} removed.`)
    })
  })
}
