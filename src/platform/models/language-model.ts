import type { wrapLanguageModel } from 'ai'
import { ShellError } from '../../domain/index.ts'
import { cappedFetch } from './capped-fetch.ts'
import type { ModelProvider } from './models.ts'

/** A provider's model as the SDK takes it apart. */
export type OpenedModel = Parameters<typeof wrapLanguageModel>[0]['model']

/** The SDK's model of one provider; the SDK is loaded when it is first needed. */
export async function openLanguageModel({ provider, model, baseUrl, apiKey }: ModelProvider): Promise<OpenedModel> {
  const address = { fetch: cappedFetch, ...(baseUrl === null ? {} : { baseURL: baseUrl }) }
  const key = { apiKey: apiKey?.reveal() ?? 'none' } // never the SDK's own look into the environment
  switch (provider) {
    case 'anthropic':
      return (await import('@ai-sdk/anthropic')).createAnthropic({ ...address, ...key })(model)
    case 'openai':
      return (await import('@ai-sdk/openai')).createOpenAI({ ...address, ...key }).chat(model)
    case 'openai-compatible':
      if (baseUrl === null) throw missingAddress()
      return (await import('@ai-sdk/openai-compatible')).createOpenAICompatible({
        name: 'openai-compatible',
        fetch: cappedFetch,
        baseURL: baseUrl,
        supportsStructuredOutputs: true,
        includeUsage: true,
        ...(apiKey === null ? {} : key),
      })(model)
    case 'ollama':
      return (await import('ollama-ai-provider-v2')).createOllama({
        fetch: cappedFetch,
        baseURL: `${(baseUrl ?? 'http://127.0.0.1:11434').replace(/\/(api\/?)?$/, '')}/api`,
      })(model)
  }
}

function missingAddress(): ShellError {
  return new ShellError({
    code: 'models.no-address',
    kind: 'invalid',
    message: 'The provider openai-compatible has no address.',
    hint: 'Set LLM_BASE_URL.',
  })
}
