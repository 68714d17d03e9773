import type { Check } from '../../contract/index.ts'
import type { ModelProvider } from './models.ts'

const waitMs = 5_000

const places = {
  anthropic: {
    base: 'https://api.anthropic.com/v1',
    path: (model: string) => `/models/${encodeURIComponent(model)}`,
    key: 'ANTHROPIC_API_KEY',
  },
  openai: { base: 'https://api.openai.com/v1', path: () => '/models', key: 'OPENAI_API_KEY' },
  'openai-compatible': { base: '', path: () => '/models', key: 'LLM_API_KEY' },
  ollama: { base: 'http://127.0.0.1:11434', path: () => '/api/tags', key: '' },
} as const

/** Asks a provider which models it has; no prompt is sent and nothing is spent. */
export async function examineModel(provider: ModelProvider): Promise<Check> {
  const name = `model ${provider.provider}:${provider.model}`
  const failed = (detail: string, hint: string): Check => ({ name, state: 'failed', detail, hint })
  const { base, path, key } = places[provider.provider]
  const address = (provider.baseUrl ?? base).replace(/\/(api\/?)?$/, '')
  let response: Response
  try {
    response = await fetch(`${address}${path(provider.model)}`, {
      headers: headersOf(provider),
      redirect: 'error',
      signal: AbortSignal.timeout(waitMs),
    })
  } catch {
    return failed(`${address} does not answer`, 'Check LLM_BASE_URL, that the provider is up, and that this machine may reach it.')
  }
  if (response.status === 401 || response.status === 403)
    return failed('its key is refused', `Set ${key === '' ? 'LLM_BASE_URL' : key} to one that is valid.`)
  const missing = failed(`there is no model ${provider.model}`, 'Set LLM_MODEL to one the provider has; with Ollama, pull it.')
  if (response.status === 404 && provider.provider === 'anthropic') return missing
  if (!response.ok) return { name, state: 'degraded', detail: `it answers, but does not list its models (${response.status})` }
  const listed = await listedModels(response)
  if (listed === null || provider.provider === 'anthropic') return { name, state: 'ok', detail: 'answers' }
  return listed.some((one) => one === provider.model || one === `${provider.model}:latest`)
    ? { name, state: 'ok', detail: 'answers, and has the model' }
    : missing
}

function headersOf({ provider, apiKey }: ModelProvider): Record<string, string> {
  if (apiKey === null) return {}
  return provider === 'anthropic'
    ? { 'x-api-key': apiKey.reveal(), 'anthropic-version': '2023-06-01' }
    : { authorization: `Bearer ${apiKey.reveal()}` }
}

/** Ollama says `models` with names, OpenAI's kind `data` with ids; null: neither. */
async function listedModels(response: Response): Promise<readonly string[] | null> {
  const body = (await response.json().catch(() => null)) as {
    models?: readonly { name?: string }[]
    data?: readonly { id?: string }[]
  } | null
  if (Array.isArray(body?.models)) return body.models.map(({ name }) => name ?? '')
  return Array.isArray(body?.data) ? body.data.map(({ id }) => id ?? '') : null
}
