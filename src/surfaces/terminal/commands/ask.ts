import type { Command } from 'commander'
import type { DraftAnswerBody, QuestionBody } from '../../../contract/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { codeOfOutcome } from '../exit-codes.ts'
import { readAll, readTextFrom } from '../read-input.ts'
import { showAnswer } from '../render/answer-view.ts'
import { showDraft } from '../render/draft-view.ts'
import { usageError } from '../usage-error.ts'
import { parseCount, parseParam, withServerOptions } from './command-options.ts'

interface AnswerOptions extends CommonOptions {
  readonly connection?: string
  readonly limit?: number
  readonly expanded?: boolean
  readonly timing?: boolean
  readonly sqlOnly?: boolean
  readonly file?: string
  readonly param?: readonly (string | null)[]
}

/** What is asked, before a connection is chosen. */
type Asked = { readonly text: string } | { readonly sql: string; readonly params: readonly (string | null)[] }

export function addAsk(program: Command, context: CommandContext): void {
  const command = program
    .command('ask')
    .summary('ask in plain language')
    .description('Ask a question in plain language. The SQL drafted for it is shown, judged by the guard, and run read-only.')
    .argument('<question...>', 'the question; `-` reads it from stdin')
    .option('--sql-only', 'draft and judge, print the SQL, run nothing')
  answerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell ask how many orders were shipped last month by carrier?
  $ aishell ask -c warehouse "which products are out of stock" --json
  $ aishell ask revenue by month --sql-only > revenue.sql`,
    )
    .action(async (words: string[]) => {
      const options = command.optsWithGlobals<AnswerOptions>()
      const text = words.length === 1 && words[0] === '-' ? await readAll(context.env.stdin) : words.join(' ')
      if (text.trim() === '') throw usageError('The question is empty.', 'For example: aishell ask how many customers are there')
      await answer(context, { text: text.trim() }, options)
    })
}

export function addSql(program: Command, context: CommandContext): void {
  const command = program
    .command('sql')
    .summary('run one SQL statement')
    .description('Run one SQL statement you wrote yourself. It meets the same guard, limits and record as any question.')
    .argument('[statement]', 'the statement; `-` reads it from stdin')
    .option('-f, --file <file>', 'read the statement from a file')
    .option('-p, --param <value>', 'a bound value for $1, $2 …, repeatable; \\N is NULL', parseParam)
  answerOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ aishell sql "select count(*) from customer"
  $ aishell sql 'select * from sales_order where status = $1' -p shipped
  $ aishell sql -f report.sql --json
  $ echo "select 1" | aishell sql -`,
    )
    .action(async (statement: string | undefined) => {
      const options = command.optsWithGlobals<AnswerOptions>()
      const sql = await statementFrom(context, statement, options.file)
      await answer(context, { sql, params: options.param ?? [] }, options)
    })
}

function answerOptions(command: Command): Command {
  command
    .option('-c, --connection <name>', 'the connection to ask (AISHELL_CONNECTION; default: the only one, or the demo)')
    .option('-n, --limit <rows>', 'at most this many rows, up to the ceiling of the policy', parseCount)
    .option('-x, --expanded', 'one line per column rather than a table')
    .option('--timing', 'say how long each stage took')
  return withServerOptions(command)
}

export async function statementFrom(context: CommandContext, statement: string | undefined, file: string | undefined): Promise<string> {
  if ((statement === undefined) === (file === undefined)) {
    throw usageError('Give either a statement or --file.', 'For example: aishell sql "select 1", or: aishell sql -f report.sql')
  }
  const sql = statement !== undefined && statement !== '-' ? statement : await readTextFrom(context.env, file ?? '-')
  if (sql.trim() === '') throw usageError('The statement is empty.')
  return sql
}

async function answer(context: CommandContext, asked: Asked, options: AnswerOptions): Promise<void> {
  await context.withSession(options, async (session, signal) => {
    const connection = await context.connectionName(session, options.connection)
    const limits = options.limit === undefined ? {} : { limits: { maxRows: options.limit } }
    const body: QuestionBody = { connection, ...asked, ...limits }
    if (options.sqlOnly === true) return draftOnly(context, () => session.client.draft(body, signal), options.json === true)
    if (options.json === true) {
      const result = await session.client.answer(body, signal)
      await context.json(result)
      return context.leaveWith(codeOfOutcome(result.outcome))
    }
    const view = { isExpanded: options.expanded === true, isTimed: options.timing === true, isShell: false }
    const shown = await showAnswer(session.client.ask(body, signal), context.screen(), view)
    context.leaveWith(shown.exitCode)
  })
}

/** The SQL goes to stdout, what the guard says of it to stderr. */
async function draftOnly(context: CommandContext, draft: () => Promise<DraftAnswerBody>, isJson: boolean): Promise<void> {
  const result = await draft()
  context.leaveWith(codeOfOutcome(result.outcome))
  if (isJson) return context.json(result)
  if (result.draft?.kind === 'drafted') await context.out.write(`${result.draft.sql.trimEnd()}\n`)
  await showDraft(
    result,
    { ...context.screen(), talk: context.err, talkPaint: context.errPaint, isTalkOnScreen: context.env.isErrorTty },
    { isSqlShown: result.draft?.kind === 'drafted' },
  )
}
