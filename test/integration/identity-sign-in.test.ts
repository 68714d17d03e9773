import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import type { MemberBody } from '../../src/contract/index.ts'
import { Browser } from '../support/browser.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'
import { goodPassword, invited, person } from '../support/signed-in.ts'

let house: ServedHouse
let nowMs = Date.now()
const now = (): Date => new Date(nowMs)

beforeAll(async () => {
  house = await servedHouse({ now })
})
afterAll(() => house.close())

async function signIn(browser: Browser, name: string, password: string, headers: Record<string, string> = {}): Promise<Response> {
  return browser.post(`${house.url}/auth/sign-in`, { name, password, return_to: '/auth/device?code=X' }, headers)
}

const whoami = (browser: Browser): Promise<Response> => browser.get(`${house.url}/api/v1/auth/whoami`)

describe('an invitation', () => {
  test('lets its member set a password once, and signs them in', async () => {
    const { name, link } = await invited(house)
    const browser = new Browser()
    expect(await (await browser.get(link)).text()).toContain(name)
    const token = new URL(link).searchParams.get('token') ?? ''
    const set = (): Promise<Response> =>
      browser.post(`${house.url}/auth/invitation`, { token, password: goodPassword, again: goodPassword })
    expect((await set()).headers.get('location')).toBe('/auth/account')
    expect(await (await whoami(browser)).json()).toMatchObject({ name })
    expect((await set()).status).toBe(404)
    expect((await browser.get(link)).status).toBe(404)
  })

  test('expires, and a newer one takes its place', async () => {
    const { id, link } = await invited(house)
    await house.admin.json('POST', `/api/v1/members/${id}/invitation`)
    expect((await new Browser().get(link)).status).toBe(404)
    const other = await invited(house)
    nowMs += 3 * 86_400_000 + 1
    expect((await new Browser().get(other.link)).status).toBe(404)
  })

  test.each([
    ['short', 'shortish', 'at least 12'],
    ['common', 'password1234', 'guessed soon'],
    ['a walk over the keyboard', 'qwertyuiop123', 'guessed soon'],
    ['repeating itself', 'abcabcabcabcabc', 'guessed soon'],
    ['endless', 'x7'.repeat(80), 'at most 128'],
  ])('takes no password that is %s', async (_what, password, says) => {
    const { link } = await invited(house)
    const token = new URL(link).searchParams.get('token') ?? ''
    const response = await new Browser().post(`${house.url}/auth/invitation`, { token, password, again: password })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(says)
  })

  test('takes no password made of the member’s own name', async () => {
    const { id } = await house.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'Bartholomew Featherstone' })
    const set = house.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: 'featherstone1' } })
    await expect(set).rejects.toMatchObject({ problem: { code: 'identity.weak-password' } })
  })
})

describe('a password', () => {
  test('signs in and leads back to where one came from, with a session of its own each time', async () => {
    const { name, browser } = await person(house)
    const first = browser.cookie(house.url, 'aishell-session')
    const planted = 'ais-session_planted-by-somebody-else-before-the-sign-in'
    browser.setCookie(house.url, 'aishell-session', planted)
    const response = await signIn(browser, name, goodPassword)
    expect([response.status, response.headers.get('location')]).toEqual([303, '/auth/device?code=X'])
    const second = browser.cookie(house.url, 'aishell-session')
    expect(new Set([first, planted, second]).size).toBe(3)
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  test('that is wrong, or of nobody, is refused in the same words', async () => {
    const { name } = await person(house)
    const wrong = await (await signIn(new Browser(), name, 'wrong horse battery')).text()
    const nobody = await (await signIn(new Browser(), 'nobody-here', 'wrong horse battery')).text()
    const words = (page: string): string => page.replaceAll(/value="[^"]*"/g, '')
    expect(words(wrong)).toBe(words(nobody))
    expect(wrong).toContain('do not belong together')
  })

  describe('is weighed with the same work', () => {
    const checks = async (): Promise<number> =>
      Number(/^aishell_password_hashes_total\{work="check"\} (\d+)$/m.exec(await (await fetch(`${house.url}/metrics`)).text())?.[1] ?? 0)
    const refused = async (name: string): Promise<readonly number[]> => {
      const [before, { status }] = [await checks(), await signIn(new Browser(), name, 'wrong horse battery')]
      return [status, (await checks()) - before]
    }
    const cases: readonly [string, () => Promise<string>][] = [
      ['of nobody', async () => `nobody-${newId()}`],
      ['of a member', async () => (await person(house)).name],
      ['of a member who signs in elsewhere and has none', async () => (await invited(house)).name],
      [
        'of a member who was disabled',
        async () => {
          const { id, name } = await person(house)
          await house.admin.send('PATCH', `/api/v1/members/${id}`, { body: { isDisabled: true } })
          return name
        },
      ],
      [
        'of a program',
        async () => (await house.admin.json<MemberBody>('POST', '/api/v1/members', { name: `s-${newId()}`, kind: 'service' })).name,
      ],
    ]

    test.each(cases)('%s: one argon2id each, and none while one must wait', async (_whose, named) => {
      const name = await named()
      for (let tries = 0; tries < 5; tries++) expect(await refused(name)).toEqual([401, 1])
      expect(await refused(name)).toEqual([429, 0])
    })
  })

  test('leads nowhere but to a path of ours', async () => {
    const { name } = await person(house)
    for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
      const response = await new Browser().post(`${house.url}/auth/sign-in`, { name, password: goodPassword, return_to: returnTo })
      expect(response.headers.get('location')).toBe('/auth/account')
    }
  })

  test('is changed with the old one, which ends every session', async () => {
    const { name, browser } = await person(house)
    const change = (current: string): Promise<Response> =>
      browser.json('PUT', `${house.url}/api/v1/auth/password`, { current, password: 'copper violin marsh eleven' })
    expect((await change('not the old one')).status).toBe(401)
    expect((await change(goodPassword)).status).toBe(204)
    expect((await whoami(browser)).status).toBe(401)
    expect((await signIn(new Browser(), name, goodPassword)).status).toBe(401)
    expect((await signIn(new Browser(), name, 'copper violin marsh eleven')).status).toBe(303)
  })

  test('is kept as argon2id and found in no row as it is', async () => {
    await person(house)
    const { rows } = await house.store.within(house.scope, async (query) => ({
      rows: await query.selectFrom('password').selectAll().execute(),
    }))
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(JSON.stringify(rows)).not.toContain(goodPassword)
  })
})

describe('guessing', () => {
  test('all at once gets no more tries than one after the other', async () => {
    const { name } = await person(house)
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async (_, guess) => (await signIn(new Browser(), name, `wrong horse battery ${guess}`)).status),
    )
    expect(statuses.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 5 }, () => 401), ...Array.from({ length: 25 }, () => 429)])
  })

  test('is slowed more and more from where it comes, without a lock for others or for a known browser', async () => {
    const proxied = await servedHouse({ now, http: { trustedProxies: ['127.0.0.1'] } })
    try {
      const name = 'guessed'
      const { id } = await proxied.admin.json<MemberBody>('POST', '/api/v1/members', { name })
      await proxied.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: goodPassword } })
      const from = (address: string, password: string, browser = new Browser()): Promise<Response> =>
        browser.post(`${proxied.url}/auth/sign-in`, { name, password }, { 'x-forwarded-for': address })
      const own = new Browser()
      expect((await from('192.0.2.7', goodPassword, own)).status).toBe(303)
      for (let tries = 0; tries < 5; tries++) expect((await from('198.51.100.1', 'wrong horse battery')).status).toBe(401)
      const held = await from('198.51.100.1', goodPassword)
      expect([held.status, Number(held.headers.get('retry-after')) > 0]).toEqual([429, true])
      expect((await from('203.0.113.9', goodPassword)).status).toBe(303) // the member elsewhere
      expect((await from('198.51.100.1', goodPassword, own)).status).toBe(303) // the member’s own browser, there as well
      nowMs += 3_000
      expect((await from('198.51.100.1', 'wrong horse battery')).status).toBe(401)
      expect(Number((await from('198.51.100.1', goodPassword)).headers.get('retry-after'))).toBeGreaterThan(1)
      nowMs += 16 * 60_000 // never longer than a quarter of an hour
      expect((await from('198.51.100.1', goodPassword)).status).toBe(303)
    } finally {
      await proxied.close()
    }
  })

  test('over many names slows a network, and who signs in from there does not slow it further', async () => {
    const proxied = await servedHouse({ now, http: { trustedProxies: ['127.0.0.1'] } })
    try {
      const { id } = await proxied.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'in-an-office' })
      await proxied.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: goodPassword } })
      const office = async (name: string, password: string): Promise<number> =>
        (await new Browser().post(`${proxied.url}/auth/sign-in`, { name, password }, { 'x-forwarded-for': '198.51.100.7' })).status
      for (let guess = 0; guess < 100; guess++) expect(await office(`nobody-${guess}`, 'wrong horse battery')).toBe(401)
      expect(await office('in-an-office', goodPassword)).toBe(429)
      nowMs += 16 * 60_000
      for (const _again of [1, 2, 3]) expect(await office('in-an-office', goodPassword)).toBe(303)
      expect(await office('nobody-else', 'wrong horse battery')).toBe(401)
      expect(await office('in-an-office', goodPassword)).toBe(429)
    } finally {
      await proxied.close()
    }
  })
})

describe('a session', () => {
  test('ends when it was idle for too long, and at its age however busy', async () => {
    const { browser } = await person(house)
    nowMs += 59 * 60_000
    expect((await whoami(browser)).status).toBe(200)
    nowMs += 59 * 60_000
    expect((await whoami(browser)).status).toBe(200)
    nowMs += 61 * 60_000
    expect((await whoami(browser)).status).toBe(401)
    const busy = (await person(house)).browser
    for (let passed = 0; passed < 12 * 60; passed += 50) {
      expect((await whoami(busy)).status).toBe(200)
      nowMs += 50 * 60_000
    }
    expect((await whoami(busy)).status).toBe(401)
  })

  test('is signed out here, or everywhere at once', async () => {
    const { name, browser } = await person(house)
    const [second, third] = [new Browser(), new Browser()]
    await signIn(second, name, goodPassword)
    await signIn(third, name, goodPassword)
    expect((await browser.post(`${house.url}/auth/sign-out`, {})).status).toBe(303)
    expect([(await whoami(browser)).status, (await whoami(second)).status]).toEqual([401, 200])
    await second.post(`${house.url}/auth/sign-out`, { everywhere: 'yes' })
    expect([(await whoami(second)).status, (await whoami(third)).status]).toEqual([401, 401])
  })

  test('is listed and ended by its member, and ended by an admin', async () => {
    const { id, name, browser } = await person(house)
    const other = new Browser()
    await signIn(other, name, goodPassword, { 'user-agent': 'Other/1.0' })
    const { items } = (await (await browser.json('GET', `${house.url}/api/v1/auth/sessions`)).json()) as {
      items: { id: string; client: string; isCurrent: boolean }[]
    }
    expect(items.map((one) => one.isCurrent)).toEqual([true, false])
    const foreign = items.find((one) => !one.isCurrent)
    expect(foreign?.client).toBe('Other/1.0')
    await browser.json('DELETE', `${house.url}/api/v1/auth/sessions/${foreign?.id ?? ''}`)
    expect([(await whoami(other)).status, (await whoami(browser)).status]).toEqual([401, 200])
    await house.admin.send('POST', `/api/v1/members/${id}/sign-out`)
    expect((await whoami(browser)).status).toBe(401)
  })

  test('is no credential for what another site sends', async () => {
    const { browser } = await person(house, 'admin')
    const create = (headers: Record<string, string>): Promise<Response> =>
      browser.json('POST', `${house.url}/api/v1/members`, { name: `csrf-${newId()}` }, headers)
    expect((await create({})).status).toBe(201)
    expect((await create({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await create({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await create({ origin: 'null' })).status).toBe(403)
    const cookie = `aishell-session=${browser.cookie(house.url, 'aishell-session') ?? ''}`
    const bare = await fetch(`${house.url}/api/v1/members`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `csrf-${newId()}` }),
    })
    expect(bare.status).toBe(403)
    const signInAsAnother = await browser.post(
      `${house.url}/auth/sign-in`,
      { name: 'x', password: 'y' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    )
    expect(signInAsAnother.status).toBe(403)
  })

  test('that is behind https has a cookie bound to its host', async () => {
    const secure = await servedHouse({ http: { publicUrl: 'https://aishell.example.org' } })
    try {
      const { id } = await secure.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'secure' })
      await secure.admin.send('PUT', `/api/v1/members/${id}/password`, { body: { password: goodPassword } })
      const form = { name: 'secure', password: goodPassword }
      const response = await new Browser().post(`${secure.url}/auth/sign-in`, form, { origin: 'https://aishell.example.org' })
      const [cookie = ''] = response.headers.getSetCookie()
      expect(cookie).toMatch(/^__Host-aishell-session=ais-session_[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    } finally {
      await secure.close()
    }
  })

  test('shows in pages nothing of which could run', async () => {
    const page = await new Browser().get(`${house.url}/auth/sign-in?return_to=/"><script>alert(1)</script>`)
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect(await page.text()).not.toContain('<script')
  })
})
