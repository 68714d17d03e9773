import { Option, type Command } from 'commander'
import type { QuestionBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exportSummary } from '../export/export-end.ts'
import { exportRows, widestLimits } from '../export/export-rows.ts'
import { exportFormats, type ExportFormat } from '../export/row-stream.ts'
import { sizeText } from '../render/size-text.ts'
import { Spinner } from '../render/spinner.ts'
import { readTextFrom } from '../read-input.ts'
import { isSql } from '../shell/sql-or-language.ts'
import { usageError } from '../usage-error.ts'
import { parseCount, parseParam, withServerOptions } from './command-options.ts'

interface ExportOptions extends CommonOptions {
  readonly connection?: string
  readonly format: ExportFormat
  readonly output: string
  readonly limit?: number
  readonly escapeFormulas?: boolean
  readonly file?: string
  readonly param?: readonly (string | null)[]
}

export function addExport(program: Command, context: CommandContext): void {
  const command = program
    .command('export')
    .summary('write all rows of an answer to a file')
    .description(
      'Write all rows of a statement or a question to a file, as a stream. The file appears under its name only when it is complete; an answer cut short by a limit, an error or Ctrl-C leaves none.',
    )
    .argument('[statement or question...]', 'SQL, or a question in plain language')
    .addOption(new Option('--format <format>', 'the format of the file').choices(exportFormats).default('csv'))
    .requiredOption('-o, --output <file>', 'where to; `-` is stdout')
    .option('-f, --file <file>', 'read the statement from a file; `-` is stdin')
    .option('-p, --param <value>', 'a bound value for $1, $2 …, repeatable; \\N is NULL', parseParam)
    .option('-c, --connection <name>', 'the connection to ask (AISHELL_CONNECTION; default: the only one, or the demo)')
    .option('--escape-formulas', 'CSV: keep spreadsheets from running a text that begins like a formula; slower')
    .option('-n, --limit <rows>', 'only the first rows', parseCount)
  withServerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell export "select * from sales_order" -o orders.csv
  $ aishell export revenue by month --format ndjson -o revenue.ndjson
  $ aishell export -f big.sql -o - | gzip > big.csv.gz`,
    )
    .action(async (words: string[]) => exportTo(context, words, command.optsWithGlobals<ExportOptions>()))
}

async function exportTo(context: CommandContext, words: readonly string[], options: ExportOptions): Promise<void> {
  const asked = await askedFor(context, words, options)
  await context.withSession(options, async (session, signal) => {
    const connection = await context.connectionName(session, options.connection)
    const limits = { ...widestLimits, ...(options.limit === undefined ? {} : { maxRows: options.limit }) }
    if (options.escapeFormulas === true && options.format !== 'csv') throw usageError('--escape-formulas is for CSV only.')
    const escaping = options.escapeFormulas === true ? { escapeFormulas: true } : {}
    const body: QuestionBody = { connection, ...asked, limits, ...escaping }
    const spinner = new Spinner(context.env.isErrorTty && !(options.output === '-' && context.env.isOutputTty) ? context.env.stderr : null)
    spinner.start('exporting…')
    try {
      const onBytes = (bytes: number): void => spinner.start(`exporting… ${sizeText(bytes)}`)
      const order = { body, format: options.format, path: options.output, isPartWelcome: options.limit !== undefined, onBytes }
      const end = await exportRows(session, order, context.out, signal)
      spinner.stop()
      if (options.json === true && options.output !== '-') await context.json({ ...end, file: options.output })
      else await context.err.lines(exportSummary(end, options.output))
    } finally {
      spinner.stop()
    }
  })
}

async function askedFor(context: CommandContext, words: readonly string[], options: ExportOptions) {
  const text = options.file === undefined ? words.join(' ') : await readTextFrom(context.env, options.file)
  if (options.file !== undefined && words.length > 0) throw usageError('Give either a statement or --file.')
  if (text.trim() === '')
    throw usageError('There is nothing to export.', 'For example: aishell export "select * from customer" -o customers.csv')
  const isStatement = options.file !== undefined || options.param !== undefined || isSql(text)
  return isStatement ? { sql: text, params: options.param ?? [] } : { text: text.trim() }
}
