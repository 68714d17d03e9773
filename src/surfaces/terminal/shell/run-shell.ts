import { newId } from '../../../domain/index.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Screen } from '../render/screen.ts'
import { chooseConnection, openSession, preferredConnection, type Session } from '../session.ts'
import { CatalogCache } from './catalog-cache.ts'
import { makeCompleter } from './completer.ts'
import { greet } from './greeting.ts'
import { HistoryFile } from './history-file.ts'
import { InputGatherer, type Input } from './input-gatherer.ts'
import { Keyboard } from './keyboard.ts'
import { LineEditor } from './line-editor.ts'
import { page } from './pager.ts'
import { PipeSource } from './pipe-source.ts'
import { PromptLoop } from './prompt-loop.ts'
import { runInput } from './run-input.ts'
import type { ShellState } from './shell-state.ts'

export interface ShellOptions extends CommonOptions {
  readonly connection?: string
}

/** The interactive shell, or the same shell fed by a pipe. Resolves when it is left; the exit code is in the context. */
export async function runShell(context: CommandContext, options: ShellOptions): Promise<void> {
  const session = await openSession(context.env, options)
  try {
    if (session.warning !== null) await context.note(`${context.errPaint.yellow('warning')}: ${session.warning}`)
    if (context.env.isTty) await runAtPrompt(context, session, options)
    else await runFromPipe(context, session, options)
  } finally {
    await session.close()
  }
}

async function enter(
  context: CommandContext,
  session: Session,
  options: ShellOptions,
  place: Pick<ShellState, 'screen' | 'leaveWith'>,
): Promise<ShellState> {
  const connections = await session.client.connections()
  const named = options.connection ?? context.env.connection
  // At a prompt `\c` mends a wrong guess; in a pipe nothing does.
  const guess = context.env.isTty && named === null ? preferredConnection(connections) : null
  return {
    ...place,
    context,
    session,
    catalogs: new CatalogCache(session.client),
    conversation: newId(),
    connections,
    connection: guess ?? chooseConnection(connections, named),
    isJson: options.json === true,
    isExpanded: false,
    isTimed: false,
    maxRows: null,
    last: null,
    choices: [],
    hasShown: false,
    isLeaving: false,
  }
}

/** Every line is answered; the worst of them decides the exit code. Ctrl-C ends it all. */
async function runFromPipe(context: CommandContext, session: Session, options: ShellOptions): Promise<void> {
  const state = await enter(context, session, options, { screen: context.screen(), leaveWith: (code) => context.leaveWith(code) })
  const source = new PipeSource(context.env.stdin)
  const gatherer = new InputGatherer('pipe')
  await context.interruptible(async (signal) => {
    signal.addEventListener('abort', () => source.close())
    while (!state.isLeaving && !signal.aborted) {
      const event = await source.next()
      const next = event.kind === 'line' ? await source.peek() : null
      const inputs = event.kind === 'line' ? gatherer.take(event.text, next?.kind === 'line' ? next.text : null) : gatherer.finish()
      for (const input of inputs) if (!state.isLeaving && !signal.aborted) await runNext(state, input, signal)
      if (event.kind !== 'line') break
    }
    if (signal.aborted) context.leaveWith(exitCodes.interrupted)
  })
  source.close()
}

/** An empty line parts one answer's rows from the next. */
async function runNext(state: ShellState, input: Input, signal: AbortSignal): Promise<void> {
  if (state.hasShown && !state.isJson) await state.screen.out.lines([''])
  state.hasShown = true
  await runInput(state, input, signal)
}

async function runAtPrompt(context: CommandContext, session: Session, options: ShellOptions): Promise<void> {
  const { env, paint } = context
  const keyboard = new Keyboard(env.stdin, env.stdout)
  const size = { columns: () => env.columns(), rows: () => env.rows() }
  const screen: Screen = { ...context.screen(), page: (content) => page(content, { keyboard, out: env.stdout, paint, ...size }) }
  const state = await enter(context, session, options, { screen, leaveWith: () => {} })
  const history = new HistoryFile(env.historyFile)
  await history.load()
  await greet(state)
  const completer = makeCompleter({
    catalog: () => state.catalogs.peek(state.connection.name),
    connections: () => state.connections.map((connection) => connection.name),
  })
  const editor = new LineEditor({ keyboard, output: env.stdout, completer, history: history.recall })
  try {
    await new PromptLoop(state, { keyboard, editor, history }).run()
  } finally {
    editor.close()
  }
}
