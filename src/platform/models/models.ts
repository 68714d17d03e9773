import type { Secret } from '../../domain/index.ts'

/** A prompt for the drafting model: instructions are ours, the rest is fenced, untrusted text. */
export interface ModelPrompt {
  readonly system: string
  readonly user: string
  /** JSON schema of the object to be answered with. */
  readonly answerSchema: Readonly<Record<string, unknown>>
  readonly maxOutputTokens: number
}

export interface ModelAnswer {
  /** The object the model gave, not yet trusted: the caller parses it. */
  readonly value: unknown
  readonly provider: string
  readonly model: string
  readonly inputTokens: number
  readonly outputTokens: number
}

export const modelProviders = ['ollama', 'anthropic', 'openai', 'openai-compatible'] as const

export interface ModelProvider {
  readonly provider: (typeof modelProviders)[number]
  readonly model: string
  /** null: the provider's own. */
  readonly baseUrl: string | null
  readonly apiKey: Secret | null
}

/** The one door through which text leaves for a language model. Tries the configured providers in order. */
export interface Models {
  /** false: no provider is configured. */
  readonly isConfigured: boolean
  /** Throws `models.timeout`, `models.unavailable`, `models.invalid-answer`, `models.over-budget`, `models.rate-limited`, `models.credentials-refused`. */
  complete(prompt: ModelPrompt, signal: AbortSignal): Promise<ModelAnswer>
  /** For /ready and doctor: which providers answer now. */
  state(): readonly { readonly provider: string; readonly state: 'ok' | 'degraded'; readonly detail: string }[]
}
