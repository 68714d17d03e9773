import { afterEach, describe, expect, test } from 'vitest'
import { problemShape } from '../../src/contract/index.ts'
import type { HttpRooms } from '../../src/surfaces/http/index.ts'
import { answerEnd, ask, closeServers, endless, problemOf, sayRaw, script, scriptedRooms, serve } from '../support/http-rooms.ts'

afterEach(closeServers)

describe('what HTTP itself refuses', () => {
  const plain = script([answerEnd()])
  const json = { authorization: 'Bearer reader', 'content-type': 'application/json' }

  test.each([
    ['no credential', '/api/v1/connections', {}, 401, 'identity.not-signed-in'],
    ['no credential on a path that does not exist', '/nothing', {}, 401, 'identity.not-signed-in'],
    ['a path that does not exist', '/nothing', { headers: json }, 404, 'http.no-route'],
    [
      'a method the path does not have',
      '/api/v1/questions',
      { headers: json, method: 'PATCH', body: '{}' },
      405,
      'http.method-not-allowed',
    ],
    ['a method few servers know', '/api/v1/history', { headers: json, method: 'QUERY' }, 405, 'http.method-not-allowed'],
    [
      'a body that is no JSON, for a method the path does not have',
      '/api/v1/history',
      { headers: json, method: 'POST', body: '{' },
      405,
      'http.method-not-allowed',
    ],
    ['a path that is no path', '/api/v1/history/%ff', { headers: json }, 400, 'http.malformed'],
    ['malformed JSON', '/api/v1/questions', { headers: json, method: 'POST', body: '{"a":' }, 400, 'http.malformed-json'],
    ['an empty body', '/api/v1/questions', { headers: json, method: 'POST', body: '' }, 400, 'http.malformed-json'],
    ['a poisoned body', '/api/v1/questions', { headers: json, method: 'POST', body: '{"__proto__":{}}' }, 400, 'http.malformed-json'],
    [
      'another media type',
      '/api/v1/questions',
      { headers: { ...json, 'content-type': 'text/xml' }, method: 'POST', body: '<a/>' },
      415,
      'http.media-type',
    ],
    ['a body too large', '/api/v1/questions', { headers: json, method: 'POST', body: `"${'x'.repeat(3000)}"` }, 413, 'http.body-too-large'],
    ['a query that does not fit', '/api/v1/history?limit=many', { headers: json }, 400, 'http.invalid'],
    ['a right the role does not have', '/api/v1/audit', { headers: json }, 403, 'http.not-allowed'],
  ])('%s', async (_what, path, init, status, code) => {
    const { url } = await serve(plain, { bodyLimitBytes: 2048 })
    expect(await problemOf(await fetch(`${url}${path}`, init))).toMatchObject({ status, code })
  })

  test('names the fields that do not fit, of the reading that was meant', async () => {
    const { url } = await serve(plain)
    const body = JSON.stringify({ connection: '', sql: 'select 1', parms: [] })
    const response = await fetch(`${url}/api/v1/questions`, { method: 'POST', headers: json, body })
    const problem = problemShape.parse(await response.json())
    expect(problem.errors?.map((error) => error.path)).toEqual(['connection', 'parms'])
  })

  test('questions beyond the limit are turned away at once with 429', async () => {
    const { rooms } = endless()
    const { url } = await serve(rooms, { maxRunningAnswers: 1 })
    const controller = new AbortController()
    await ask(url, 'text/event-stream', { signal: controller.signal })
    const response = await ask(url, 'text/event-stream')
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'http.busy' })
    expect((await fetch(`${url}/health`)).status).toBe(200)
    controller.abort()
  })

  test('a fault of our own shows an id and nothing of its cause', async () => {
    const reported: string[] = []
    const rooms = scriptedRooms(async function* () {
      yield answerEnd()
      throw new Error('password=hunter2')
    })
    const observe: HttpRooms['observer']['observe'] = (observation) => {
      if (observation.type === 'failure') reported.push(`${observation.requestId}: ${String(observation.error)}`)
    }
    const { url } = await serve({ ...rooms, observer: { ...rooms.observer, observe } })
    const response = await ask(url, 'application/json', {
      headers: {
        authorization: 'Bearer reader',
        'content-type': 'application/json',
        accept: 'application/json',
        'x-request-id': 'my-id.1',
      },
    })
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 500, code: 'internal' })
    expect(problem.text).not.toContain('hunter2')
    expect(problem.text).toContain('my-id.1')
    expect(reported).toEqual(['my-id.1: Error: password=hunter2'])
  })

  test('headers that are too large, and bytes that are no request', async () => {
    const { url } = await serve(plain)
    const port = Number(new URL(url).port)
    expect(await sayRaw(port, `GET /health HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [^]*http.header-too-large/,
    )
    expect(await sayRaw(port, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*http.malformed/)
  })

  test('a request that arrives too slowly', async () => {
    const { url } = await serve(plain, { requestTimeoutMs: 200 })
    const answer = await sayRaw(Number(new URL(url).port), 'POST /api/v1/questions HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 408 [^]*http.request-timeout/)
  }, 60_000)

  test('a token may come as a password for pages only', async () => {
    const { url } = await serve(plain)
    const authorization = `Basic ${Buffer.from('anyone:reader').toString('base64')}`
    expect((await fetch(`${url}/docs/`)).headers.get('www-authenticate')).toContain('Basic')
    const page = await fetch(`${url}/docs/`, { headers: { authorization } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(await page.text()).not.toContain('<script>') // the policy would not run it
    for (const file of ['swagger-ui-bundle.js', 'swagger-initializer.js', 'swagger-ui.css'])
      expect((await fetch(`${url}/docs/static/${file}`, { headers: { authorization } })).status).toBe(200)
    expect(await problemOf(await fetch(`${url}/docs/nothing`, { headers: { authorization } }))).toMatchObject({ code: 'http.no-route' })
    expect((await fetch(`${url}/api/v1/auth/whoami`, { headers: { authorization } })).status).toBe(401)
  })

  test('pages of other origins, unless listed', async () => {
    const { url } = await serve(plain, { corsOrigins: ['https://console.example'] })
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${url}/api/v1/questions`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
    expect((await preflight('https://console.example')).headers.get('access-control-allow-origin')).toBe('https://console.example')
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
  })
})
