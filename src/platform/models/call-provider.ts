import { streamText, wrapLanguageModel, type LanguageModelMiddleware } from 'ai'
import { ShellError } from '../../domain/index.ts'
import { invalidAnswer } from './capped-fetch.ts'
import type { OpenedModel } from './language-model.ts'
import type { ModelAnswer, ModelPrompt, ModelProvider } from './models.ts'

/** The SDK's warnings go to the console otherwise, prompts and all. */
;(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false

/** More text than any draft needs: a flooding model is cut here. */
const longestAnswer = 64_000

/** One streamed call. The clock covers all of it: headers, silence between chunks, an endless answer. */
export async function callProvider(
  model: OpenedModel,
  { provider, model: name }: ModelProvider,
  prompt: ModelPrompt,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<ModelAnswer> {
  const clock = AbortSignal.timeout(limits.timeoutMs)
  const left = new AbortController()
  const call = streamText({
    model: wrapLanguageModel({ model, middleware: asJson(prompt) }),
    system: prompt.system,
    prompt: prompt.user,
    maxOutputTokens: prompt.maxOutputTokens,
    temperature: 0,
    maxRetries: 0,
    abortSignal: AbortSignal.any([limits.signal, clock, left.signal]),
    onError: () => undefined, // errors arrive as parts of the stream, below
  })
  let text = ''
  let length = 0
  let usage = { inputTokens: 0, outputTokens: 0 }
  try {
    for await (const part of call.fullStream) {
      if (part.type === 'error') throw part.error
      if (part.type === 'abort') throw clock.aborted ? timeout(limits.timeoutMs) : limits.signal.reason
      if (part.type === 'text-delta') text += part.text
      if (part.type === 'text-delta' || part.type === 'reasoning-delta') length += part.text.length
      if (length > longestAnswer) throw invalidAnswer('it does not end')
      if (part.type === 'finish') usage = { inputTokens: part.totalUsage.inputTokens ?? 0, outputTokens: part.totalUsage.outputTokens ?? 0 }
    }
  } catch (error) {
    throw limits.signal.aborted ? limits.signal.reason : clock.aborted ? timeout(limits.timeoutMs) : translate(error)
  } finally {
    left.abort() // whoever throws stops reading, and the call with it
  }
  return { value: parse(text), provider, model: name, ...usage }
}

/**
 * Asks for JSON. The SDK's own object output reads the whole text anew with every piece of it, and shows none of a text that is no
 * JSON: a flood would hold the event loop.
 */
function asJson({ answerSchema }: ModelPrompt): LanguageModelMiddleware {
  return {
    specificationVersion: 'v4',
    transformParams: async ({ params }) => ({ ...params, responseFormat: { type: 'json', schema: answerSchema } }),
  }
}

/** Models wrap JSON in prose or fences now and then; the outermost braces are the object. */
function parse(text: string): unknown {
  const [start, end] = [text.indexOf('{'), text.lastIndexOf('}')]
  try {
    return JSON.parse(text.slice(start, end + 1))
  } catch (cause) {
    throw invalidAnswer('it is not the JSON that was asked for', cause)
  }
}

function translate(error: unknown): ShellError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof ShellError) return cause // ours, in the SDK's wrapping
  const status = statusOf(error)
  if (status === 401 || status === 403) {
    return new ShellError({
      code: 'models.credentials-refused',
      kind: 'failed',
      message: 'The model’s provider refused our credentials.',
      hint: 'The operator should check the provider’s key.',
      cause: error,
    })
  }
  if (status === 429)
    return new ShellError({
      code: 'models.rate-limited',
      kind: 'busy',
      message: 'The model’s provider asks us to wait.',
      hint: 'Try again in a moment, or ask in SQL.',
      cause: error,
    })
  if (status === null && /JSON|parse|schema|object generated/i.test(error instanceof Error ? error.message : ''))
    return invalidAnswer('it cannot be read', error)
  return new ShellError({
    code: 'models.unavailable',
    kind: 'failed',
    message: 'The language model does not answer.',
    hint: 'Try again in a moment, or ask in SQL.',
    cause: error,
  })
}

function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown }).statusCode
  return typeof status === 'number' ? status : null
}

function timeout(timeoutMs: number): ShellError {
  return new ShellError({
    code: 'models.timeout',
    kind: 'failed',
    message: `The language model did not answer within ${timeoutMs / 1000} s.`,
    hint: 'Try again in a moment, or ask in SQL.',
  })
}
