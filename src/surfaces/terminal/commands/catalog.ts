import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { CommandContext, CommonOptions } from '../context.ts'
import { findRelation, matchRelations, relationLines, relationListLines } from '../render/relation-view.ts'
import { historyLines } from '../render/history-view.ts'
import { usageError } from '../usage-error.ts'
import { parseCount, withServerOptions } from './command-options.ts'

interface CatalogOptions extends CommonOptions {
  readonly connection?: string
  readonly refresh?: boolean
}

function lookOf(context: CommandContext) {
  const isScreen = context.env.isOutputTty
  return {
    paint: context.paint,
    style: isScreen ? ('screen' as const) : ('ascii' as const),
    columns: isScreen ? context.env.columns() : null,
  }
}

export function addCatalog(program: Command, context: CommandContext): void {
  const command = program
    .command('catalog')
    .summary('browse tables and columns')
    .description('List the tables and views you may see, or describe one: columns, keys, what points where.')
    .argument('[table]', 'a table or view, or a part of its name')
    .option('-c, --connection <name>', 'the connection (AISHELL_CONNECTION; default: the only one, or the demo)')
    .option('--refresh', 'read the database again first')
  withServerOptions(command).action(async (table: string | undefined) => {
    const options = command.optsWithGlobals<CatalogOptions>()
    await context.withSession(options, async (session) => {
      const catalog = await session.client.catalog(await context.connectionName(session, options.connection), {
        refresh: options.refresh === true,
      })
      const found = table === undefined ? null : findRelation(catalog, table)
      const relations = table === undefined ? catalog.relations : found === null ? matchRelations(catalog, table) : [found]
      if (relations.length === 0 && table !== undefined)
        throw usageError(`There is no table or view '${table}' that you may see.`, '`aishell catalog` lists those there are.')
      if (options.json === true) return context.json(table === undefined ? catalog : (found ?? relations))
      await context.out.lines(
        found === null ? relationListLines(relations, lookOf(context)) : relationLines(found, catalog, lookOf(context)),
      )
    })
  })
  addDump(command, context)
}

/** The whole catalog as the guard reads it from a file; a screen gets it too, for there may be nothing to redirect. */
function addDump(catalog: Command, context: CommandContext): void {
  const command = catalog
    .command('dump')
    .description('Write the whole catalog of a connection as JSON, for `aishell guard check --catalog`.')
    .argument('[connection]', 'the connection (AISHELL_CONNECTION; default: the only one, or the demo)')
    .option('-o, --output <file>', 'where to; default: stdout')
    .option('--refresh', 'read the database again first')
  withServerOptions(command).action(async (connection: string | undefined) => {
    const options = command.optsWithGlobals<CatalogOptions & { readonly output?: string }>()
    await context.withSession(options, async (session) => {
      const name = await context.connectionName(session, connection ?? options.connection)
      const { connection: _name, next: _next, ...catalog } = await session.client.catalog(name, { refresh: options.refresh === true })
      const text = `${JSON.stringify(catalog, null, 2)}\n`
      if (options.output === undefined || options.output === '-') return await context.out.write(text)
      await writeFile(options.output, text)
      await context.note(`${catalog.relations.length} tables and views written to ${options.output}`)
    })
  })
}

export function addHistory(program: Command, context: CommandContext): void {
  const command = program
    .command('history')
    .summary('what you asked, and how it ended')
    .description('Your questions as the record has them, newest first.')
    .option('-n, --limit <entries>', 'how many', parseCount, 20)
    .option('--after <cursor>', 'go on after a page; the cursor is `next` of --json')
  withServerOptions(command).action(async () => {
    const options = command.optsWithGlobals<CommonOptions & { readonly limit: number; readonly after?: string }>()
    await context.withSession(options, async ({ client }) => {
      const page = await client.history({ limit: options.limit, ...(options.after === undefined ? {} : { after: options.after }) })
      if (options.json === true) return context.json(page)
      await context.out.lines(historyLines(page.items, lookOf(context)))
    })
  })
}
