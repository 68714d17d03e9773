import { afterAll, beforeAll, expect, test } from 'vitest'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
beforeAll(async () => {
  house = await servedHouse()
})
afterAll(() => house.close())

const inPaths = [
  '%00',
  'a%00b',
  '%F0%9F%98%80',
  "'; DROP",
  'x'.repeat(199),
  '..%2f..',
  '%ED%A0%80',
  '-1',
  '00000000-0000-0000-0000-000000000000',
  'NaN',
  '%5Cud800',
]
const inBodies = ['\u0000', 'a\u0000b', '\ud800', '😀'.repeat(20), "'", ' ', '\\', 'x'.repeat(79)]
const huge = Number.MAX_SAFE_INTEGER
const inLimits = [
  { maxRows: 1 },
  { statementTimeoutMs: 1 },
  { maxBytes: 1 },
  { maxTempBytes: 0 },
  { lockTimeoutMs: huge, maxRows: huge, statementTimeoutMs: huge, maxBytes: huge, maxTempBytes: huge },
]
const answers = ['application/json', 'text/csv', 'application/x-ndjson', 'text/event-stream']

type Hit = readonly [method: string, path: string, body?: unknown, accept?: string]

function* pathHits(text: string): Generator<Hit> {
  for (const room of ['connections', 'history', 'tokens', 'questions'])
    for (const method of ['GET', 'DELETE']) yield [method, `/api/v1/${room}/${text}`]
  for (const part of ['test', 'catalog', 'policy'])
    for (const method of ['GET', 'POST']) yield [method, `/api/v1/connections/${text}/${part}`]
  yield ['PUT', `/api/v1/connections/${text}/policy`, {}]
  for (const list of ['history', 'audit'])
    for (const name of ['after', 'limit', 'connection', 'member', 'x']) yield ['GET', `/api/v1/${list}?${name}=${text}`]
  for (const name of ['after', 'limit', 'search', 'refresh']) yield ['GET', `/api/v1/connections/shop/catalog?${name}=${text}`]
}

function* bodyHits(text: string): Generator<Hit> {
  for (const accept of answers) {
    yield ['POST', '/api/v1/questions', { connection: text, sql: 'select 1' }, accept]
    yield ['POST', '/api/v1/questions', { connection: 'shop', sql: text }, accept]
    yield ['POST', '/api/v1/questions', { connection: 'shop', text }, accept]
    yield ['POST', '/api/v1/questions', { connection: 'shop', sql: 'select $1::text', params: [text] }, accept]
    yield ['POST', '/api/v1/questions', { connection: 'shop', sql: 'select 1', conversation: text }, accept]
    yield ['POST', '/api/v1/questions', { connection: 'shop', sql: `select '${text}'` }, accept]
  }
  const target = { host: '127.0.0.1', port: 1, database: text, user: text, password: text }
  yield ['POST', '/api/v1/drafts', { connection: 'shop', sql: text, explain: true }]
  yield ['POST', '/api/v1/tokens', { name: text, connections: [text] }]
  yield ['POST', '/api/v1/connections', { name: 'ok', description: text, engine: 'postgres', target: { ...target, host: text } }]
  yield ['POST', '/api/v1/connections/test', { name: 'ok', description: text, engine: 'postgres', target }]
  yield ['POST', '/api/v1/connections/test', { name: 'ok', engine: 'sqlite', target: { file: text } }]
  yield ['PUT', '/api/v1/connections/shop/policy', { rules: [{ effect: 'deny', tables: [text], columns: [text] }], safeFunctions: [text] }]
  yield ['PUT', '/api/v1/connections/shop/policy', {}]
}

function* agentHits(): Generator<Hit> {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' }
  const bodies = [
    {},
    [],
    null,
    1,
    { jsonrpc: '2.0' },
    call,
    { ...call, params: { name: '\u0000' } },
    { ...call, params: { name: 'ask', arguments: { connection: '\u0000', question: '\u0000' } } },
    { ...call, method: 'initialize' },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: {} },
    [{ ...call, method: 'ping' }],
  ]
  for (const body of bodies) yield ['POST', '/mcp', body, 'application/json, text/event-stream']
}

function* limitHits(): Generator<Hit> {
  for (const limits of inLimits)
    for (const accept of answers) yield ['POST', '/api/v1/questions', { connection: 'shop', sql: 'select * from item', limits }, accept]
}

const cases = [
  ...inPaths.map((text) => ({ what: `${text.slice(0, 20)} in paths and queries`, hits: () => pathHits(text) })),
  ...inBodies.map((text) => ({ what: `${JSON.stringify(text).slice(0, 20)} in bodies`, hits: () => bodyHits(text) })),
  { what: 'limits of every size', hits: limitHits },
  { what: 'messages that are none', hits: agentHits },
]

test.each(cases)('$what: no fault of our own comes out', async ({ hits }) => {
  const faults: string[] = []
  for (const [method, path, body, accept = 'application/json'] of hits()) {
    const response = await fetch(`${house.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${house.adminToken}`,
        accept,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text().catch(() => 'broken off') // CSV that met its time limit half-way
    if (response.status >= 500 || text.includes('"internal"'))
      faults.push(`${method} ${path} ${JSON.stringify(body)} → ${response.status} ${text}`)
  }
  expect(faults).toEqual([])
})
