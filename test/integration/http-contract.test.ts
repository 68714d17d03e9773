import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { renderOpenApi } from '../../src/surfaces/http/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly responses: {
    readonly [status: string]: { readonly description: string; readonly content?: { readonly [type: string]: { readonly schema: Json } } }
  }
}
type Json = { readonly [key: string]: unknown }
interface Document {
  readonly openapi: string
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json }
  readonly tags: readonly { readonly name: string }[]
}

const document = JSON.parse(await renderOpenApi()) as Document // checked below
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)
const open = [
  '/health',
  '/ready',
  '/metrics',
  '/api/v1/auth/sign-in',
  '/api/v1/auth/device-logins',
  '/api/v1/auth/device-logins/poll',
  '/.well-known/jwks.json',
]

let house: ServedHouse
beforeAll(async () => {
  house = await servedHouse()
})
afterAll(() => house.close())

describe('the document', () => {
  test('is OpenAPI 3.1 with unique operation ids and no dangling reference', () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(refs.filter((name) => !(name in document.components.schemas))).toEqual([])
  })

  test('is what a server with every surface gives', async () => {
    const served = await house.admin.json<Document>('GET', '/openapi.json')
    expect(served.paths).toEqual(document.paths)
    expect(served.components).toEqual(document.components)
  })

  test.each(operations)('describes $method $path for people and programs', ({ path, operation }) => {
    expect(operation.summary).toMatch(/^[A-Z].{4,}/)
    expect(document.tags.map((tag) => tag.name)).toContain(operation.tags[0])
    expect(operation.security).toEqual(open.includes(path) ? [] : undefined) // undefined: the document's own, a token
    for (const name of path.match(/(?<=\{)[^}]+/g) ?? [])
      expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }))
    const responses = Object.entries(operation.responses)
    expect(responses.filter(([, response]) => response.description === '')).toEqual([])
    const refusals = responses.filter(([status]) => Number(status) >= 400 && path !== '/ready') // whose 503 is its own body
    for (const [, response] of refusals) {
      const types = Object.keys(response.content ?? {})
      expect(types).toContain('application/problem+json')
      expect(types.filter((type) => type !== 'application/problem+json')).toEqual(path === '/mcp' ? ['application/json'] : []) // JSON-RPC’s own
    }
  })

  test.each(operations.filter(({ path }) => !open.includes(path)))(
    '$method $path is closed without a credential',
    async ({ path, method }) => {
      const response = await fetch(`${house.url}${path.replace('{id}', 'x')}`, { method })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/Bearer|Basic/)
      expect(
        problemsOf(await response.json(), { operation: operationOf(method, path), status: 401, type: 'application/problem+json' }),
      ).toEqual([])
    },
  )
})

type Call = readonly [method: string, path: string, status: number, body?: unknown, accept?: string]

/** What real answers look like, one or more for each operation. */
const calls: readonly Call[] = [
  ['GET', '/health', 200],
  ['GET', '/ready', 200],
  ['GET', '/metrics', 200],
  ['GET', '/openapi.json', 200],
  ['POST', '/api/v1/questions', 200, { connection: 'shop', sql: 'SELECT * FROM sale' }, 'application/json'],
  ['POST', '/api/v1/questions', 200, { connection: 'shop', sql: 'DROP TABLE sale' }, 'application/json'],
  ['POST', '/api/v1/questions', 200, { connection: 'shop', text: 'Who won?' }, 'application/json'],
  ['POST', '/api/v1/questions', 200, { connection: 'nowhere', sql: 'SELECT 1' }, 'application/json'],
  ['POST', '/api/v1/questions', 403, { connection: 'shop', sql: 'DROP TABLE sale' }, 'text/csv'],
  ['POST', '/api/v1/questions', 404, { connection: 'nowhere', sql: 'SELECT 1' }, 'text/csv'],
  ['POST', '/api/v1/questions', 406, { connection: 'shop', sql: 'SELECT 1' }, 'image/png'],
  ['POST', '/api/v1/questions', 400, { connection: 'shop' }],
  ['POST', '/api/v1/drafts', 200, { connection: 'shop', sql: 'SELECT * FROM sale', explain: true }],
  ['DELETE', '/api/v1/questions/none', 404],
  ['GET', '/api/v1/connections', 200],
  ['GET', '/api/v1/connections/shop', 200],
  ['GET', '/api/v1/connections/none', 404],
  ['GET', '/api/v1/connections/shop/catalog', 200],
  ['GET', '/api/v1/connections/shop/catalog?search=item', 200],
  ['GET', '/api/v1/connections/shop/policy', 200],
  ['PUT', '/api/v1/connections/shop/policy', 200, {}],
  ['PUT', '/api/v1/connections/shop/policy', 400, { rules: 'none' }],
  ['POST', '/api/v1/connections/shop/test', 200],
  ['GET', '/api/v1/history', 200],
  ['GET', '/api/v1/history/none', 404],
  ['GET', '/api/v1/audit', 200],
  ['GET', '/api/v1/audit/verify', 200],
  ['GET', '/api/v1/audit/key', 200],
  ['GET', '/api/v1/audit/public-key', 200],
  ['GET', '/api/v1/audit?text=sale&state=answered&from=2026-01-01T00:00:00Z', 200],
  ['GET', '/api/v1/audit?from=yesterday', 400],
  ['GET', '/api/v1/audit/export?format=csv', 200],
  ['GET', '/api/v1/audit/export?format=cef', 200],
  ['GET', '/api/v1/audit/export?text=x', 400],
  ['POST', '/api/v1/audit/checkpoints', 200],
  ['POST', '/api/v1/audit/retention', 200, { before: '2020-01-01T00:00:00Z' }],
  ['POST', '/api/v1/audit/retention', 400, { before: '2999-01-01T00:00:00Z' }],
  ['GET', '/api/v1/tokens', 200],
  ['POST', '/api/v1/tokens', 201, { name: 'for a test' }],
  ['POST', '/api/v1/tokens', 404, { name: 'of nobody', kind: 'service', member: 'nobody' }],
  ['POST', '/mcp', 400, { id: 1 }, 'application/json, text/event-stream'],
  ['DELETE', '/api/v1/tokens/none', 404],
  ['GET', '/api/v1/auth/whoami', 200],
]

test.each(calls.map((call) => ({ call })))('$call.0 $call.1 gives $call.2, as the document says', async ({ call }) => {
  const [method, path, status, body, accept = 'application/json'] = call
  const response = await fetch(`${house.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${house.adminToken}`, accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  expect(`${response.status} ${response.status === status ? '' : text}`.trim()).toBe(String(status))
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const operation = operationOf(method, path.split('?')[0] ?? '')
  expect(Object.keys(operation.responses[status]?.content ?? {})).toContain(type)
  for (const value of valuesOf(text, type)) expect(problemsOf(value, { operation, status, type })).toEqual([])
})

/** What the schema of a media type is about: the document, each event of a stream, or the text. */
function valuesOf(text: string, type: string): readonly unknown[] {
  if (type.includes('json')) return [JSON.parse(text)]
  if (type !== 'text/event-stream') return [text]
  const events = text.split('\n\n').filter((event) => event.trim() !== '')
  return events.map((event) => Object.fromEntries(event.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)?.slice(1) ?? [line, ''])))
}

function operationOf(method: string, path: string): Operation {
  const template =
    Object.keys(document.paths).find((candidate) => candidate === path) ??
    path.replace(/(connections|questions|history|tokens)\/[^/]+/, '$1/{id}')
  const operation = document.paths[template]?.[method.toLowerCase()]
  if (operation === undefined) throw new Error(`${method} ${path} is not in the document`)
  return operation
}

/** Where a real answer leaves its schema; members that no schema names count too. */
function problemsOf(
  value: unknown,
  where: { readonly operation: Operation; readonly status: number; readonly type: string },
): readonly string[] {
  const schema = where.operation.responses[where.status]?.content?.[where.type]?.schema
  if (schema === undefined) return [`${where.type} is not described for ${where.status}`]
  const closed = { ...schema, $defs: document.components.schemas }
  const text = JSON.stringify(closed).replaceAll('#/components/schemas/', '#/$defs/')
  const result = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}
