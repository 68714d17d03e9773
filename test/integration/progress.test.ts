import { fileURLToPath } from 'node:url'
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as Postgres } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AnswerEvent, Client } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
let blocker: Postgres
let editor: Client

beforeAll(async () => {
  house = await servedHouse()
  const { host, port, user, password, database } = house.shop
  blocker = new Postgres({ host, port, user, password: password?.reveal() ?? '', database })
  await blocker.connect()
  await house.shop.query(`CREATE TABLE till (id int PRIMARY KEY, amount int); INSERT INTO till VALUES (1, 10)`)
  await house.shop.query(`GRANT SELECT, UPDATE ON till TO ${house.shop.reader.user}`)
  await house.admin.catalog('shop', { refresh: true })
  editor = house.client(await house.member('ada', 'editor'))
})
afterEach(async () => {
  await blocker.query('ROLLBACK')
})
afterAll(async () => {
  await blocker.end()
  await house.close()
})

/** Whoever touches the till waits from here on, until `letGo`. */
const hold = async (): Promise<unknown> => blocker.query('BEGIN; LOCK TABLE till IN ACCESS EXCLUSIVE MODE')
const letGo = async (): Promise<unknown> => blocker.query('COMMIT')
const limits = { lockTimeoutMs: 60_000, statementTimeoutMs: 60_000 }

type Progress = Extract<AnswerEvent, { type: 'progress' }>

/** The events of an answer that was held up until its first word of progress. */
async function eventsOf(client: Client, sql: string): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = []
  for await (const event of client.ask({ connection: 'shop', sql, limits })) {
    if (event.type === 'progress' && events.at(-1)?.type !== 'progress') await letGo()
    events.push(event)
  }
  return events
}
const words = (events: readonly AnswerEvent[]): readonly Progress[] => events.filter((event) => event.type === 'progress')

const running = async (mark: string): Promise<number> => {
  const { rows } = await house.shop
    .query(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%/* ${mark}%'
    AND pid <> pg_backend_pid()`)
  return rows[0].n
}

describe('the events of an answer that takes long', () => {
  test('say so while the database works, and are otherwise those of any answer', async () => {
    await hold()
    const events = await eventsOf(editor, 'SELECT amount FROM till')
    const [first] = words(events)
    expect(first).toMatchObject({ phase: 'read', rows: 0, bytes: 0 })
    expect(first?.elapsedMs).toBeGreaterThanOrEqual(1_000)
    expect(events.filter((event) => event.type !== 'progress').map((event) => event.type)).toEqual([
      'answer-begin',
      'draft-ready',
      'verdict-reached',
      'rows-begin',
      'rows-batch',
      'answer-end',
    ])
    expect(events.at(-1)).toMatchObject({ outcome: 'answered', rows: 1 })
  })

  test('say that a write is tried out, and that one is made', async () => {
    const policy = { writers: ['editor' as const] }
    await house.admin.setPolicy('shop', policy)
    await hold()
    const tried = await eventsOf(editor, 'UPDATE till SET amount = 11 WHERE id = 1')
    expect(words(tried)[0]).toMatchObject({ phase: 'dry-run' })
    expect(tried.map((event) => event.type)).toContain('approval-requested')
    await house.admin.setPolicy('shop', {
      ...policy,
      writes: [{ roles: [], tables: ['till'], verbs: [], columns: [], approval: 'waived' }],
    })
    await hold()
    const made = await eventsOf(editor, 'UPDATE till SET amount = 12 WHERE id = 1')
    expect(words(made)[0]).toMatchObject({ phase: 'write' })
    expect(made).toContainEqual({ type: 'write-done', affectedRows: 1 })
  })

  test('end the database’s query when the reader leaves between two of them', async () => {
    await hold()
    for await (const event of editor.ask({ connection: 'shop', sql: 'SELECT amount FROM till /* left early */', limits }))
      if (event.type === 'progress') break
    await vi.waitUntil(async () => (await running('left early')) === 0, { timeout: 20_000 })
    await expect.poll(async () => (await house.admin.audit({ limit: 1 })).items[0]?.state, { timeout: 20_000 }).toBe('abandoned')
  })

  test('are not sent where an answer comes as a whole', async () => {
    await hold()
    const asked = editor.answer({ connection: 'shop', sql: 'SELECT amount FROM till', limits })
    await vi.waitUntil(async () => (await blocker.query('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted')).rows[0].n > 0)
    await letGo()
    expect(await asked).toMatchObject({ outcome: 'answered', rows: 1 })
  })
})

describe('an agent that gave a progress token', () => {
  const stdioMain = fileURLToPath(new URL('../support/mcp-stdio-main.ts', import.meta.url))
  const ways = ['http', 'stdio'] as const
  const eras = ['legacy', { pin: '2026-07-28' }] as const

  test.each(ways.flatMap((way) => eras.map((mode) => ({ way, mode }))))(
    'hears of a long call, over $way as $mode',
    async ({ way, mode }) => {
      const client = new McpClient({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
      const token = await house.token({ kind: 'agent', role: 'reader' })
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      await client.connect(
        way === 'http'
          ? new StreamableHTTPClientTransport(new URL(`${house.url}/mcp`), { requestInit })
          : new StdioClientTransport({ command: process.execPath, args: [stdioMain, house.url, token] }),
      )
      await blocker.query('BEGIN; LOCK TABLE till IN ACCESS EXCLUSIVE MODE')
      const heard: { progress: number; message?: string | undefined }[] = []
      const result = await client.callTool(
        { name: 'run_sql', arguments: { connection: 'shop', sql: 'SELECT amount FROM till' } },
        {
          onprogress: (word) => {
            heard.push(word)
            void letGo()
          },
        },
      )
      expect(heard[0]?.message).toBe('running')
      expect(heard.map((word) => word.progress)).toEqual(heard.map((word) => word.progress).toSorted((a, b) => a - b))
      expect(result.structuredContent).toMatchObject({ outcome: 'answered', columns: ['amount'] })
      await client.close()
    },
  )

  test('gets a short call’s result as one body', async () => {
    const response = await fetch(`${house.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${house.adminToken}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/call',
        params: { name: 'list_connections', arguments: {}, _meta: { progressToken: 'p' } },
      }),
    })
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toMatchObject({ id: 7, result: { structuredContent: {} } })
  })
})
