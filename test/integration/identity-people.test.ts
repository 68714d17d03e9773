import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { ProblemError, type Client, type GroupBody, type MemberBody, type RoleBody, type RoleInput } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
beforeAll(async () => {
  house = await servedHouse()
})
afterAll(() => house.close())

const send = (client: Client, method: string, path: string, body?: unknown) => client.send(method, `/api/v1${path}`, { body })
const json = <Body>(client: Client, method: string, path: string, body?: unknown) => client.json<Body>(method, `/api/v1${path}`, body)

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'fine'
  } catch (error) {
    if (error instanceof ProblemError) return `${error.problem.status} ${error.problem.code}`
    throw error
  }
}

/** A member with a role, and a client that acts for them. */
async function member(role: string): Promise<{ readonly id: string; readonly client: Client; readonly token: string }> {
  const token = await house.member(`m-${newId()}`, role)
  const client = house.client(token)
  return { id: (await client.whoami()).memberId, client, token }
}

async function define(name: string, grants: RoleInput['grants'][number] | readonly RoleInput['grants'][number][]): Promise<void> {
  await json<RoleBody>(house.admin, 'PUT', `/roles/${name}`, { description: '', grants: [grants].flat() })
}

describe('members', () => {
  test('are added, found by id and name, renamed, disabled, enabled and removed', async () => {
    const made = await json<MemberBody>(house.admin, 'POST', '/members', { name: 'Grace Hopper' })
    expect(made).toMatchObject({ name: 'Grace Hopper', kind: 'person', role: 'reader', groups: [], isDisabled: false, hasPassword: false })
    expect(await json(house.admin, 'GET', `/members/${encodeURIComponent('Grace Hopper')}`)).toEqual(made)
    const changed = await json(house.admin, 'PATCH', `/members/${made.id}`, { name: 'Grace', role: 'editor', isDisabled: true })
    expect(changed).toMatchObject({ id: made.id, name: 'Grace', role: 'editor', isDisabled: true })
    expect(await json(house.admin, 'PATCH', `/members/${made.id}`, { isDisabled: false })).toMatchObject({
      role: 'editor',
      isDisabled: false,
    })
    await send(house.admin, 'DELETE', `/members/${made.id}`)
    expect(await codeOf(json(house.admin, 'GET', `/members/${made.id}`))).toBe('404 tenancy.member-unknown')
  })

  test('bear different names', async () => {
    await json(house.admin, 'POST', '/members', { name: 'Twin' })
    expect(await codeOf(json(house.admin, 'POST', '/members', { name: 'Twin' }))).toBe('409 tenancy.name-taken')
  })

  test('are cut off at once when they are disabled: tokens, sessions and running answers', async () => {
    const { id, client } = await member('reader')
    const answering = client.answer({ connection: 'shop', sql: 'SELECT count(*) FROM generate_series(1, 4000000000) g' })
    while (house.server.address() === null || (await house.admin.history({ member: id })).items.length === 0)
      await new Promise((r) => setTimeout(r, 20))
    await json(house.admin, 'PATCH', `/members/${id}`, { isDisabled: true })
    expect(await codeOf(client.whoami())).toBe('401 identity.member-disabled')
    const answer = await answering
    expect(answer.outcome).toBe('failed')
    expect(answer.failure?.code).toBe('identity.revoked')
  })

  test('of whom the last admin stays an admin, enabled and there, also when two leave at once', async () => {
    const { memberId } = await house.admin.whoami()
    expect(await codeOf(json(house.admin, 'PATCH', `/members/${memberId}`, { role: 'reader' }))).toBe('409 tenancy.last-admin')
    expect(await codeOf(json(house.admin, 'PATCH', `/members/${memberId}`, { isDisabled: true }))).toBe('409 tenancy.last-admin')
    expect(await codeOf(send(house.admin, 'DELETE', `/members/${memberId}`))).toBe('409 tenancy.last-admin')
    const other = await member('admin')
    const both = await Promise.all([
      codeOf(json(house.admin, 'PATCH', `/members/${memberId}`, { role: 'reader' })),
      codeOf(json(house.admin, 'PATCH', `/members/${other.id}`, { role: 'reader' })),
    ])
    expect(both.filter((code) => code === 'fine')).toHaveLength(1)
    const left = (await json<{ items: MemberBody[] }>(await anAdmin(other.client), 'GET', '/members')).items
    expect(left.filter((one) => one.role === 'admin' && !one.isDisabled)).toHaveLength(1)
    await json(await anAdmin(other.client), 'PATCH', `/members/${memberId}`, { role: 'admin' })
    await json(house.admin, 'PATCH', `/members/${other.id}`, { role: 'reader' })
  })

  async function anAdmin(other: Client): Promise<Client> {
    return (await house.admin.whoami()).roles.includes('admin') ? house.admin : other
  }

  test('that are services cannot sign in, and get their tokens from an admin', async () => {
    const service = await json<MemberBody>(house.admin, 'POST', '/members', { name: 'nightly', kind: 'service', role: 'reader' })
    const made = await house.admin.createToken({ name: 'report', kind: 'service', expiresInDays: 1, member: 'nightly', verbs: ['ask'] })
    expect(made.memberId).toBe(service.id)
    expect(await house.client(made.token).whoami()).toMatchObject({
      name: 'nightly/report',
      kind: 'service',
      roles: ['reader'],
      verbs: ['ask'],
    })
    const person = await member('reader')
    const forPerson = { name: 'x', kind: 'service' as const, expiresInDays: 1, member: person.id }
    expect(await codeOf(house.admin.createToken(forPerson))).toBe('403 identity.not-a-service')
    expect(await codeOf(person.client.createToken({ ...forPerson, member: 'nightly' }))).toBe('403 tenancy.denied')
  })

  test('change in the record', async () => {
    const made = await json<MemberBody>(house.admin, 'POST', '/members', { name: 'Noted' })
    await send(house.admin, 'DELETE', `/members/${made.id}`)
    const lines = (await (await house.admin.auditExport()).text()).split('\n')
    expect(lines.filter((line) => line.includes('member-create') && line.includes('Noted'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('member-remove') && line.includes(made.id))).toHaveLength(1)
  })
})

describe('roles of a tenant’s own', () => {
  test('give their verbs on the connections they name, and nothing else', async () => {
    await define('shop-asker', { verbs: ['ask', 'browse-catalog'], connections: ['sho*'], when: {} })
    const { client } = await member('shop-asker')
    expect(await client.whoami()).toMatchObject({ roles: ['shop-asker'], verbs: ['ask', 'browse-catalog'] })
    expect((await client.answer({ connection: 'shop', sql: 'SELECT 1' })).outcome).toBe('answered')
    expect(await codeOf(client.policy('shop'))).toBe('403 http.not-allowed')
    await define('shop-asker', { verbs: ['ask', 'browse-catalog'], connections: ['other'], when: {} })
    expect(await codeOf(client.connection('shop'))).toBe('404 connections.unknown')
    expect(await client.connections()).toEqual([])
  })

  test('reach connections by label', async () => {
    await define('labelled', { verbs: ['browse-catalog'], connections: ['label:retail'], when: {} })
    const { client } = await member('labelled')
    expect(await client.connections()).toEqual([])
    const shop = await house.admin.connection('shop')
    const { host, port, database, user, password } = house.shop.reader
    const target = { host, port, database, user, password: password.reveal(), sslmode: 'disable' as const }
    await house.admin.updateConnection(shop.id, { name: 'shop', description: '', engine: 'postgres', target, labels: ['retail'] })
    expect((await client.connections()).map((one) => [one.name, one.labels])).toEqual([['shop', ['retail']]])
    expect(await codeOf(client.answer({ connection: 'shop', sql: 'SELECT 1' }))).toBe('403 http.not-allowed')
  })

  test('hold only under their conditions', async () => {
    await define('agents-only', [
      { verbs: ['browse-catalog'], connections: null, when: { kinds: ['agent'] } },
      { verbs: ['ask'], connections: null, when: { surfaces: ['mcp'] } },
      { verbs: ['manage-tokens'], connections: null, when: {} },
    ])
    const { client } = await member('agents-only')
    expect((await client.whoami()).verbs).toEqual(['manage-tokens'])
    const agent = house.client((await client.createToken({ name: 'bot', kind: 'agent', expiresInDays: 1 })).token)
    expect((await agent.whoami()).verbs).toEqual(['browse-catalog', 'manage-tokens'])
  })

  test('take what speaks over MCP for an agent, with a person’s own token too', async () => {
    const overMcp = async (token: string): Promise<string> => {
      const response = await fetch(`${house.url}/mcp`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'run_sql', arguments: { connection: 'shop', sql: 'SELECT 1' } },
        }),
      })
      return await response.text()
    }
    for (const [kind, inPerson, asAgent] of [
      ['person', 'answered', 'http.not-allowed'],
      ['agent', '403 http.not-allowed', '"outcome":"answered"'],
    ] as const) {
      await define(`only-${kind}`, { verbs: ['ask'], connections: null, when: { kinds: [kind] } })
      const { client, token } = await member(`only-${kind}`)
      const asked = client.answer({ connection: 'shop', sql: 'SELECT 1' }).then((answer) => answer.outcome)
      expect(kind === 'person' ? await asked : await codeOf(asked)).toBe(inPerson)
      expect(await overMcp(token)).toContain(asAgent)
    }
  })

  test('are named by policies', async () => {
    await define('auditor', { verbs: ['ask', 'browse-catalog'], connections: null, when: {} })
    const before = await house.admin.policy('shop')
    await house.admin.setPolicy('shop', { rules: [{ effect: 'deny', roles: ['auditor'], tables: ['item'], columns: ['secret_note'] }] })
    const sql = 'SELECT secret_note FROM item LIMIT 1'
    expect((await (await member('auditor')).client.answer({ connection: 'shop', sql })).outcome).toBe('refused')
    expect((await (await member('reader')).client.answer({ connection: 'shop', sql })).outcome).toBe('answered')
    await house.admin.setPolicy('shop', before)
  })

  test('that are not there cannot be named by a policy, which would bind nobody', async () => {
    const misspelt = { rules: [{ effect: 'deny' as const, roles: ['raeder'], tables: ['item'], columns: [] }] }
    expect(await codeOf(house.admin.setPolicy('shop', misspelt))).toBe('400 connections.policy-role-unknown')
    expect(await codeOf(house.admin.setPolicy('shop', { writers: ['nobody'] }))).toBe('400 connections.policy-role-unknown')
  })

  test.each<readonly [string, string, unknown, string]>([
    ['without a grant', 'empty', { grants: [] }, '400 http.invalid'],
    ['called as a built-in one', 'admin', { grants: [{ verbs: ['ask'] }] }, '400 http.invalid'],
    ['with a verb that is none', 'x', { grants: [{ verbs: ['rule-the-world'] }] }, '400 http.invalid'],
    ['with a tenant’s verb on one connection', 'x', { grants: [{ verbs: ['manage-members'], connections: ['shop'] }] }, '400 http.invalid'],
    ['with hours nowhere', 'x', { grants: [{ verbs: ['ask'], when: { hours: { timeZone: 'Middle/Earth' } } }] }, '400 http.invalid'],
  ])('are refused %s', async (_name, name, body, code) => {
    expect(await codeOf(json(house.admin, 'PUT', `/roles/${name}`, body))).toBe(code)
  })

  test('stay while somebody has them', async () => {
    await define('kept', { verbs: ['ask'], connections: null, when: {} })
    const { id } = await member('kept')
    expect(await codeOf(send(house.admin, 'DELETE', '/roles/kept'))).toBe('409 tenancy.in-use')
    await json(house.admin, 'PATCH', `/members/${id}`, { role: 'reader' })
    await send(house.admin, 'DELETE', '/roles/kept')
    expect(await codeOf(json(house.admin, 'GET', '/roles/kept'))).toBe('404 tenancy.role-unknown')
    expect(await codeOf(json(house.admin, 'PATCH', `/members/${id}`, { role: 'kept' }))).toBe('404 tenancy.role-unknown')
  })

  test('that manage members give nobody more than they hold', async () => {
    await define('people-keeper', [
      { verbs: ['manage-members', 'manage-tokens'], connections: null, when: {} },
      { verbs: ['ask'], connections: ['shop'], when: {} },
    ])
    const { id, client } = await member('people-keeper')
    const victim = await member('admin')
    expect(await codeOf(json(client, 'PATCH', `/members/${id}`, { role: 'admin' }))).toBe('403 tenancy.too-much')
    expect(await codeOf(json(client, 'POST', '/members', { name: 'puppet', role: 'editor' }))).toBe('403 tenancy.too-much')
    expect(await codeOf(json(client, 'PUT', '/roles/own', { grants: [{ verbs: ['ask'] }] }))).toBe('403 tenancy.too-much')
    expect(await codeOf(json(client, 'PUT', '/groups/own', { roles: ['admin'] }))).toBe('403 tenancy.too-much')
    expect(await codeOf(send(client, 'PUT', `/members/${victim.id}/password`, { password: 'winter orbit lamp seven' }))).toBe(
      '403 tenancy.too-much',
    )
    expect(await codeOf(json(client, 'POST', `/members/${victim.id}/invitation`))).toBe('403 tenancy.too-much')
    expect(await codeOf(json(client, 'PATCH', `/members/${victim.id}`, { isDisabled: true }))).toBe('403 tenancy.too-much')
    await json(house.admin, 'PATCH', `/members/${victim.id}`, { role: 'reader' })
    expect(await codeOf(json(client, 'PUT', '/roles/own', { grants: [{ verbs: ['ask'], connections: ['shop'] }] }))).toBe('fine')
  })
})

describe('groups', () => {
  test('give their roles to whoever is in them', async () => {
    await json(house.admin, 'PUT', '/groups/keepers', { description: 'Keep connections', roles: ['editor'] })
    const { id, client } = await member('reader')
    await send(house.admin, 'PUT', `/groups/keepers/members/${id}`)
    expect(await client.whoami()).toMatchObject({ roles: ['editor'] })
    const groups = (await json<{ items: GroupBody[] }>(house.admin, 'GET', '/groups')).items
    expect(groups.find((group) => group.name === 'keepers')?.members).toMatchObject([{ id, origin: 'local' }])
    await send(house.admin, 'DELETE', `/groups/keepers/members/${id}`)
    expect(await client.whoami()).toMatchObject({ roles: ['reader'] })
    await send(house.admin, 'PUT', `/groups/keepers/members/${id}`)
    await send(house.admin, 'DELETE', '/groups/keepers')
    expect(await client.whoami()).toMatchObject({ roles: ['reader'] })
    expect(await codeOf(send(house.admin, 'PUT', `/groups/keepers/members/${id}`))).toBe('404 tenancy.group-unknown')
  })
})

describe('with RBAC_ENABLED=false', () => {
  test('every member counts as admin, a token’s own bounds hold, and so do policies', async () => {
    const open = await servedHouse({ isRbacEnabled: false })
    try {
      const client = open.client(await open.member('reader', 'reader'))
      expect(await client.whoami()).toMatchObject({ roles: ['admin'] })
      expect(await codeOf(json(client, 'GET', '/members'))).toBe('fine')
      const narrow = open.client((await client.createToken({ name: 'n', kind: 'agent', verbs: ['ask'], expiresInDays: 1 })).token)
      expect(await codeOf(json(narrow, 'GET', '/members'))).toBe('403 http.not-allowed')
      const { token } = await client.createToken({ name: 'r', kind: 'agent', role: 'reader', expiresInDays: 1 })
      expect(await open.client(token).whoami()).toMatchObject({ roles: ['reader'] })
      expect(await codeOf(json(open.client(token), 'GET', '/members'))).toBe('403 http.not-allowed')
      await open.admin.setPolicy('shop', { rules: [{ effect: 'deny', roles: ['reader'], tables: ['item'], columns: ['secret_note'] }] })
      const secret = { connection: 'shop', sql: 'SELECT secret_note FROM item LIMIT 1' }
      expect((await open.client(token).answer(secret)).outcome).toBe('refused')
      expect((await client.answer(secret)).outcome).toBe('answered')
      await open.admin.setPolicy('shop', { rules: [{ effect: 'deny', roles: [], tables: ['item'], columns: [] }] })
      expect((await client.answer({ connection: 'shop', sql: 'SELECT * FROM item' })).outcome).toBe('refused')
    } finally {
      await open.close()
    }
  })
})
