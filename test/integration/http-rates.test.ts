import { afterEach, describe, expect, test } from 'vitest'
import { RateLimits, type RateTable } from '../../src/platform/tenancy/index.ts'
import { aReader, answerEnd, ask, closeServers, problemOf, scriptedRooms, serve } from '../support/http-rooms.ts'

afterEach(closeServers)

const colleague = { ...aReader, memberId: 'm2', name: 'Bob' }
const stranger = { ...aReader, memberId: 'm3', tenantId: 't2' }

async function limited(table: RateTable): Promise<string> {
  const rooms = scriptedRooms(
    async function* () {
      yield answerEnd()
    },
    { reader: aReader, colleague, stranger },
  )
  const rates = new RateLimits({ table, redis: null, keyPrefix: '', peers: () => 0, observe: () => {} })
  return (await serve({ ...rooms, rates })).url
}

const by = (token: string): RequestInit => ({
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
})

describe('a limit a minute', () => {
  test('is told with each answer, and refuses with a problem that says when to come again', async () => {
    const url = await limited({ questions: { actor: 2 } })
    const first = await ask(url, 'application/json')
    expect(first.status).toBe(200)
    expect(first.headers.get('ratelimit-policy')).toBe('"actor";q=2;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"actor";r=1;t=\d+$/)
    await ask(url, 'application/json')
    const refused = await ask(url, 'application/json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    expect(refused.headers.get('ratelimit')).toBe('"actor";r=0;t=60')
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'http.rate-limited' })
  })

  test('of one member leaves the others of the tenant alone, and that of a tenant other tenants', async () => {
    const url = await limited({ questions: { actor: 2, tenant: 3 } })
    const statuses = []
    for (const token of ['reader', 'reader', 'reader', 'colleague', 'colleague', 'stranger', 'stranger'])
      statuses.push((await ask(url, 'application/json', by(token))).status)
    expect(statuses).toEqual([200, 200, 429, 200, 429, 200, 200])
  })

  test('of questions does not count other requests, and each address has its own without a credential', async () => {
    const url = await limited({ questions: { actor: 1 }, requests: { actor: 2 }, open: { network: 2 } })
    expect((await ask(url, 'application/json')).status).toBe(200)
    const whoami = async (): Promise<number> => (await fetch(`${url}/api/v1/auth/whoami`, by('reader'))).status
    expect([await whoami(), await whoami(), await whoami()]).toEqual([200, 200, 429])
    const signIn = async (): Promise<number> => (await fetch(`${url}/api/v1/auth/sign-in`, { method: 'POST' })).status
    expect([await signIn(), await signIn(), await signIn()]).toEqual([400, 400, 429])
  })

  test('never turns probes and scrapers away', async () => {
    const url = await limited({ open: { network: 1 } })
    for (const path of ['/health', '/ready', '/metrics'])
      for (let time = 0; time < 3; time++) expect((await fetch(`${url}${path}`)).status).toBe(200)
  })
})
