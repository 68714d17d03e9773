import type { Draft } from '../../domain/index.ts'
import type { Ask, AskContext } from './ask.ts'
import { draftBuiltin } from './builtin/index.ts'
import { draftByModel, mayFallBack } from './model/index.ts'
import { prepareView } from './narrow-view.ts'
import { draftVerbatim } from './verbatim.ts'

export interface AskOptions {
  /** Most tokens of a prompt; a larger catalog is narrowed to what the question is about. */
  readonly maxPromptTokens: number
  /** true: the built-in drafter answers when no model can be reached. */
  readonly fallbackToBuiltin: boolean
}

/** Verbatim for SQL, the model where one is configured, else the built-in drafter. */
export function createAsk(options: AskOptions): Ask {
  return ({ input }, context) => (input.kind === 'sql' ? draftVerbatim(input) : draftText(input.text, context, options))
}

async function draftText(text: string, context: AskContext, options: AskOptions): Promise<Draft> {
  await prepareView(context.view)
  if (context.models === null) return draftBuiltin(text, context)
  try {
    return await draftByModel(text, { ...context, models: context.models }, options.maxPromptTokens)
  } catch (error) {
    if (options.fallbackToBuiltin && context.repair === null && mayFallBack(error)) return draftBuiltin(text, context)
    throw error
  }
}
