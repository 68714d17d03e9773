import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProblemError, type AnswerEvent } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
beforeAll(async () => {
  house = await servedHouse()
})
afterAll(() => house.close())

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'fulfilled',
    (error: unknown) => (error instanceof ProblemError ? `${error.problem.status} ${error.problem.code}` : String(error)),
  )
}

describe('a question in SQL', () => {
  test('is answered in JSON with exact values', async () => {
    const answer = await house.admin.answer({ connection: 'shop', sql: 'SELECT id, big, sold_at FROM sale ORDER BY id' })
    expect(answer).toMatchObject({
      outcome: 'answered',
      rows: 2,
      truncated: null,
      data: [
        ['1', '9007199254740993', expect.stringContaining('2026-01-02')],
        ['2', null, null],
      ],
      verdict: { decision: 'allow', class: 'read', tables: ['public.sale'] },
    })
    expect(answer.columns.map((column) => column.name)).toEqual(['id', 'big', 'sold_at'])
  })

  test('gives the same events to a stream, and stops at the default size, saying so', async () => {
    const events: AnswerEvent[] = []
    for await (const event of house.admin.ask({ connection: 'shop', sql: 'SELECT id FROM item ORDER BY id' })) events.push(event)
    const types = events.map((event) => event.type).filter((type, at, all) => type !== all[at - 1])
    expect(types).toEqual(['answer-begin', 'draft-ready', 'verdict-reached', 'rows-begin', 'rows-batch', 'answer-end'])
    expect(events.at(-1)).toMatchObject({ outcome: 'answered', rows: 1000, truncated: 'row-cap' })
  })

  test.each([
    ['csv', 2501],
    ['ndjson', 2501],
  ] as const)('comes whole as a %s file', async (format, lines) => {
    const response = await house.admin.export({ connection: 'shop', sql: 'SELECT id, name FROM item ORDER BY id' }, format)
    const text = await response.text()
    expect(text.trimEnd().split('\n')).toHaveLength(lines)
    const entry = await house.admin.entry(response.headers.get('x-aishell-question') ?? '')
    expect(entry).toMatchObject({ state: 'answered', rows: 2500, truncated: null })
  })

  test('with bound values comes as the same file', async () => {
    const body = { connection: 'shop', sql: 'SELECT id, name, secret_note FROM item WHERE id = $1', params: ['7'] }
    expect(await (await house.admin.export(body, 'csv')).text()).toBe('id,name,secret_note\n7,item 7,note 7\n')
  })

  test.each([
    ['a write', 'DELETE FROM item', 403],
    ['a table that is not there', 'SELECT * FROM nothing_here', 403],
  ])('is refused as a value in JSON and as a problem in a file: %s', async (_what, sql, status) => {
    expect(await house.admin.answer({ connection: 'shop', sql })).toMatchObject({
      outcome: 'refused',
      data: [],
      verdict: { decision: 'refuse' },
    })
    expect(await codeOf(house.admin.export({ connection: 'shop', sql }, 'csv'))).toBe(`${status} question.refused`)
  })

  test('to a connection that is not there ends as failed, and is recorded', async () => {
    const answer = await house.admin.answer({ connection: 'nowhere', sql: 'SELECT 1' })
    expect(answer).toMatchObject({ outcome: 'failed', failure: { code: 'connections.unknown', kind: 'missing' } })
    expect(await house.admin.entry(answer.id)).toMatchObject({ state: 'failed', failureCode: 'connections.unknown' })
  })
})

test('a draft is judged and not run; explain adds the plan', async () => {
  const body = { connection: 'shop', sql: 'SELECT count(*) FROM item' }
  expect(await house.admin.draft(body)).toMatchObject({ outcome: 'drafted', verdict: { decision: 'allow' } })
  const explained = await house.admin.draft({ ...body, explain: true })
  expect(explained.plan?.text).toContain('Aggregate')
})

test('a question in words is drafted, judged and answered, with what was assumed', async () => {
  const answer = await house.admin.answer({ connection: 'shop', text: 'How many items are there?' })
  expect(answer).toMatchObject({ outcome: 'answered', data: [['2500']], draft: { drafter: 'builtin', sql: 'SELECT count(*)\nFROM item' } })
})

test('a question in words that ends without rows says why', async () => {
  expect(await house.admin.answer({ connection: 'shop', text: 'Who won?' })).toMatchObject({ outcome: 'abstained' })
  expect(await codeOf(house.admin.export({ connection: 'shop', text: 'Who won?' }, 'ndjson'))).toBe('422 question.abstained')
})

async function runningQueries(): Promise<number> {
  const found = await house.shop.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1, 1000000000)%' AND pid <> pg_backend_pid()`,
  )
  return (found.rows[0] as { n: number }).n // one row of one column
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('an answer that is left', () => {
  const slow = 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id < 0 /* generate_series(1, 1000000000) */'

  test.each(['application/json', 'text/event-stream', 'text/csv'])('stops the database’s query (%s)', async (accept) => {
    const controller = new AbortController()
    const asking = house.admin
      .send('POST', '/api/v1/questions', { body: { connection: 'shop', sql: slow }, accept, signal: controller.signal })
      .then(
        (response) => response.text().catch(() => 'left'),
        () => 'left',
      )
    await until(async () => (await runningQueries()) === 1)
    controller.abort()
    await until(async () => (await runningQueries()) === 0)
    await asking
    await until(async () => (await house.admin.history({ limit: 1 })).items[0]?.state !== 'open')
    expect((await house.admin.history({ limit: 1 })).items[0]).toMatchObject({ state: 'abandoned', sql: slow })
  })

  test('so does one that is cancelled by id, from elsewhere', async () => {
    const events: AnswerEvent[] = []
    for await (const event of house.admin.ask({ connection: 'shop', sql: slow })) {
      events.push(event)
      if (event.type === 'verdict-reached') {
        await until(async () => (await runningQueries()) === 1)
        await house.admin.cancel((events[0] as { id: string }).id)
      }
    }
    expect(events.at(-1)).toMatchObject({ type: 'answer-end', outcome: 'abandoned' })
    expect(await runningQueries()).toBe(0)
  })
})

describe('connections', () => {
  test('are made, tried, changed and forgotten, each change noted first', async () => {
    const { host, port, user, password, database } = house.shop.reader
    const target = { host, port, database, user, password: password.reveal(), sslmode: 'disable' as const }
    const made = await house.admin.createConnection({ name: 'second', description: '', engine: 'postgres', target })
    expect(JSON.stringify(made)).not.toContain(password.reveal())
    expect(await house.admin.testConnection(made.id)).toMatchObject({ isReachable: true, level: 'least' })
    expect(
      await house.admin.updateConnection(made.id, { name: 'second', description: 'changed', engine: 'postgres', target }),
    ).toMatchObject({ description: 'changed' })
    expect((await house.admin.connections()).map((connection) => connection.name)).toEqual(expect.arrayContaining(['shop', 'second']))
    await house.admin.removeConnection(made.id)
    expect(await codeOf(house.admin.connection('second'))).toBe('404 connections.unknown')
    const lines = (await (await house.admin.auditExport()).text()).split('\n')
    for (const action of ['connection-create', 'connection-update', 'connection-remove'])
      expect(lines.some((line) => line.includes(action))).toBe(true)
  })

  test('show their catalog in pages, and by search', async () => {
    const first = await house.admin.json<{ relations: { name: string }[]; next: string | null }>(
      'GET',
      '/api/v1/connections/shop/catalog?limit=1',
    )
    expect([first.relations.length, first.next]).toEqual([1, '1'])
    expect((await house.admin.catalog('shop')).relations.map((relation) => relation.name).toSorted()).toEqual(['item', 'sale'])
    expect((await house.admin.catalog('shop', { search: 'sells' })).relations.map((relation) => relation.name)).toEqual(['item'])
  })

  test('obey a policy from the moment it is set', async () => {
    const rules = [{ effect: 'deny' as const, roles: ['reader' as const], tables: ['item'], columns: ['secret_note'] }]
    const reader = house.client(await house.token({ role: 'reader' }))
    const hidden = { connection: 'shop', sql: 'SELECT secret_note FROM item LIMIT 1' }
    expect((await reader.answer(hidden)).outcome).toBe('answered')
    await house.admin.setPolicy('shop', { rules })
    expect((await reader.answer(hidden)).outcome).toBe('refused')
    expect((await house.admin.answer(hidden)).outcome).toBe('answered')
    expect(JSON.stringify(await reader.catalog('shop'))).not.toContain('secret_note')
    expect(await codeOf(reader.policy('shop'))).toBe('403 http.not-allowed')
    await house.admin.setPolicy('shop', {})
  })
})

describe('the record', () => {
  test('shows members their own entries, admins everybody’s, and proves itself', async () => {
    const bob = house.client(await house.member('Bob', 'reader'))
    const asked = await bob.answer({ connection: 'shop', sql: 'SELECT 1' })
    expect((await bob.history()).items.map((entry) => entry.id)).toEqual([asked.id])
    const { id: adminsEntry } = await house.admin.answer({ connection: 'shop', sql: 'SELECT 2' })
    expect(await codeOf(bob.entry(adminsEntry))).toBe('404 record.unknown')
    const me = await house.admin.whoami()
    expect(await codeOf(bob.history({ member: me.memberId }))).toBe('403 http.not-allowed')
    expect(await codeOf(bob.audit())).toBe('403 http.not-allowed')
    expect((await house.admin.audit({ limit: 2 })).items.map((entry) => entry.actor.name)).toEqual([me.name, 'Bob'])
    expect(await house.admin.auditVerify()).toMatchObject({ isIntact: true, findings: [] })
  })

  test('knows which surface asked', async () => {
    const { Client } = await import('../../src/contract/index.ts')
    const terminal = new Client({ baseUrl: house.url, token: house.adminToken, surface: 'terminal' })
    const { id } = await terminal.answer({ connection: 'shop', sql: 'SELECT 3' })
    expect((await house.admin.entry(id)).actor.surface).toBe('terminal')
  })
})

describe('tokens', () => {
  test('narrow what their member may do, are shown once, and end at once', async () => {
    const made = await house.admin.createToken({ name: 'narrow', kind: 'agent', role: 'reader', verbs: ['ask'], expiresInDays: 1 })
    const narrow = house.client(made.token)
    expect(await narrow.whoami()).toMatchObject({ kind: 'agent', roles: ['reader'], verbs: ['ask'] })
    expect(await codeOf(narrow.catalog('shop'))).toBe('403 http.not-allowed')
    expect(JSON.stringify(await house.admin.tokens())).not.toContain(made.token)
    await house.admin.revokeToken(made.id)
    expect(await codeOf(narrow.whoami())).toBe('401 identity.token-revoked')
    expect(await codeOf(house.client('ais_nonsense').whoami())).toMatch(/^401 identity/)
  })
})
