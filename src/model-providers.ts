import type { Secret } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'

type Provider = 'ollama' | 'anthropic' | 'openai' | 'openai-compatible'

export interface ModelProvider {
  readonly provider: Provider
  readonly model: string
  readonly baseUrl: string | null
  readonly apiKey: Secret | null
}

/** The configured provider and its fallbacks, in the order they are tried; none for `builtin`. */
export function modelProviders(settings: Settings): {
  readonly providers: readonly ModelProvider[]
  readonly timeoutMs: number
  readonly maxOutputTokens: number
  readonly tokensPerDay: number | null
} {
  const { model } = settings
  const keyOf: Readonly<Record<Provider, Secret | null>> = {
    ollama: null,
    anthropic: model.anthropicApiKey,
    openai: model.openaiApiKey,
    'openai-compatible': model.apiKey,
  }
  const describe = (provider: Provider, name: string): ModelProvider => ({
    provider,
    model: name,
    // The address belongs to the provider it was given for; another one is reached at its own.
    baseUrl: provider === model.provider ? model.baseUrl : null,
    apiKey: keyOf[provider],
  })
  const first = model.provider === 'builtin' || model.name === null ? [] : [describe(model.provider, model.name)]
  const rest = model.fallback.map((item) => describe(item.slice(0, item.indexOf(':')) as Provider, item.slice(item.indexOf(':') + 1))) // the setting's rule lets only these through
  return {
    providers: [...first, ...(first.length === 0 ? [] : rest)],
    timeoutMs: model.timeoutMs,
    maxOutputTokens: model.maxOutputTokens,
    tokensPerDay: model.tokensPerDay,
  }
}
