import type { Check } from '../../../contract/index.ts'

const waitMs = 5_000

/** Looks at what a provider says of itself, without a client's secret. */
export async function examineProvider({ issuer, algorithm }: { readonly issuer: string; readonly algorithm: string }): Promise<Check> {
  const name = 'identity provider'
  const failed = (detail: string, hint: string): Check => ({ name, state: 'failed', detail, hint })
  const found = await readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (found === null)
    return failed(
      `${issuer} has no OpenID discovery that can be read`,
      'Check OIDC_ISSUER, that the provider is up, and that this machine may reach it.',
    )
  if (found['issuer'] !== issuer)
    return failed(
      `it calls itself ${String(found['issuer'])}, not ${issuer}`,
      'Set OIDC_ISSUER to exactly what it calls itself, slashes included.',
    )
  const keys = typeof found['jwks_uri'] === 'string' ? (await readJson(found['jwks_uri']))?.['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0)
    return failed('it publishes no keys, so nobody can be signed in', 'Let it publish its signing keys at the jwks_uri of its discovery.')
  const family = algorithm.startsWith('RS') || algorithm.startsWith('PS') ? 'RSA' : algorithm === 'EdDSA' ? 'OKP' : 'EC'
  if (!keys.some((key: { readonly kty?: unknown }) => key.kty === family))
    return failed(`none of its keys is for ${algorithm}`, 'Set OIDC_ALGORITHM to what it signs ID tokens with.')
  return { name, state: 'ok', detail: `${issuer} answers, with keys for ${algorithm}` }
}

async function readJson(address: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(waitMs) })
    const body: unknown = response.ok ? await response.json() : null
    return typeof body === 'object' ? (body as Readonly<Record<string, unknown>> | null) : null
  } catch {
    return null // away, or not JSON: the same to whoever wants to sign in
  }
}
