import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Client,
  type AccessTokenBody,
  type DeviceLoginBody,
  type DevicePollBody,
  type InvitationBody,
  type MemberBody,
  type WhoamiBody,
} from '../../src/contract/index.ts'
import type { Browser } from '../support/browser.ts'
import { goodPassword } from '../support/signed-in.ts'
import { defaultPassword, tenantsBrowser, tenantsServed, whoamiAt, type TenantName, type TenantsServed } from '../support/tenants-served.ts'
import { runPiped } from '../support/terminal-process.ts'

let served: TenantsServed
beforeAll(async () => {
  served = await tenantsServed()
}, 180_000)
afterAll(() => served.close())

const withPassword = (who: Browser, site: string, name = 'eve', password = goodPassword, headers: Record<string, string> = {}) =>
  who.json('POST', `${site}/api/v1/auth/sign-in`, { name, password }, headers)

describe('a password', () => {
  test.each<[string, () => string, Record<string, string>, string]>([
    ['the host name', () => served.at('acme'), {}, 'acme'],
    ['the header', () => served.base, { 'x-aishell-tenant': 'bolt' }, 'bolt'],
    ['both, where they agree', () => served.at('bolt'), { 'x-aishell-tenant': 'bolt' }, 'bolt'],
  ])('signs a member in to the tenant that is named by %s', async (_by, site, headers, tenant) => {
    const who = tenantsBrowser()
    expect((await withPassword(who, site(), 'eve', goodPassword, headers)).status).toBe(204)
    expect(await whoamiAt(who, site())).toMatchObject({ name: 'eve', tenantId: served.id(tenant) })
  })

  test('signs in to `default` where nothing names a tenant, and is good for one tenant only', async () => {
    const who = tenantsBrowser()
    expect((await withPassword(who, served.base)).status).toBe(401) // eve of default has another
    expect((await withPassword(who, served.base, 'eve', defaultPassword)).status).toBe(204)
    expect((await whoamiAt(who, served.base)).tenantId).not.toBe(served.id('acme'))
    for (const name of ['acme', 'gone', 'nowhere'] as const)
      expect((await withPassword(tenantsBrowser(), served.at(name), 'eve', defaultPassword)).status).toBe(401)
  })

  test('is not looked at where host and header name two tenants', async () => {
    const answer = await withPassword(tenantsBrowser(), served.at('acme'), 'eve', goodPassword, { 'x-aishell-tenant': 'bolt' })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'tenancy.mismatch'])
  })

  test('of a suspended tenant is told so to those who know it, and begins nothing', async () => {
    const who = tenantsBrowser()
    const answer = await withPassword(who, served.at('gone'))
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'tenancy.suspended'])
    expect(who.cookie(served.at('gone'), 'aishell-session')).toBeUndefined()
    const { rows } = await served.inStore(`SELECT count(*)::int AS count FROM session WHERE tenant_id = '${served.id('gone')}'`)
    expect(rows).toEqual([{ count: 0 }])
  })

  test('on a page signs in to the tenant of that page', async () => {
    const who = tenantsBrowser()
    const page = await (await who.get(`${served.at('acme')}/auth/sign-in`)).text()
    expect(page).toContain('Sign in to acme')
    const answer = await who.post(`${served.at('acme')}/auth/sign-in`, { name: 'eve', password: goodPassword })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/auth/account'])
    expect(await (await who.get(`${served.at('acme')}/auth/account`)).text()).toMatch(/Tenant<\/dt>\s*<dd>acme</)
  })
})

describe('a session of one tenant', () => {
  async function signedIn(): Promise<{ readonly who: Browser; readonly session: string }> {
    const who = tenantsBrowser()
    await withPassword(who, served.at('acme'))
    return { who, session: who.cookie(served.at('acme'), 'aishell-session') ?? '' }
  }

  test('is a cookie of that host alone', async () => {
    const answer = await withPassword(tenantsBrowser(), served.at('acme'))
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('aishell-session')) ?? ''
    expect(cookie).toContain('HttpOnly; SameSite=Lax')
    expect(cookie).not.toMatch(/domain=/i)
  })

  test.each<[string, () => string, Record<string, string>]>([
    ['host', () => served.at('bolt'), {}],
    ['host of a tenant that is not there', () => served.at('nowhere'), {}],
    ['header', () => served.base, { 'x-aishell-tenant': 'bolt' }],
  ])('is refused at another tenant’s %s', async (_what, site, headers) => {
    const { who, session } = await signedIn()
    who.setCookie(site(), 'aishell-session', session)
    for (const path of ['/api/v1/auth/whoami', '/auth/account', '/auth/device']) {
      const answer = await who.get(`${site()}${path}`, headers)
      expect([path, answer.status]).toEqual([path, 403])
      expect(await answer.text()).toContain('tenancy.mismatch')
    }
  })

  test('makes access tokens that are refused there too', async () => {
    const { who } = await signedIn()
    const { accessToken } = (await (await who.json('POST', `${served.at('acme')}/api/v1/auth/access-tokens`)).json()) as AccessTokenBody
    const authorization = `Bearer ${accessToken}`
    expect((await tenantsBrowser().get(`${served.at('acme')}/api/v1/auth/whoami`, { authorization })).status).toBe(200)
    expect((await tenantsBrowser().get(`${served.at('bolt')}/api/v1/auth/whoami`, { authorization })).status).toBe(403)
  })

  test.each<[string, () => string]>([
    ['another tenant’s pages', () => served.at('bolt')],
    ['the installation’s own pages', () => served.base],
    ['pages of a stranger', () => 'https://evil.example'],
    ['pages at another port of its host', () => served.at('acme').replace(/\d+$/, '1')],
  ])('is not believed of a request from %s', async (_whose, origin) => {
    const { who } = await signedIn()
    for (const site of ['same-site', 'same-origin', 'cross-site']) {
      const sent = { origin: origin(), 'sec-fetch-site': site }
      const answer = await who.json('POST', `${served.at('acme')}/api/v1/auth/sign-out`, {}, sent)
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'http.cross-site'])
      expect((await who.post(`${served.at('acme')}/auth/sign-in`, { name: 'eve', password: goodPassword }, sent)).status).toBe(403)
      expect((await who.post(`${served.at('acme')}/auth/device`, { code: 'x', decision: 'confirm' }, sent)).status).toBe(403)
    }
    expect((await who.json('POST', `${served.at('acme')}/api/v1/auth/sign-out`, {})).status).toBe(204)
  })
})

describe('who has not signed in', () => {
  /** What an answer says but for what is random in it. */
  async function told(answer: Response, name: string): Promise<string> {
    const body = (await answer.text()).replaceAll(name, 'NAME').replaceAll(/"(instance|deviceCode|userCode)":"[^"]*"/g, '')
    const codes = body.replaceAll(/code=[A-Z]{4}-[A-Z]{4}/g, '').replaceAll(/req-[\w-]+|[\da-f]{8}-[\da-f-]{27}/g, '')
    return `${answer.status} ${answer.headers.get('retry-after') ?? ''} ${codes}`
  }

  const attempts: readonly [string, (who: Browser, site: string) => Promise<Response>][] = [
    ['the page of sign-in', (who, site) => who.get(`${site}/auth/sign-in`)],
    ['a wrong password', (who, site) => withPassword(who, site, 'stranger', 'nonsense nonsense')],
    ['the form with a wrong password', (who, site) => who.post(`${site}/auth/sign-in`, { name: 'stranger', password: 'nonsense' })],
    ['the beginning of a terminal’s login', (who, site) => who.json('POST', `${site}/api/v1/auth/device-logins`, { client: 'pc' })],
    ['an invented code', (who, site) => who.json('POST', `${site}/api/v1/auth/device-logins/poll`, { deviceCode: 'ais-device_no' })],
    ['an invented invitation', (who, site) => who.get(`${site}/auth/invitation?token=ais-invitation_no`)],
    ['a page that needs a session', (who, site) => who.get(`${site}/auth/account`)],
    ['the list of tenants', (who, site) => who.get(`${site}/api/v1/tenants`)],
    ['a route that is not there', (who, site) => who.get(`${site}/api/v1/nothing`)],
  ]

  test.each(attempts)('learns nothing of which tenants there are from %s', async (_what, ask) => {
    const [there, suspended, absent] = await Promise.all(
      (['acme', 'gone', 'nowhere'] as const).map(async (name) => told(await ask(tenantsBrowser(), served.at(name)), name)),
    )
    expect(suspended).toBe(there)
    expect(absent).toBe(there)
    for (const name of ['bolt', served.id('acme')]) expect(there).not.toContain(name)
  })

  test('is slowed in the same way everywhere', async () => {
    const waits = await Promise.all(
      (['acme', 'gone', 'nowhere'] as const).map(async (name) => {
        const answers = new Set<number>()
        // Each failure doubles the delay, so that on a slow machine too one comes before it is over.
        for (let tries = 0; tries < 20 && !answers.has(429); tries++)
          answers.add((await withPassword(tenantsBrowser(), served.at(name), 'mallory', 'nonsense')).status)
        return [...answers].join(' ')
      }),
    )
    expect(waits).toEqual(Array.from({ length: 3 }, () => '401 429'))
  })

  test('waits with a terminal in the same way everywhere, and for one place only', async () => {
    const polled = async (from: TenantName, to: TenantName): Promise<string> =>
      (await poll(served.at(to), (await begin(served.at(from))).deviceCode)).state
    for (const name of ['acme', 'gone', 'nowhere'] as const) expect([name, await polled(name, name)]).toEqual([name, 'pending'])
    expect([await polled('acme', 'bolt'), await polled('nowhere', 'bolt'), await polled('acme', 'nowhere')]).toEqual(
      Array.from({ length: 3 }, () => 'expired'),
    )
  })
})

async function begin(site: string, headers: Record<string, string> = {}): Promise<DeviceLoginBody> {
  return (await (
    await tenantsBrowser().json('POST', `${site}/api/v1/auth/device-logins`, { client: 'laptop' }, headers)
  ).json()) as DeviceLoginBody
}

async function poll(site: string, deviceCode: string): Promise<DevicePollBody> {
  return (await (await tenantsBrowser().json('POST', `${site}/api/v1/auth/device-logins/poll`, { deviceCode })).json()) as DevicePollBody
}

describe('a terminal', () => {
  test('is signed in to the tenant whose member confirms it at its own address', async () => {
    const login = await begin(served.at('acme'))
    expect(login.verificationUri).toBe(`${served.at('acme')}/auth/device`)
    const who = tenantsBrowser()
    await withPassword(who, served.at('acme'))
    const page = await (await who.post(login.verificationUri, { code: login.userCode, decision: 'look' })).text()
    expect(page).toMatch(/of the tenant\s*<strong>acme</)
    await who.post(login.verificationUri, { code: login.userCode, decision: 'confirm' })
    expect(await poll(served.at('bolt'), login.deviceCode)).toMatchObject({ state: 'expired', token: null })
    const confirmed = await poll(served.at('acme'), login.deviceCode)
    expect(confirmed.state).toBe('confirmed')
    expect(await new Client({ baseUrl: served.base, token: confirmed.token ?? '' }).whoami()).toMatchObject({ tenantId: served.id('acme') })
  })

  test('signs in with `aishell login --tenant` where the address does not say it', async () => {
    const who = tenantsBrowser()
    await withPassword(who, served.at('bolt'))
    let hasConfirmed = false
    const confirm = (err: string): void => {
      const [, url, code = ''] = /Open (\S+)\?code=([A-Z-]{9})/.exec(err) ?? []
      if (url === undefined || hasConfirmed) return
      hasConfirmed = true
      void who.post(url, { code, decision: 'confirm' })
    }
    const env = { AISHELL_CREDENTIALS: join(mkdtempSync(join(tmpdir(), 'aishell-login-')), 'credentials.json') }
    const login = await runPiped({ baseUrl: served.base, token: '' }, ['login', '--tenant', 'bolt'], { onTalk: confirm, env })
    expect([login.code, login.err]).toEqual([0, expect.stringContaining('as eve')])
    const me = JSON.parse((await runPiped({ baseUrl: served.base, token: '' }, ['whoami', '--json'], { env })).out) as WhoamiBody
    expect(me.tenantId).toBe(served.id('bolt'))
  }, 60_000)

  test('that names its tenant by the header is sent to that tenant’s pages', async () => {
    const login = await begin(served.base, { 'x-aishell-tenant': 'bolt' })
    expect(login.verificationUri).toBe(`${served.at('bolt')}/auth/device`)
  })

  test('of one tenant is confirmed by no member of another', async () => {
    const login = await begin(served.at('acme'))
    const [bolts, defaults] = [tenantsBrowser(), tenantsBrowser()]
    await withPassword(bolts, served.at('bolt'))
    await withPassword(defaults, served.base, 'eve', defaultPassword)
    for (const [who, site] of [
      [bolts, served.at('bolt')],
      [defaults, served.base],
    ] as const)
      for (const decision of ['look', 'confirm', 'deny'])
        expect((await who.post(`${site}/auth/device`, { code: login.userCode, decision })).status).toBe(404)
    expect(await poll(served.at('acme'), login.deviceCode)).toMatchObject({ state: 'pending', token: null })
  })

  test('at a tenant that is not there is confirmed by nobody', async () => {
    const login = await begin(served.at('nowhere'))
    const who = tenantsBrowser()
    await withPassword(who, served.base, 'eve', defaultPassword)
    for (const code of [login.userCode, `nowhere ${login.userCode}`])
      expect((await who.post(`${served.base}/auth/device`, { code, decision: 'confirm' })).status).toBe(404)
  })
})

describe('an invitation', () => {
  test('is good at its own tenant’s address and at no other’s', async () => {
    const { id } = await served.adminOf('acme').json<MemberBody>('POST', '/api/v1/members', { name: 'newcomer', role: 'reader' })
    const { url } = await served.adminOf('acme').json<InvitationBody>('POST', `/api/v1/members/${id}/invitation`)
    const { search } = new URL(url)
    const form = { token: new URLSearchParams(search).get('token') ?? '', password: goodPassword, again: goodPassword }
    for (const name of ['bolt', 'gone', 'nowhere'] as const) {
      expect((await tenantsBrowser().get(`${served.at(name)}/auth/invitation${search}`)).status).toBe(404)
      expect((await tenantsBrowser().post(`${served.at(name)}/auth/invitation`, form)).status).toBe(404)
    }
    const who = tenantsBrowser()
    expect((await who.post(`${served.at('acme')}/auth/invitation`, form)).status).toBe(303)
    expect(await whoamiAt(who, served.at('acme'))).toMatchObject({ tenantId: served.id('acme'), name: 'newcomer' })
  })
})
