import type { Command } from 'commander'
import type { CommandContext, CommonOptions } from '../context.ts'
import { saveBody } from '../export/save-body.ts'
import { withServerOptions } from './command-options.ts'

interface PersonOptions extends CommonOptions {
  readonly tenant?: string
}

const operators = 'a person of that tenant; for operators'

/** One person's data, at their wish. */
export function addPeople(admin: Command, context: CommandContext): void {
  const group = admin
    .command('people')
    .summary('give out or erase a person’s data')
    .description('Export or erase all that is held about one person.')
  const exporting = group
    .command('export')
    .description('Write all that is held about a person as NDJSON, with what they asked; nothing that would let anybody in.')
    .argument('<person>', 'name or id')
    .requiredOption('-o, --output <file>', 'where to')
    .option('--tenant <name>', operators)
  withServerOptions(exporting).action(async (person: string) => {
    const options = exporting.optsWithGlobals<PersonOptions & { readonly output: string }>()
    await context.withSession(options, async ({ client }) => {
      await saveBody(await client.exportPerson(person, options.tenant ?? null), options.output)
      await context.note(`All that is held about ${person} is in ${options.output}.`)
    })
  })
  const erasing = group
    .command('delete')
    .description(
      'Erase a person for ever: sessions and tokens end at once. Prints the signed proof of what went and what stays, and why; keep it.',
    )
    .argument('<person>', 'name or id')
    .requiredOption('--confirm <name>', 'the person’s name again, so that no slip of the hand erases another')
    .option('--tenant <name>', operators)
  withServerOptions(erasing).action(async (person: string) => {
    const options = erasing.optsWithGlobals<PersonOptions & { readonly confirm: string }>()
    await context.withSession(options, async ({ client }) =>
      context.json(await client.erasePerson(person, options.confirm, options.tenant ?? null)),
    )
  })
  addProof(group, context)
}

function addProof(group: Command, context: CommandContext): void {
  const command = group
    .command('proof')
    .description('Print the signed proof of an erasure again.')
    .argument('<id>', 'of whoever was erased; the note `person-erased` in the record has it')
    .option('--tenant <name>', operators)
  withServerOptions(command).action(async (id: string) => {
    const options = command.optsWithGlobals<PersonOptions>()
    await context.withSession(options, async ({ client }) => context.json(await client.personErasure(id, options.tenant ?? null)))
  })
}
