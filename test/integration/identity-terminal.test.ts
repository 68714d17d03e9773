import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessTokenBody, DeviceLoginBody, DevicePollBody } from '../../src/contract/index.ts'
import { Browser } from '../support/browser.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'
import { person } from '../support/signed-in.ts'

let house: ServedHouse
let nowMs = Date.now()
const now = (): Date => new Date(nowMs)
const keysFile = join(mkdtempSync(join(tmpdir(), 'aishell-keys-')), 'keys.json')

beforeAll(async () => {
  await writeKeys('one')
  house = await servedHouse({ now, jwtKeysFile: keysFile })
})
afterAll(() => house.close())

/** Private keys, the first of which signs. */
async function writeKeys(...names: readonly string[]): Promise<void> {
  for (const name of names)
    if (!made.has(name))
      made.set(name, { ...(await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)), kid: name, alg: 'ES256' })
  writeFileSync(keysFile, JSON.stringify({ keys: names.map((name) => made.get(name)) }))
}
const made = new Map<string, object>()

describe('an access token', () => {
  async function accessToken(browser: Browser): Promise<string> {
    const response = await browser.json('POST', `${house.url}/api/v1/auth/access-tokens`)
    expect(response.status).toBe(201)
    return ((await response.json()) as AccessTokenBody).accessToken
  }

  test('stands for its session for ten minutes, no longer than that lasts', async () => {
    const { name, browser } = await person(house)
    const token = await accessToken(browser)
    expect(await house.client(token).whoami()).toMatchObject({ name, kind: 'person' })
    nowMs += 10 * 60_000 + 1_000
    await expect(house.client(token).whoami()).rejects.toMatchObject({ problem: { status: 401 } })
    const another = await accessToken(browser)
    await browser.post(`${house.url}/auth/sign-out`, {})
    await expect(house.client(another).whoami()).rejects.toMatchObject({ problem: { code: 'identity.session-ended' } })
  })

  test('is checked with the published keys, which hold nothing private', async () => {
    const { browser } = await person(house)
    const token = await accessToken(browser)
    const keys = createRemoteJWKSet(new URL(`${house.url}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(token, keys, { audience: 'aishell', issuer: 'aishell', currentDate: now() })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600)
    expect(await (await fetch(`${house.url}/.well-known/jwks.json`)).text()).not.toContain('"d"')
  })

  test('lives on while keys are rotated, and dies with its key', async () => {
    const { browser } = await person(house)
    const old = await accessToken(browser)
    const rotate = async (...names: readonly string[]): Promise<void> => {
      await writeKeys(...names)
      utimesSync(keysFile, new Date(), new Date(Date.now() + names.length * 5_000))
      await new Promise((resolve) => setTimeout(resolve, 2_100)) // how often the file is looked at
    }
    await rotate('two', 'one')
    const fresh = await accessToken(browser)
    expect([decodeProtectedHeader(old).kid, decodeProtectedHeader(fresh).kid]).toEqual(['one', 'two'])
    await house.client(old).whoami()
    await rotate('two')
    await expect(house.client(old).whoami()).rejects.toMatchObject({ problem: { code: 'identity.token-unknown' } })
    await house.client(fresh).whoami()
  })

  test.each<readonly [string, (claims: Record<string, unknown>) => Promise<string>]>([
    ['unsigned', async (claims) => `${part({ alg: 'none', kid: 'two', typ: 'at+jwt' })}.${part(claims)}.`],
    [
      'signed with the public key as a shared secret',
      async (claims) => forged(claims, 'HS256', new TextEncoder().encode(JSON.stringify(made.get('two')))),
    ],
    [
      'signed with JWT_SECRET, which signs nothing here',
      async (claims) => forged(claims, 'HS256', new TextEncoder().encode('j'.repeat(40))),
    ],
    ['of another key', async (claims) => forged(claims, 'ES256', (await generateKeyPair('ES256')).privateKey)],
  ])('that is forged is refused: %s', async (_how, forge) => {
    const { browser } = await person(house)
    const claims = JSON.parse(Buffer.from((await accessToken(browser)).split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >
    await expect(house.client(await forge(claims)).whoami()).rejects.toMatchObject({ problem: { code: 'identity.token-unknown' } })
  })

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = (claims: Record<string, unknown>, alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg, kid: 'two', typ: 'at+jwt' }).sign(key)

  test('is made from a session only', async () => {
    await expect(house.admin.json('POST', '/api/v1/auth/access-tokens')).rejects.toMatchObject({ problem: { code: 'identity.no-session' } })
  })
})

describe('a terminal', () => {
  async function begin(client = 'laptop'): Promise<DeviceLoginBody> {
    const body = JSON.stringify({ client })
    const response = await fetch(`${house.url}/api/v1/auth/device-logins`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.status).toBe(201)
    return (await response.json()) as DeviceLoginBody
  }

  async function poll(deviceCode: string): Promise<DevicePollBody> {
    const body = JSON.stringify({ deviceCode })
    const response = await fetch(`${house.url}/api/v1/auth/device-logins/poll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    return (await response.json()) as DevicePollBody
  }

  const decide = (browser: Browser, code: string, decision: string): Promise<Response> =>
    browser.post(`${house.url}/auth/device`, { code, decision })

  test('is signed in by a person who confirms its code, once', async () => {
    const { name, browser } = await person(house)
    const login = await begin('laptop <of> mine')
    expect(login.userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/)
    expect((await poll(login.deviceCode)).state).toBe('pending')
    const page = await (await decide(browser, login.userCode.toLowerCase().replace('-', ''), 'look')).text()
    expect(page).toContain('laptop ?of? mine')
    expect(page).toContain(name)
    nowMs += 6_000
    expect((await poll(login.deviceCode)).state).toBe('pending')
    expect((await decide(browser, login.userCode, 'confirm')).status).toBe(200)
    nowMs += 6_000
    const confirmed = await poll(login.deviceCode)
    expect(confirmed.state).toBe('confirmed')
    const client = house.client(confirmed.token ?? '')
    expect(await client.whoami()).toMatchObject({ name, kind: 'person' })
    nowMs += 6_000
    expect(await poll(login.deviceCode)).toMatchObject({ state: 'expired', token: null })
    await client.send('POST', '/api/v1/auth/sign-out', { body: {} })
    await expect(client.whoami()).rejects.toMatchObject({ problem: { code: 'identity.token-revoked' } })
  })

  test('that polls too fast is told to slow down, and gets nothing by it', async () => {
    const { browser } = await person(house)
    const login = await begin()
    await poll(login.deviceCode)
    await decide(browser, login.userCode, 'confirm')
    expect(await poll(login.deviceCode)).toMatchObject({ state: 'slow-down', intervalS: 10, token: null })
    nowMs += 11_000
    expect((await poll(login.deviceCode)).state).toBe('confirmed')
  })

  test('is refused, forgotten after ten minutes, and unknown', async () => {
    const { browser } = await person(house)
    const refused = await begin()
    await decide(browser, refused.userCode, 'deny')
    expect((await poll(refused.deviceCode)).state).toBe('denied')
    const late = await begin()
    nowMs += 10 * 60_000 + 1
    expect((await decide(browser, late.userCode, 'confirm')).status).toBe(404)
    expect((await poll(late.deviceCode)).state).toBe('expired')
    expect((await poll('ais-device_nothing')).state).toBe('expired')
  })

  test('is confirmed by whoever has signed in and by no token', async () => {
    const login = await begin()
    const stranger = await new Browser().get(`${house.url}/auth/device?code=${login.userCode}`)
    expect(stranger.headers.get('location')).toBe(`/auth/sign-in?return_to=${encodeURIComponent(`/auth/device?code=${login.userCode}`)}`)
    const byToken = await new Browser().post(
      `${house.url}/auth/device`,
      { code: login.userCode, decision: 'confirm' },
      { authorization: `Bearer ${house.adminToken}` },
    )
    expect(byToken.status).toBe(401)
  })
})
