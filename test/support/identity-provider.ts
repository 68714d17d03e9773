import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
} from 'jose'
import { Provider, type Configuration } from 'oidc-provider'
import { Secret } from '../../src/domain/index.ts'
import type { ClaimRule, OidcSettings } from '../../src/platform/identity/index.ts'
import type { Browser } from './browser.ts'

/** What is wrong with the next ID token. */
export interface Forgery {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly alg?: 'PS256' | 'HS256' | 'none'
  readonly key?: 'stranger'
}

/** A real OpenID provider on loopback, whose people sign in by naming themselves, and which can be made to lie. */
export interface IdentityProvider {
  readonly issuer: string
  settings(rules: readonly ClaimRule[]): Omit<OidcSettings, 'tenantNamed'>
  /** Before the first sign-in: the addresses of the server whose people it vouches for. */
  admitClient(...urls: readonly [string, ...string[]]): void
  setClaims(account: string, claims: Readonly<Record<string, unknown>>): void
  /** Goes through sign-in and consent as that account, and on as far as `stopAt` lets. */
  pass(
    browser: Browser,
    start: Response,
    account: string,
    stopAt?: (url: string) => boolean,
  ): Promise<{ readonly response: Response; readonly url: string }>
  forgeNext(forgery: Forgery): void
  rotateKeys(): Promise<void>
  /** The provider’s id of the session this browser signed in with last. */
  sessionIdOf(browser: Browser): Promise<string>
  logoutToken(claims: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

const clientId = 'aishell-under-test'
const clientSecret = 'a-secret-of-the-client-under-test'
const logoutEvent = { 'http://schemas.openid.net/event/backchannel-logout': {} }

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const issuer = `http://127.0.0.1:${port}`
  return new LoopbackProvider(server, issuer, await newKey('first')).started()
}

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }
}

class LoopbackProvider implements IdentityProvider {
  readonly issuer: string
  readonly #server: Server
  readonly #claims = new Map<string, Readonly<Record<string, unknown>>>()
  readonly #sessions = new WeakMap<Browser, string>()
  #key: JWK
  #client: readonly [string, ...string[]] = ['http://127.0.0.1:1']
  #provider: Provider | null = null
  #forgery: Forgery | null = null
  #lastSid = ''

  constructor(server: Server, issuer: string, key: JWK) {
    this.#server = server
    this.issuer = issuer
    this.#key = key
  }

  started(): this {
    // Between the provider and the client stands what can change an answer on its way.
    this.#server.on('request', (request, response) => {
      const isToken = request.url?.startsWith('/token') === true
      if (isToken) {
        const end = response.end.bind(response)
        response.end = ((chunk?: unknown) => {
          const answer = Buffer.isBuffer(chunk) || typeof chunk === 'string' ? chunk.toString() : ''
          const forge = async (): Promise<void> => {
            const text = await this.#maybeForged(answer)
            response.removeHeader('content-length')
            end(text)
          }
          void forge()
          return response
        }) as typeof response.end
      }
      void this.#current().callback()(request, response)
    })
    return this
  }

  settings(rules: readonly ClaimRule[]): Omit<OidcSettings, 'tenantNamed'> {
    return {
      issuer: this.issuer,
      clientId,
      clientSecret: new Secret(clientSecret),
      clientAuth: 'basic',
      scopes: ['openid', 'profile', 'groups'],
      algorithm: 'RS256',
      nameClaim: 'preferred_username',
      usesUserinfo: false,
      label: 'Loopback',
      clockToleranceS: 5,
      rules,
      defaultRole: null,
    }
  }

  admitClient(...urls: readonly [string, ...string[]]): void {
    this.#client = urls
    this.#provider = null
  }

  setClaims(account: string, claims: Readonly<Record<string, unknown>>): void {
    this.#claims.set(account, claims)
  }

  forgeNext(forgery: Forgery): void {
    this.#forgery = forgery
  }

  async rotateKeys(): Promise<void> {
    this.#key = await newKey('second')
    this.#provider = null
  }

  async pass(browser: Browser, start: Response, account: string, stopAt: (url: string) => boolean = () => false) {
    let step = await browser.follow(start, stopAt)
    while (step.url.startsWith(`${this.issuer}/interaction/`)) {
      const page = await step.response.text()
      const prompt = /name="prompt" value="([^"]*)"/.exec(page)?.[1] ?? ''
      const done = await browser.post(step.url, { prompt, login: account, password: 'any' })
      step = await browser.follow(done, stopAt)
    }
    this.#sessions.set(browser, this.#lastSid)
    return step
  }

  async sessionIdOf(browser: Browser): Promise<string> {
    return this.#sessions.get(browser) ?? ''
  }

  async logoutToken(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = (await importJWK(this.#key, 'RS256')) as CryptoKey // private, so not a secret's bytes
    const base = { iss: this.issuer, aud: clientId, iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID(), events: logoutEvent }
    return new SignJWT({ ...base, ...claims }).setProtectedHeader({ alg: 'RS256', kid: this.#key.kid ?? '', typ: 'logout+jwt' }).sign(key)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #current(): Provider {
    this.#provider ??= this.#made()
    return this.#provider
  }

  #made(): Provider {
    const provider = new Provider(this.issuer, {
      ...quiet,
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: this.#client.map((url) => `${url}/auth/oidc/callback`),
          post_logout_redirect_uris: this.#client.map((url) => `${url}/auth/sign-in?signed_out=yes`),
          backchannel_logout_uri: `${this.#client[0]}/auth/oidc/back-channel-logout`,
          backchannel_logout_session_required: true,
        },
      ],
      jwks: { keys: [this.#key] },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: async () => ({ sub: id, preferred_username: id, groups: ['sales'], ...this.#claims.get(id) }),
      }),
    })
    return provider
  }

  async #maybeForged(text: string): Promise<string> {
    const answer = JSON.parse(text) as { id_token?: string }
    if (answer.id_token === undefined) return text
    const claims = decodeJwt(answer.id_token)
    this.#lastSid = typeof claims['sid'] === 'string' ? claims['sid'] : ''
    const forgery = this.#forgery
    this.#forgery = null
    if (forgery === null) return text
    return JSON.stringify({
      ...answer,
      id_token: await this.#forged({ ...claims, ...forgery.claims }, decodeProtectedHeader(answer.id_token).kid ?? '', forgery),
    })
  }

  async #forged(claims: Record<string, unknown>, kid: string, { alg = 'RS256' as never, key }: Forgery): Promise<string> {
    if (alg === 'none') return new UnsecuredJWT(claims).encode()
    if (alg === 'HS256') return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(new TextEncoder().encode(clientSecret))
    const signing = key === 'stranger' ? (await generateKeyPair('RS256')).privateKey : await importJWK({ ...this.#key, alg }, alg)
    return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(signing)
  }
}

const quiet: Configuration = {
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'sid'], profile: ['preferred_username'], groups: ['groups', 'realm'] },
  scopes: ['openid', 'profile', 'groups'],
  cookies: { keys: ['a key of the provider under test'] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
}
