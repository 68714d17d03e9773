import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { ProblemError, type AnswerBody, type ApprovalBody, type Client, type PolicyBody } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

interface McpResult {
  readonly tools: readonly { readonly name: string }[]
  readonly content: readonly { readonly text: string }[]
  readonly structuredContent: { readonly approval: { readonly id: string } }
}

let house: ServedHouse
/** Two persons, and a third who may only ask. */
let ada: Client
let eve: Client
let reader: Client

const policy: Partial<PolicyBody> = { writers: ['reader', 'editor', 'admin'] }

beforeAll(async () => {
  house = await servedHouse()
  await house.shop.query(
    `CREATE TABLE till (id int PRIMARY KEY, amount numeric NOT NULL CHECK (amount >= 0)); GRANT SELECT, INSERT, UPDATE, DELETE ON till TO ${house.shop.reader.user}`,
  )
  await house.admin.catalog('shop', { refresh: true })
  ada = house.client(await house.member('ada', 'editor'))
  eve = house.client(await house.member('eve', 'editor'))
  reader = house.client(await house.member('rob', 'reader'))
})
beforeEach(async () => {
  await house.shop.query('TRUNCATE till; INSERT INTO till SELECT g, g FROM generate_series(1, 5) g')
  await house.admin.setPolicy('shop', policy)
})
afterAll(() => house.close())

const sum = async (): Promise<string> => String((await house.shop.query('SELECT sum(amount) AS s FROM till')).rows[0].s)

async function ask(
  client: Client,
  sql = 'UPDATE till SET amount = amount + 100 WHERE id <= 2',
  params: string[] = [],
): Promise<AnswerBody> {
  return await client.answer({ connection: 'shop', sql, params })
}

async function request(client: Client, sql?: string, params?: string[]): Promise<ApprovalBody> {
  const answer = await ask(client, sql, params)
  if (answer.approval === undefined)
    throw new Error(`no request: ${answer.outcome} ${JSON.stringify(answer.verdict?.reasons ?? answer.failure)}`)
  return answer.approval
}

async function refusal(work: Promise<unknown>): Promise<{ status: number; code: string }> {
  const error: unknown = await work.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProblemError)) throw error
  return { status: error.problem.status, code: error.problem.code }
}

describe('a write', () => {
  test('waits for another person, changes nothing meanwhile, and tells what it would change', async () => {
    const answer = await ask(ada)
    expect(answer.outcome).toBe('needs-approval')
    expect(answer.approval).toMatchObject({
      state: 'requested',
      connection: { name: 'shop' },
      writes: [{ table: 'public.till', verb: 'update', columns: ['amount'], isWhole: false }],
      dryRun: { affectedRows: 2 },
      requestedBy: { name: 'ada', kind: 'person' },
      decidedBy: null,
    })
    expect(await sum()).toBe('15')
    expect(answer.verdict?.reasons.map((reason) => reason.code)).toEqual(['guard.write-needs-approval'])
  })

  test('is run once when another person approves, and both see how it went', async () => {
    const { id } = await request(ada)
    const seen = await eve.approval(id)
    expect(seen.state).toBe('requested')
    const done = await eve.decide(id, 'approve', 'fine')
    expect(done).toMatchObject({ state: 'executed', affectedRows: 2, comment: 'fine', decidedBy: { name: 'eve' }, failure: null })
    expect(await sum()).toBe('215')
    expect(await ada.approval(id)).toEqual(done)
    expect(await eve.decide(id, 'approve')).toEqual(done) // an answer that was lost on its way is asked for again
    expect(await sum()).toBe('215')
  })

  test('binds its values, and they are part of what is approved', async () => {
    const { id, params } = await request(ada, 'INSERT INTO till VALUES ($1, $2)', ['9', '1000'])
    expect(params).toEqual(['9', '1000'])
    expect((await eve.decide(id, 'approve')).affectedRows).toBe(1)
    expect(await sum()).toBe('1015')
  })

  test('asked again while it waits is the same request; asked again afterwards is a new one', async () => {
    const first = await request(ada)
    expect((await request(ada)).id).toBe(first.id)
    expect((await request(eve)).id).not.toBe(first.id)
    await eve.decide(first.id, 'reject')
    expect((await request(ada)).id).not.toBe(first.id)
  })

  test('that the database refuses makes no request', async () => {
    const answer = await ask(ada, 'UPDATE till SET amount = -1 WHERE id = 1')
    expect([answer.outcome, answer.failure?.code, answer.approval]).toEqual(['failed', 'engines.statement-rejected', undefined])
  })

  test('whose policy waives approval runs at once and gives back its rows', async () => {
    await house.admin.setPolicy('shop', {
      ...policy,
      writes: [{ roles: [], tables: ['till'], verbs: [], columns: [], approval: 'waived' }],
    })
    const answer = await ask(ada, 'UPDATE till SET amount = 7 WHERE id = 1 RETURNING id, amount')
    expect(answer).toMatchObject({ outcome: 'answered', affectedRows: 1, data: [['1', '7']], rows: 1 })
    expect(await sum()).toBe('21')
  })

  test('is rejected for good', async () => {
    const { id } = await request(ada)
    expect(await eve.decide(id, 'reject', 'no')).toMatchObject({ state: 'rejected', comment: 'no' })
    expect(await refusal(eve.decide(id, 'approve'))).toEqual({ status: 409, code: 'approvals.decided' })
    expect(await sum()).toBe('15')
  })

  test('is taken back by who asked, and by nobody else', async () => {
    const { id } = await request(ada)
    expect(await refusal(eve.cancelApproval(id))).toEqual({ status: 403, code: 'approvals.not-yours' })
    expect((await ada.cancelApproval(id)).state).toBe('cancelled')
    expect(await refusal(eve.decide(id, 'approve'))).toEqual({ status: 409, code: 'approvals.decided' })
  })
})

describe('four eyes', () => {
  test('are not those of the requester, whatever their token', async () => {
    const { id } = await request(house.admin)
    expect(await refusal(house.admin.decide(id, 'approve'))).toEqual({ status: 403, code: 'approvals.own-request' })
    const other = house.client(await house.token({ kind: 'person', name: 'another token' }))
    expect(await refusal(other.decide(id, 'approve'))).toEqual({ status: 403, code: 'approvals.own-request' })
    expect(await sum()).toBe('15')
  })

  test.each(['agent', 'service'] as const)('are never those of a token of kind %s', async (kind) => {
    const { id } = await request(ada)
    const token = house.client(await house.token({ kind }))
    expect(await refusal(token.decide(id, 'approve'))).toEqual({ status: 403, code: 'approvals.not-a-person' })
    expect((await ada.approval(id)).state).toBe('requested')
  })

  test('are not those of a member whom an agent has made, for it lets nobody sign in', async () => {
    const agent = house.client(await house.token({ kind: 'agent' }))
    const { id } = await agent.json<{ id: string }>('POST', '/api/v1/members', { name: `puppet-${newId()}`, role: 'admin' })
    for (const way of [
      () => agent.send('POST', `/api/v1/members/${id}/invitation`),
      () => agent.send('PUT', `/api/v1/members/${id}/password`, { body: { password: 'winter orbit lamp seven' } }),
      () => agent.createToken({ name: 'puppet', kind: 'person', expiresInDays: 1 }),
    ])
      await expect(way()).rejects.toMatchObject({
        problem: { status: 403, code: expect.stringMatching(/not-for-agents|too-wide/) as string },
      })
  })

  test('are not those of the person behind an agent that asked', async () => {
    const agent = house.client(await house.token({ kind: 'agent' }))
    const { id, requestedBy } = await request(agent)
    expect(requestedBy.kind).toBe('agent')
    expect(await refusal(house.admin.decide(id, 'approve'))).toEqual({ status: 403, code: 'approvals.own-request' })
    expect((await eve.decide(id, 'approve')).state).toBe('executed')
  })

  test('need the right to approve: a reader has none, a narrowed token neither', async () => {
    const { id } = await request(ada)
    expect(await refusal(reader.decide(id, 'approve'))).toMatchObject({ status: 403 })
    expect(await refusal(reader.approval(id))).toEqual({ status: 404, code: 'approvals.unknown' })
    const narrow = house.client(await house.token({ verbs: ['ask', 'browse-catalog'] }))
    expect(await refusal(narrow.decide(id, 'approve'))).toMatchObject({ status: 403 })
  })

  test('need a role that the policy counts among the approvers', async () => {
    const { id } = await request(ada)
    await house.admin.setPolicy('shop', { ...policy, approvers: ['admin'] })
    expect(await refusal(eve.decide(id, 'approve'))).toMatchObject({ status: 404 }) // what one cannot decide on one does not see
    const again = await request(ada) // the policy has changed, so this is another request
    expect(again.id).not.toBe(id)
    expect((await house.admin.decide(again.id, 'approve')).state).toBe('executed')
  })

  test('stay with the store itself: no row is approved by its requester', async () => {
    const { id, requestedBy } = await request(ada)
    const forged = house.inStore(
      `UPDATE approval SET state = 'approved', decided_by = '${requestedBy.memberId}' WHERE approval_id = '${id}'`,
    )
    await expect(forged).rejects.toMatchObject({ code: '23514' })
  })
})

describe('an approval is void', () => {
  test('when the policy has changed', async () => {
    const { id } = await request(ada)
    await house.admin.setPolicy('shop', { ...policy, sideEffects: 'refuse' })
    const done = await eve.decide(id, 'approve')
    expect(done).toMatchObject({ state: 'failed', failure: { code: 'guard.approval-void' } })
    expect(await sum()).toBe('15')
  })

  test('when the policy has since been closed to the requester', async () => {
    const { id } = await request(ada)
    await house.admin.setPolicy('shop', { ...policy, writers: ['admin'] })
    expect(await eve.decide(id, 'approve')).toMatchObject({ state: 'failed', failure: { code: 'guard.write-denied' } })
  })

  test('when the schema has changed', async () => {
    const { id } = await request(ada)
    await house.shop.query('ALTER TABLE till ADD COLUMN note text')
    try {
      expect(await eve.decide(id, 'approve')).toMatchObject({ state: 'failed', failure: { code: 'guard.approval-void' } })
      expect(await sum()).toBe('15')
    } finally {
      await house.shop.query('ALTER TABLE till DROP COLUMN note')
      await house.admin.catalog('shop', { refresh: true })
    }
  })

  test('when the requester was disabled, or their token revoked', async () => {
    const gone = house.client(await house.member('gone', 'editor'))
    const { id } = await request(gone)
    await house.inStore(`UPDATE member SET disabled_at = now() WHERE name = 'gone'`)
    expect(await eve.decide(id, 'approve')).toMatchObject({ state: 'failed', failure: { code: 'identity.member-disabled' } })
    const tokenText = await house.token({ name: 'short-lived' })
    const revoked = await request(house.client(tokenText))
    const tokens = await house.admin.tokens()
    await house.admin.revokeToken(tokens.find((token) => token.name === 'short-lived')?.id ?? '')
    expect(await eve.decide(revoked.id, 'approve')).toMatchObject({ state: 'failed', failure: { code: 'identity.token-revoked' } })
    expect(await sum()).toBe('15')
  })

  test('when nobody has decided in time', async () => {
    const { id } = await request(ada)
    await house.inStore(`UPDATE approval SET expires_at = now() - interval '1 second' WHERE approval_id = '${id}'`)
    expect((await ada.approval(id)).state).toBe('expired')
    expect(await refusal(eve.decide(id, 'approve'))).toEqual({ status: 409, code: 'approvals.decided' })
    await house.approvals.sweep()
    expect((await eve.approvals({ state: 'expired' })).items.map((one) => one.id)).toContain(id)
    expect(await sum()).toBe('15')
  })
})

test('a hundred approvers at once make one execution', async () => {
  const { id } = await request(ada, 'UPDATE till SET amount = amount + 1 WHERE id = 1')
  const others = [eve, house.admin]
  const all = await Promise.allSettled(Array.from({ length: 100 }, (_, at) => (others[at % 2] ?? eve).decide(id, 'approve')))
  expect(await sum()).toBe('16')
  const states = all.map((one) => (one.status === 'fulfilled' ? one.value.decidedBy?.name : (one.reason as ProblemError).problem.code))
  const [winner] = new Set(states.filter((state) => state !== 'approvals.decided'))
  expect(new Set(states)).toEqual(new Set([winner, 'approvals.decided']))
  expect((await ada.approval(id)).state).toBe('executed')
})

test('what was approved and left by a server that died is carried on, once', async () => {
  const { id } = await request(ada)
  const eves = (await eve.whoami()).memberId
  const token = (await house.inStore(`SELECT token_id FROM token WHERE member_id = '${eves}'`)).rows[0].token_id as string
  await house.inStore(
    `UPDATE approval SET state = 'approved', decided_by = '${eves}', decided_name = 'eve', decided_surface = 'http', decided_credential = '${token}', decided_at = now() - interval '1 minute' WHERE approval_id = '${id}'`,
  )
  await Promise.all([house.approvals.sweep(), house.approvals.sweep(), house.approvals.sweep()])
  expect(await ada.approval(id)).toMatchObject({ state: 'executed', affectedRows: 2 })
  expect(await sum()).toBe('215')
})

test('an approver who may not approve any more when it is carried on ends it', async () => {
  const { id } = await request(ada)
  const robs = (await reader.whoami()).memberId
  const token = (await house.inStore(`SELECT token_id FROM token WHERE member_id = '${robs}'`)).rows[0].token_id as string
  await house.inStore(
    `UPDATE approval SET state = 'approved', decided_by = '${robs}', decided_name = 'rob', decided_surface = 'http', decided_credential = '${token}', decided_at = now() - interval '1 minute' WHERE approval_id = '${id}'`,
  )
  await house.approvals.sweep()
  expect(await ada.approval(id)).toMatchObject({ state: 'failed', failure: { code: 'connections.denied' } })
  expect(await sum()).toBe('15')
})

test('everything is in the record: who asked, who approved, what ran by whose consent', async () => {
  const { id, question } = await request(ada)
  const done = await eve.decide(id, 'approve')
  const asked = await ada.entry(question)
  expect(asked).toMatchObject({ state: 'needs-approval', decision: 'confirm', actor: { name: 'ada' } })
  const ran = await house.admin.entry(done.execution ?? '')
  expect(ran).toMatchObject({
    state: 'answered',
    affectedRows: 2,
    actor: { name: 'ada' },
    approval: { id, approver: 'eve', hash: done.hash },
  })
  const lines = (await (await house.admin.auditExport()).text()).split('\n')
  for (const action of ['approval-request', 'approval-give'])
    expect(lines.some((line) => line.includes(action) && line.includes(id))).toBe(true)
  expect((await house.admin.auditVerify()).isIntact).toBe(true)
})

test('a read over the price that a policy sets waits too, and is read by its requester', async () => {
  await house.admin.setPolicy('shop', {
    ...policy,
    costGate: { confirmOver: { cost: 1, rows: null }, refuseOver: { cost: null, rows: null } },
  })
  const sql = 'SELECT id FROM item WHERE id <= 3 ORDER BY id'
  const { id } = await request(ada, sql)
  expect((await eve.decide(id, 'approve')).state).toBe('approved')
  expect((await ask(ada, sql)).data).toEqual([['1'], ['2'], ['3']])
  expect((await ada.approval(id)).state).toBe('executed')
  expect((await ask(ada, sql)).outcome).toBe('needs-approval')
})

test('the list shows one’s own, and what one could decide on', async () => {
  const mine = await request(ada)
  const others = await request(eve)
  const ids = async (client: Client, more = {}): Promise<string[]> =>
    (await client.approvals({ limit: 200, ...more })).items.map((one) => one.id)
  expect(await ids(ada, { mine: true })).toContain(others.id)
  expect(await ids(ada, { mine: true })).not.toContain(mine.id)
  expect(await ids(ada)).toEqual(expect.arrayContaining([mine.id, others.id]))
  expect(await ids(reader)).toEqual([])
  const page = await ada.approvals({ limit: 1 })
  expect(page.items).toHaveLength(1)
  expect((await ada.approvals({ limit: 1, after: page.next ?? '' })).items[0]?.id).not.toBe(page.items[0]?.id)
})

test('an agent asks over MCP, is told what waits, looks at what became of it, and has no way to approve', async () => {
  const token = await house.token({ kind: 'agent' })
  const call = async (method: string, params: object): Promise<McpResult> => {
    const response = await fetch(`${house.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return (JSON.parse((await response.text()).replace(/^[^{]*/, '')) as { result: McpResult }).result // the server's own, looked at below
  }
  const { tools } = await call('tools/list', {})
  expect(tools.map((tool) => tool.name).filter((name) => /approve|reject|confirm/.test(name))).toEqual([])
  const asked = await call('tools/call', {
    name: 'run_sql',
    arguments: { connection: 'shop', sql: 'UPDATE till SET amount = 3 WHERE id = 1' },
  })
  const { id } = asked.structuredContent.approval
  expect(asked.content[0]?.text).toContain(id)
  await eve.decide(id, 'approve')
  const looked = await call('tools/call', { name: 'get_approval', arguments: { id } })
  expect(looked.structuredContent).toMatchObject({ id, state: 'executed', affected_rows: 1 })
})
