import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GroupBody, MemberBody, WhoamiBody } from '../../src/contract/index.ts'
import { Browser } from '../support/browser.ts'
import { startIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let provider: IdentityProvider
let house: ServedHouse

beforeAll(async () => {
  provider = await startIdentityProvider()
  house = await servedHouse({
    oidc: (url) => {
      provider.admitClient(url)
      return provider.settings([
        { claim: 'groups', value: 'platform-*', role: 'editor' },
        { claim: 'realm.roles', value: 'dba', groups: ['keepers'] },
        { claim: 'groups', value: '*', role: 'reader', groups: ['everybody', 'not-there'] },
      ])
    },
  })
  await house.admin.send('PUT', '/api/v1/groups/keepers', { body: { roles: ['editor'] } })
  await house.admin.send('PUT', '/api/v1/groups/everybody', { body: {} })
})
afterAll(async () => {
  await house.close()
  await provider.close()
})

/** Signs in at the provider as the account and comes back; gives the page one ends on. */
async function signIn(
  browser: Browser,
  account: string,
  returnTo = '/auth/account',
): Promise<{ readonly response: Response; readonly url: string }> {
  const start = await browser.get(`${house.url}/auth/oidc/start?return_to=${encodeURIComponent(returnTo)}`)
  expect(start.status).toBe(303)
  return provider.pass(browser, start, account)
}

const whoami = async (browser: Browser): Promise<WhoamiBody & { status?: number }> =>
  (await (await browser.get(`${house.url}/api/v1/auth/whoami`)).json()) as WhoamiBody
const isSignedIn = async (browser: Browser): Promise<boolean> => (await browser.get(`${house.url}/api/v1/auth/whoami`)).status === 200

describe('the code flow', () => {
  test('signs in whom the provider vouches for, and leads back to where they wanted to go', async () => {
    const browser = new Browser()
    const { response, url } = await signIn(browser, 'ada', '/auth/device?code=ABCD')
    expect([response.status, url]).toEqual([200, `${house.url}/auth/device?code=ABCD`])
    expect(await whoami(browser)).toMatchObject({ name: 'ada', kind: 'person', roles: ['reader'] })
  })

  test('asks with PKCE, a state and a nonce, each new every time', async () => {
    const [one, two] = await Promise.all(
      [0, 1].map(async () => new URL((await new Browser().get(`${house.url}/auth/oidc/start`)).headers.get('location') ?? '')),
    )
    expect(one?.searchParams.get('code_challenge_method')).toBe('S256')
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one?.searchParams.get(name)?.length).toBeGreaterThan(20)
      expect(one?.searchParams.get(name)).not.toBe(two?.searchParams.get(name))
    }
  })

  test('gives roles and groups by the rules, anew at each sign-in', async () => {
    provider.setClaims('grace', { groups: ['platform-eu'], realm: { roles: ['dba', 'other'] } })
    const browser = new Browser()
    await signIn(browser, 'grace')
    expect(await whoami(browser)).toMatchObject({ roles: ['editor'] })
    const { memberId } = await whoami(browser)
    const groups = async (): Promise<readonly string[]> =>
      (await house.admin.json<{ items: readonly GroupBody[] }>('GET', '/api/v1/groups')).items
        .filter((group) => group.members.some((member) => member.id === memberId && member.origin === 'oidc'))
        .map((group) => group.name)
    expect(await groups()).toEqual(['everybody', 'keepers'])
    provider.setClaims('grace', { groups: ['sales'] })
    const again = new Browser()
    await signIn(again, 'grace')
    expect(await whoami(again)).toMatchObject({ memberId, roles: ['reader'] })
    expect(await groups()).toEqual(['everybody'])
  })

  test('lets nobody in whom no rule gives a role', async () => {
    provider.setClaims('mallory', { groups: [] })
    const browser = new Browser()
    const { response } = await signIn(browser, 'mallory')
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('identity.not-admitted')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('takes nobody for a member who merely bears the same name', async () => {
    const { id } = await house.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'hedy', role: 'admin' })
    const browser = new Browser()
    await signIn(browser, 'hedy')
    const me = await whoami(browser)
    expect(me.memberId).not.toBe(id)
    expect(me).toMatchObject({ name: 'hedy-2', roles: ['reader'] })
  })

  test('says what to do when the person says no', async () => {
    const browser = new Browser()
    const start = await browser.get(`${house.url}/auth/oidc/start`)
    const state = new URL(start.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const back = await browser.get(
      `${house.url}/auth/oidc/callback?error=access_denied&state=${state}&iss=${encodeURIComponent(provider.issuer)}`,
    )
    expect(back.status).toBe(403)
    const page = await back.text()
    expect(page).toContain('access_denied')
    expect(page).toContain('Begin again')
  })
})

describe('an answer that was tampered with is refused', () => {
  /** The provider’s true answer, before it reaches us. */
  async function answered(browser: Browser, account = 'ada'): Promise<URL> {
    const start = await browser.get(`${house.url}/auth/oidc/start`)
    const { url } = await provider.pass(browser, start, account, (next) => next.startsWith(`${house.url}/auth/oidc/callback`))
    return new URL(url)
  }

  /** What the page says of it; nobody is signed in. */
  const refusal = async (browser: Browser, url: URL): Promise<string> => {
    const response = await browser.get(url.href)
    const page = await response.text()
    if (response.ok || (await isSignedIn(browser))) return 'let in'
    return /identity\.[a-z-]+/.exec(page)?.[0] ?? page
  }

  test.each<readonly [string, (url: URL) => void, string]>([
    ['with another state', (url) => url.searchParams.set('state', 'x'.repeat(43)), 'identity.provider-answer'],
    ['without a state', (url) => url.searchParams.delete('state'), 'identity.provider-answer'],
    ['of another issuer (mix-up)', (url) => url.searchParams.set('iss', 'https://evil.example'), 'identity.provider-answer'],
    ['without its issuer', (url) => url.searchParams.delete('iss'), 'identity.provider-answer'],
    ['with an invented code', (url) => url.searchParams.set('code', 'x'.repeat(43)), 'identity.provider-refused'],
  ])('%s', async (_what, tamper, code) => {
    const browser = new Browser()
    const url = await answered(browser)
    tamper(url)
    expect(await refusal(browser, url)).toBe(code)
  })

  test('in a browser that did not begin it (login CSRF)', async () => {
    expect(await refusal(new Browser(), await answered(new Browser()))).toBe('identity.flow-lost')
  })

  test('in a browser that began another', async () => {
    const [mine, theirs] = [new Browser(), new Browser()]
    const url = await answered(theirs)
    await mine.get(`${house.url}/auth/oidc/start`)
    expect(await refusal(mine, url)).toBe('identity.provider-answer')
  })

  test('the second time', async () => {
    const browser = new Browser()
    const url = await answered(browser)
    const flow = browser.cookie(house.url, 'aishell-flow') ?? ''
    expect((await browser.get(url.href)).status).toBe(200)
    const again = new Browser()
    again.setCookie(house.url, 'aishell-flow', flow)
    expect(await refusal(again, url)).toBe('identity.provider-refused')
  })

  test.each<readonly [string, Parameters<IdentityProvider['forgeNext']>[0]]>([
    ['whose ID token has another nonce', { claims: { nonce: 'another' } }],
    ['whose ID token is for another client', { claims: { aud: 'somebody-else' } }],
    ['whose ID token is from another issuer', { claims: { iss: 'https://evil.example' } }],
    ['whose ID token has expired', { claims: { exp: Math.floor(Date.now() / 1000) - 60 } }],
    ['whose ID token is signed with another algorithm', { alg: 'PS256' }],
    ['whose ID token is signed with the client’s secret', { alg: 'HS256' }],
    ['whose ID token is not signed', { alg: 'none' }],
    ['whose ID token is signed with a key of nobody', { key: 'stranger' }],
  ])('%s', async (_what, forgery) => {
    const browser = new Browser()
    const url = await answered(browser)
    provider.forgeNext(forgery)
    expect(await refusal(browser, url)).toBe('identity.provider-answer')
  })
})

test('keys of the provider may change at any time', async () => {
  await signIn(new Browser(), 'ada')
  await new Promise((resolve) => setTimeout(resolve, 1_100)) // how soon keys are asked for again
  await provider.rotateKeys()
  const browser = new Browser()
  expect((await signIn(browser, 'ada')).response.status).toBe(200)
  expect(await isSignedIn(browser)).toBe(true)
})

describe('signing out', () => {
  test('here signs out at the provider too', async () => {
    const browser = new Browser()
    await signIn(browser, 'ada')
    const page = await browser.post(`${house.url}/auth/sign-out`, {})
    expect(page.status).toBe(200)
    const text = await page.text()
    const next = /content="0; url=([^"]*)"/.exec(text)?.[1]?.replaceAll('&#38;', '&') ?? ''
    expect(next.startsWith(`${provider.issuer}/session/end?`)).toBe(true)
    const parameters = new URL(next).searchParams
    expect(parameters.get('post_logout_redirect_uri')).toBe(`${house.url}/auth/sign-in?signed_out=yes`)
    expect(parameters.get('id_token_hint')?.split('.')).toHaveLength(3)
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('at the provider signs out here, of that session only', async () => {
    const [one, two] = [new Browser(), new Browser()]
    await signIn(one, 'ada')
    await signIn(two, 'ada')
    expect(await tell(await provider.logoutToken({ sid: await provider.sessionIdOf(one) }))).toBe(200)
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, true])
    expect(await tell(await provider.logoutToken({ sub: 'ada' }))).toBe(200)
    expect(await isSignedIn(two)).toBe(false)
  })

  test.each<readonly [string, () => Promise<string>]>([
    ['of another issuer', () => provider.logoutToken({ sub: 'ada', iss: 'https://evil.example' })],
    ['for another client', () => provider.logoutToken({ sub: 'ada', aud: 'somebody-else' })],
    ['of last week', () => provider.logoutToken({ sub: 'ada', iat: Math.floor(Date.now() / 1000) - 7 * 86_400 })],
    ['with a nonce, as an ID token has', () => provider.logoutToken({ sub: 'ada', nonce: 'x' })],
    ['of nobody', () => provider.logoutToken({})],
    ['without the event', () => provider.logoutToken({ sub: 'ada', events: {} })],
    [
      'signed by nobody we know',
      () => new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('x'.repeat(32))),
    ],
    ['that is none', async () => 'nonsense'],
  ])('is not believed by a token %s', async (_what, make) => {
    const browser = new Browser()
    await signIn(browser, 'ada')
    expect(await tell(await make())).toBe(400)
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('said again, of a subject alone, ends nothing of a sign-in that came after it', async () => {
    const browser = new Browser()
    await signIn(browser, 'ada')
    const saidBefore = await provider.logoutToken({ sub: 'ada', iat: Math.floor(Date.now() / 1000) - 60 })
    expect(await tell(saidBefore)).toBe(200)
    expect(await isSignedIn(browser)).toBe(true)
    expect(await tell(await provider.logoutToken({ sub: 'ada' }))).toBe(200)
    expect(await isSignedIn(browser)).toBe(false)
  })

  async function tell(logoutToken: string): Promise<number> {
    const response = await fetch(`${house.url}/auth/oidc/back-channel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: logoutToken }).toString(),
    })
    return response.status
  }
})

test('a provider that is away is told of, and passwords still work', async () => {
  const lonely = await servedHouse({ oidc: () => ({ ...provider.settings([]), issuer: 'http://127.0.0.1:9' }) })
  try {
    const response = await new Browser().get(`${lonely.url}/auth/oidc/start`)
    expect(response.status).toBe(502)
    expect(await response.text()).toContain('identity.provider-unreachable')
    expect((await new Browser().get(`${lonely.url}/auth/sign-in`)).status).toBe(200)
  } finally {
    await lonely.close()
  }
})
