import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, type MemberBody, type OperatorBody } from '../../src/contract/index.ts'
import { freshStore } from '../support/postgres-server.ts'
import { startServing, type ServingProcess } from '../support/serving-process.ts'
import { runPiped } from '../support/terminal-process.ts'

let server: ServingProcess
let acme: Client

beforeAll(async () => {
  server = await startServing(await freshStore(), { env: { MULTI_TENANCY_ENABLED: 'true' } })
  acme = as((await server.admin.createTenant({ name: 'acme' })).adminToken)
}, 60_000)
afterAll(() => server.kill('SIGTERM'))

const as = (token: string): Client => new Client({ baseUrl: server.url, token })
const refused = (status: number, code: string) => ({ problem: { status, code } })
const notOperator = refused(403, 'tenancy.not-operator')

async function service(name: string, role = 'admin'): Promise<{ readonly id: string; readonly client: Client }> {
  const { id } = await server.admin.json<MemberBody>('POST', '/api/v1/members', { name, role, kind: 'service' })
  const { token } = await server.admin.createToken({ name, kind: 'service', expiresInDays: 1, member: id })
  return { id, client: as(token) }
}

async function operators(): Promise<readonly string[]> {
  return (await server.admin.json<{ items: readonly OperatorBody[] }>('GET', '/api/v1/operators')).items.map(({ name }) => name).toSorted()
}

test('operators are added and removed by another operator, at once', async () => {
  const { id, client } = await service('olga')
  await expect(client.tenants()).rejects.toMatchObject(notOperator)
  await server.admin.send('PUT', '/api/v1/operators/olga')
  expect((await client.tenants()).length).toBe(2)
  expect(await client.json('GET', '/api/v1/operators')).toMatchObject({ items: [{ name: 'admin' }, { id, name: 'olga' }], next: null })
  await server.admin.send('DELETE', `/api/v1/operators/${id}`)
  await expect(client.tenants()).rejects.toMatchObject(notOperator)
})

test('nobody makes an operator of themselves, nor lists operators without being one', async () => {
  const { id, client } = await service('hopeful')
  for (const outsider of [client, acme]) {
    await expect(outsider.json('GET', '/api/v1/operators')).rejects.toMatchObject(notOperator)
    await expect(outsider.send('PUT', `/api/v1/operators/${id}`)).rejects.toMatchObject(notOperator)
    await expect(outsider.send('DELETE', '/api/v1/operators/admin')).rejects.toMatchObject(notOperator)
  }
  expect(await operators()).toEqual(['admin'])
})

test('a token of an operator that is narrowed to some verbs makes none', async () => {
  const { id } = await service('friend')
  const { token } = await server.admin.createToken({ name: 'narrow', kind: 'person', verbs: ['manage-members'], expiresInDays: 1 })
  await expect(as(token).send('PUT', `/api/v1/operators/${id}`)).rejects.toMatchObject(notOperator)
})

test('only members of `default` who may keep members become operators', async () => {
  const other = await acme.json<MemberBody>('POST', '/api/v1/members', { name: 'theirs', role: 'admin' })
  await expect(server.admin.send('PUT', `/api/v1/operators/${other.id}`)).rejects.toMatchObject({ problem: { status: 404 } })
  await expect(server.admin.send('PUT', '/api/v1/operators/theirs')).rejects.toMatchObject({ problem: { status: 404 } })
  const { id, client } = await service('reader', 'reader')
  await server.admin.send('PUT', `/api/v1/operators/${id}`)
  await expect(client.tenants()).rejects.toMatchObject({ problem: { status: 403 } }) // the mark alone opens nothing
  await server.admin.send('DELETE', `/api/v1/operators/${id}`)
})

test('the last operator stays, also when two remove each other at once', async () => {
  const me = await server.admin.whoami()
  await expect(server.admin.send('DELETE', `/api/v1/operators/${me.memberId}`)).rejects.toMatchObject(refused(409, 'tenancy.last-operator'))
  const { id, client } = await service('rival')
  for (let round = 0; round < 15; round++) {
    await server.admin.send('PUT', `/api/v1/operators/${id}`)
    const outcomes = await Promise.allSettled([
      server.admin.send('DELETE', `/api/v1/operators/${id}`),
      client.send('DELETE', `/api/v1/operators/${me.memberId}`),
    ])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const left = outcomes[0].status === 'fulfilled' ? server.admin : client
    await left.send('PUT', `/api/v1/operators/${me.memberId}`)
  }
  await server.admin.send('DELETE', `/api/v1/operators/${id}`)
})

test('each change is in the record of the operators’ own tenant', async () => {
  const { id } = await service('noted')
  await server.admin.send('PUT', `/api/v1/operators/${id}`)
  await server.admin.send('DELETE', `/api/v1/operators/${id}`)
  const text = await (await server.admin.auditExport()).text()
  expect(text).toContain('operator-add')
  expect(text).toContain('operator-remove')
})

test('`aishell admin operators` lists, adds and removes', async () => {
  await service('typed')
  const at = { baseUrl: server.url, token: server.adminToken }
  expect(await runPiped(at, ['admin', 'operators', 'add', 'typed'])).toMatchObject({ code: 0 })
  expect((await runPiped(at, ['admin', 'operators'])).out).toContain('typed')
  expect(JSON.parse((await runPiped(at, ['admin', 'operators', 'list', '--json'])).out)).toMatchObject([
    { name: 'admin' },
    { name: 'typed' },
  ])
  expect(await runPiped(at, ['admin', 'operators', 'remove', 'typed'])).toMatchObject({ code: 0 })
  expect(await operators()).toEqual(['admin'])
}, 60_000)
