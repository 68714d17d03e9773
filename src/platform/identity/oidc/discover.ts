import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  discovery,
  None,
  type ClientAuth,
  type Configuration,
} from 'openid-client'
import { ShellError } from '../../../domain/index.ts'
import type { OidcSettings } from './oidc-provider.ts'

/** What the provider says of itself, and its keys. */
export interface Discovered {
  readonly configuration: Configuration
  /** Fetched anew when a token names a key that is not among them: so its keys may change at any time. */
  readonly keys: JWTVerifyGetKey
}

const trustedForMs = 3_600_000
const timeoutS = 10
/** A flood of tokens with invented key ids makes no flood of requests. */
const keysCooldownMs = 1_000

/** Asks the provider when it is first needed and again each hour; one that is away now may be there for the next person. */
export function createDiscovery(settings: OidcSettings): () => Promise<Discovered> {
  let held: { readonly untilMs: number; readonly secret: string | undefined; readonly discovered: Promise<Discovered> } | null = null
  return () => {
    const secret = settings.clientSecret?.reveal() // a changed one makes another client
    if (held !== null && held.untilMs > performance.now() && held.secret === secret) return held.discovered
    const discovered = discover(settings)
    const entry = { untilMs: performance.now() + trustedForMs, secret, discovered }
    held = entry
    discovered.catch(() => {
      if (held === entry) held = null
    })
    return discovered
  }
}

async function discover(settings: OidcSettings): Promise<Discovered> {
  const { issuer, clientId, algorithm, clockToleranceS } = settings
  const isPlain = issuer.startsWith('http://') // let through for loopback only, see the settings' rules
  try {
    const configuration = await discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: algorithm, [clockTolerance]: clockToleranceS },
      authOf(settings),
      { timeout: timeoutS, ...(isPlain ? { execute: [allowInsecureRequests] } : {}) },
    )
    const { jwks_uri: jwksUri } = configuration.serverMetadata()
    if (jwksUri === undefined) throw new Error('it names no keys')
    const keys = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: keysCooldownMs, timeoutDuration: timeoutS * 1000 })
    return { configuration, keys }
  } catch (cause) {
    throw unreachable(cause)
  }
}

function authOf({ clientSecret, clientAuth }: OidcSettings): ClientAuth {
  if (clientSecret === null) return None()
  const secret = clientSecret.reveal()
  return clientAuth === 'post' ? ClientSecretPost(secret) : ClientSecretBasic(secret)
}

export function unreachable(cause: unknown): ShellError {
  return new ShellError({
    code: 'identity.provider-unreachable',
    kind: 'failed',
    message: 'The identity provider does not answer as an OpenID provider should.',
    hint: 'Try again in a moment. The operator finds the cause in the log; `OIDC_ISSUER` must be exactly what the provider calls itself.',
    cause,
  })
}
