import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mcpAnswerShape } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
let agentToken: string
beforeAll(async () => {
  house = await servedHouse()
  agentToken = await house.token({ kind: 'agent', role: 'reader', name: 'an agent' })
})
afterAll(() => house.close())

const ways = ['http', 'stdio'] as const
const eras = ['legacy', 'auto', { pin: '2026-07-28' }] as const
const stdioMain = fileURLToPath(new URL('../support/mcp-stdio-main.ts', import.meta.url))

async function connect(way: (typeof ways)[number], mode: (typeof eras)[number], token = agentToken): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  const transport =
    way === 'http'
      ? new StreamableHTTPClientTransport(new URL(`${house.url}/mcp`), { requestInit: { headers: { authorization: `Bearer ${token}` } } })
      : new StdioClientTransport({ command: process.execPath, args: [stdioMain, house.url, token] })
  await client.connect(transport)
  return client
}

interface Told {
  readonly text: string
  readonly isError: boolean
  readonly data: { readonly [key: string]: unknown }
}

async function call(client: Client, name: string, input: { readonly [key: string]: unknown } = {}): Promise<Told> {
  const result = await client.callTool({ name, arguments: input })
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { text, isError: result.isError === true, data: result.structuredContent as Told['data'] } // the tools always give an object
}

describe.each(ways.flatMap((way) => eras.map((era) => ({ way, era }))))('over $way as $era', ({ way, era }) => {
  test('an agent finds its way from connections to rows', async () => {
    const client = await connect(way, era)
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toEqual([
      'list_connections',
      'search_catalog',
      'describe_table',
      'ask',
      'run_sql',
      'explain',
      'get_approval',
    ])
    expect((await call(client, 'list_connections')).data).toEqual({
      connections: [{ name: 'shop', engine: 'postgres', description: 'A small shop' }],
    })
    expect((await call(client, 'search_catalog', { connection: 'shop', query: 'what sells' })).data).toMatchObject({
      tables: [{ table: 'public.item' }],
    })
    expect((await call(client, 'describe_table', { connection: 'shop', table: 'sale' })).text).toContain(
      'foreign key (item_id) -> public.item(id)',
    )
    const rows = await call(client, 'run_sql', { connection: 'shop', sql: 'SELECT id, big FROM sale WHERE id = $1', params: ['1'] })
    expect(rows.isError).toBe(false)
    expect(rows.text).toContain('id\tbig\n1\t9007199254740993\n(1 row, complete)')
    expect(mcpAnswerShape.parse(rows.data)).toMatchObject({
      outcome: 'answered',
      columns: ['id', 'big'],
      rows: [['1', '9007199254740993']],
    })
    await client.close()
  })
})

describe('the tools', () => {
  let client: Client
  beforeAll(async () => {
    client = await connect('http', 'legacy')
  })
  afterAll(() => client.close())

  test('are small: all definitions together take fewer than 4,000 characters', async () => {
    expect(JSON.stringify((await client.listTools()).tools).length).toBeLessThan(4_000)
  })

  test.each([
    [undefined, 100],
    [3, 3],
  ])('cap rows (%s asked) at %d, and say that there are more', async (max_rows, rows) => {
    const told = await call(client, 'run_sql', {
      connection: 'shop',
      sql: 'SELECT id FROM item',
      ...(max_rows === undefined ? {} : { max_rows }),
    })
    expect((told.data['rows'] as unknown[]).length).toBe(rows)
    expect(told.data['truncated']).toBe('row-cap')
    expect(told.text).toContain(`TRUNCATED at the row limit: the first ${rows} rows of more`)
  })

  test.each([
    ['a write', 'run_sql', { connection: 'shop', sql: 'DELETE FROM item' }, 'guard.'],
    ['a plan of a write', 'explain', { connection: 'shop', sql: 'DELETE FROM item' }, 'guard.'],
    ['a connection that is not there', 'run_sql', { connection: 'nowhere', sql: 'SELECT 1' }, 'connections.unknown'],
    ['a table that is not there', 'describe_table', { connection: 'shop', table: 'nothing' }, 'mcp.table-unknown'],
    ['arguments that do not fit', 'run_sql', { connection: 'shop' }, 'mcp.invalid-arguments'],
    ['an argument nobody knows', 'ask', { connection: 'shop', question: 'Who?', confirm: true }, 'mcp.invalid-arguments'],
  ])('give %s back as an error the agent can read', async (_what, name, input, code) => {
    const told = await call(client, name, input)
    expect(told.isError).toBe(true)
    expect((told.data['error'] as { code: string }).code).toContain(code)
    expect(told.text).toContain(`[${code}`)
  })

  test('explain shows the plan without running', async () => {
    const told = await call(client, 'explain', { connection: 'shop', sql: 'SELECT count(*) FROM item' })
    expect(told.text).toContain('Aggregate')
    expect(told.data).toMatchObject({ outcome: 'drafted' })
  })

  test('answer a question in words, or tell an abstention as an outcome and not as an error', async () => {
    const told = await call(client, 'ask', { connection: 'shop', question: 'How many items are there?' })
    expect(told.data).toMatchObject({ outcome: 'answered', sql: 'SELECT count(*)\nFROM item', rows: [['2500']] })
    expect(await call(client, 'ask', { connection: 'shop', question: 'Who won?' })).toMatchObject({
      isError: false,
      data: { outcome: 'abstained' },
    })
  })

  test('leave the same entry as every surface, by an agent over mcp, also with a person’s token', async () => {
    const told = await call(client, 'run_sql', { connection: 'shop', sql: 'SELECT 42' })
    expect(await house.admin.entry(String(told.data['id']))).toMatchObject({
      state: 'answered',
      sql: 'SELECT 42',
      actor: { kind: 'agent', surface: 'mcp' },
    })
    const person = await connect('http', 'legacy', house.adminToken)
    const asPerson = await call(person, 'run_sql', { connection: 'shop', sql: 'SELECT 43' })
    expect(await house.admin.entry(String(asPerson.data['id']))).toMatchObject({ actor: { kind: 'agent', surface: 'mcp' } })
    await person.close()
  })

  test('hold the token’s own bounds', async () => {
    const elsewhere = await connect('http', 'legacy', await house.token({ kind: 'agent', connections: ['other'] }))
    expect((await call(elsewhere, 'list_connections')).data).toEqual({ connections: [] })
    expect((await call(elsewhere, 'run_sql', { connection: 'shop', sql: 'SELECT 1' })).data).toMatchObject({
      error: { code: 'connections.unknown' },
    })
    await elsewhere.close()
    const askOnly = await connect('http', 'legacy', await house.token({ kind: 'agent', verbs: ['ask'] }))
    expect((await call(askOnly, 'search_catalog', { connection: 'shop', query: 'item' })).data).toMatchObject({
      error: { code: 'mcp.not-allowed' },
    })
    await askOnly.close()
  })

  test('a cancelled call stops the database’s query', async () => {
    const slow = 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id < 0 /* cancelled by an agent */'
    for (const way of ways) {
      const calling = await connect(way, 'legacy')
      const controller = new AbortController()
      const asked = calling
        .callTool({ name: 'run_sql', arguments: { connection: 'shop', sql: slow } }, { signal: controller.signal })
        .catch(() => 'left')
      await until(async () => (await running('cancelled by an agent')) === 1)
      controller.abort()
      await until(async () => (await running('cancelled by an agent')) === 0)
      expect(await asked).toBe('left')
      await until(async () => (await house.admin.audit({ limit: 1 })).items[0]?.state !== 'open')
      expect((await house.admin.audit({ limit: 1 })).items[0]).toMatchObject({ state: 'abandoned', sql: slow })
      await calling.close()
    }
  })
})

describe('the protocol', () => {
  const post = (body: unknown, headers: { readonly [name: string]: string } = {}): Promise<Response> =>
    fetch(`${house.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${agentToken}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(body),
    })
  const toolsCall = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_connections', arguments: {} } }

  test.each([
    ['no page', {}, 200],
    ['a listed page', { origin: 'https://agents.example' }, 200],
    ['another page, whose name was rebound to this server', { origin: 'http://127.0.0.1.evil.example' }, 403],
    ['a page without a name', { origin: 'null' }, 403],
  ])('speaks to %s: %d', async (_who, headers, status) => {
    expect((await post(toolsCall, headers)).status).toBe(status)
  })

  test('asks for a credential, and has no sessions to get or delete', async () => {
    expect((await post(toolsCall, { authorization: 'Bearer none' })).status).toBe(401)
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(`${house.url}/mcp`, { method, headers: { authorization: `Bearer ${agentToken}` } })).status).toBe(405)
  })

  test.each([
    ['a tool that does not exist', { ...toolsCall, params: { name: 'drop_everything' } }, -32602],
    ['a method that does not exist', { jsonrpc: '2.0', id: 1, method: 'tools/drop' }, -32601],
    ['what is no message', { hello: true }, -32600],
  ])('answers %s with its own error', async (_what, body, code) => {
    const text = await (await post(body)).text()
    expect(text).toContain(`"code":${code}`)
  })

  test('refuses a modern call whose headers say something else than its body', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const body = { ...toolsCall, params: { ...toolsCall.params, _meta: meta } }
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }
    expect((await post(body, { ...headers, 'mcp-name': 'list_connections' })).status).toBe(200)
    expect((await post(body, { ...headers, 'mcp-name': 'run_sql' })).status).toBe(400)
  })
})

async function running(mark: string): Promise<number> {
  const found = await house.shop.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()`,
    [mark],
  )
  return (found.rows[0] as { n: number }).n // one row of one column
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}
