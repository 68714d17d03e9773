import { isShellError, ShellError } from '../../domain/index.ts'
import type { Observe } from '../observe/index.ts'
import { Breaker } from './breaker.ts'
import { openLanguageModel, type OpenedModel } from './language-model.ts'
import type { ModelAnswer, ModelPrompt, ModelProvider, Models } from './models.ts'

export interface ModelsOptions {
  /** In the order they are tried; empty: no model. */
  readonly providers: readonly ModelProvider[]
  /** Of one call. */
  readonly timeoutMs: number
  readonly maxOutputTokens: number
  /** Tokens, in and out, this process may spend in 24 hours; null: no budget. */
  readonly tokensPerDay: number | null
  readonly observe: Observe
  readonly nowMs?: () => number
}

interface Opened {
  readonly provider: ModelProvider
  readonly breaker: Breaker
  model: { readonly key: string | undefined; readonly opened: Promise<OpenedModel> } | null
  lastCode: string | null
}

const dayMs = 86_400_000

/** Nothing is loaded and nobody is called until the first prompt. */
export function createModels(options: ModelsOptions): Models {
  const nowMs = options.nowMs ?? (() => performance.now())
  const budget = new Budget(options.tokensPerDay, nowMs)
  const opened = options.providers.map((provider): Opened => {
    checkAddress(provider)
    return { provider, breaker: new Breaker({ failuresToOpen: 5, coolDownMs: 30_000, nowMs }), model: null, lastCode: null }
  })
  return {
    isConfigured: opened.length > 0,
    complete: (prompt, signal) => complete(opened, options, budget, prompt, signal),
    state: () =>
      opened.map(({ provider, breaker, lastCode }) => ({
        provider: provider.provider,
        state: breaker.isOpen || lastCode !== null ? 'degraded' : 'ok',
        detail: breaker.isOpen ? 'left alone after repeated failures' : (lastCode ?? 'configured'),
      })),
  }
}

async function complete(
  opened: readonly Opened[],
  options: ModelsOptions,
  budget: Budget,
  prompt: ModelPrompt,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  budget.check()
  let failure: unknown = new ShellError({
    code: 'models.unavailable',
    kind: 'failed',
    message: 'No language model can be reached now.',
    hint: 'Try again in a moment, or ask in SQL.',
  })
  for (const one of opened) {
    if (!one.breaker.mayCall()) {
      options.observe({
        type: 'model-called',
        provider: one.provider.provider,
        outcome: 'open-breaker',
        inputTokens: 0,
        outputTokens: 0,
        elapsedMs: 0,
      })
      continue
    }
    try {
      const answer = await call(one, options, prompt, signal)
      budget.spend(answer.inputTokens + answer.outputTokens)
      return answer
    } catch (error) {
      if (signal.aborted) throw error
      failure = error
    }
  }
  throw failure
}

async function call(one: Opened, options: ModelsOptions, prompt: ModelPrompt, signal: AbortSignal): Promise<ModelAnswer> {
  const { callProvider } = await import('./call-provider.ts')
  const startedMs = performance.now()
  const report = (outcome: 'ok' | 'timeout' | 'error' | 'invalid', inputTokens = 0, outputTokens = 0): void =>
    options.observe({
      type: 'model-called',
      provider: one.provider.provider,
      outcome,
      inputTokens,
      outputTokens,
      elapsedMs: performance.now() - startedMs,
    })
  try {
    const key = one.provider.apiKey?.reveal()
    if (one.model === null || one.model.key !== key) one.model = { key, opened: openLanguageModel(one.provider) } // a changed key makes another client
    const capped = { ...prompt, maxOutputTokens: Math.min(prompt.maxOutputTokens, options.maxOutputTokens) }
    const answer = await callProvider(await one.model.opened, one.provider, capped, { signal, timeoutMs: options.timeoutMs })
    one.breaker.succeeded()
    one.lastCode = null
    report('ok', answer.inputTokens, answer.outputTokens)
    return answer
  } catch (error) {
    if (signal.aborted) one.breaker.undecided()
    else if (isShellError(error) && error.code === 'models.invalid-answer') {
      one.breaker.succeeded() // it answers; what it says is another matter
      report('invalid')
    } else {
      one.breaker.failed()
      one.lastCode = isShellError(error) ? error.code : 'models.unavailable'
      report(one.lastCode === 'models.timeout' ? 'timeout' : 'error')
    }
    throw error
  }
}

/** Only the operator sets these addresses, but a typing mistake must not send prompts to a metadata service. */
function checkAddress({ provider, baseUrl }: ModelProvider): void {
  if (baseUrl === null) return
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  const isFit =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    !/^(169\.254\.|\[fe80|\[fd00:ec2)/.test(url.hostname)
  if (isFit) return
  throw new ShellError({
    code: 'models.bad-address',
    kind: 'invalid',
    message: `The address of ${provider} is not one a model can be reached at.`,
    hint: 'LLM_BASE_URL is http(s)://host[:port][/path], without a password in it.',
  })
}

class Budget {
  readonly #tokensPerDay: number | null
  readonly #nowMs: () => number
  #spent = 0
  #sinceMs = 0

  constructor(tokensPerDay: number | null, nowMs: () => number) {
    this.#tokensPerDay = tokensPerDay
    this.#nowMs = nowMs
    this.#sinceMs = nowMs()
  }

  check(): void {
    if (this.#nowMs() - this.#sinceMs > dayMs) [this.#spent, this.#sinceMs] = [0, this.#nowMs()]
    if (this.#tokensPerDay === null || this.#spent < this.#tokensPerDay) return
    throw new ShellError({
      code: 'models.over-budget',
      kind: 'busy',
      message: 'Today’s budget for language models is spent.',
      hint: 'Ask in SQL, or wait until tomorrow; the operator sets LLM_TOKENS_PER_DAY.',
    })
  }

  spend(tokens: number): void {
    this.#spent += tokens
  }
}
