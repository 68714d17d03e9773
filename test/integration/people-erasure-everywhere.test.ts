import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { Client, type EntryBody, type MemberBody, type PersonErasureProofBody } from '../../src/contract/index.ts'
import { freshDatabase, freshStore } from '../support/postgres-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'
import { runPiped, type Finished } from '../support/terminal-process.ts'

/** A change is seen everywhere within a second; a busy machine may take longer to ask. */
const seenWithinMs = 11_000
const endless = 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id = 4'

let one: ServingProcess
let two: ServingProcess
let acme: Client
let bolt: Client

beforeAll(async () => {
  const [store, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 3000)')
  const keys = { SECRET_KEY: randomBytes(32).toString('hex'), JWT_SECRET: randomBytes(32).toString('hex') }
  const env = { ...keys, MULTI_TENANCY_ENABLED: 'true', RATE_ACTOR_REQUESTS: '0' }
  const adminToken = `ais_${randomBytes(32).toString('base64url')}`
  one = await startServing(store, { env, adminToken })
  two = await startServing(store, { env, adminToken })
  await connectTo(one.admin, 'shop', shop)
  acme = as((await one.admin.createTenant({ name: 'acme' })).adminToken)
  bolt = as((await one.admin.createTenant({ name: 'bolt' })).adminToken)
}, 180_000)
afterAll(() => Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')]))

const as = (token: string): Client => new Client({ baseUrl: one.url, token })
const refused = (status: number, code: string) => ({ problem: { status, code } })
const admin = (...args: readonly string[]): Promise<Finished> => runPiped({ baseUrl: one.url, token: one.adminToken }, ['admin', ...args])

async function service(by: Client, name: string, role = 'reader'): Promise<{ readonly id: string; readonly token: string }> {
  const { id } = await by.json<MemberBody>('POST', '/api/v1/members', { name, role, kind: 'service' })
  return { id, token: (await by.createToken({ name, kind: 'service', expiresInDays: 1, member: id })).token }
}

test('`aishell admin people delete` ends tokens and running answers on another server within a second', { timeout: 120_000 }, async () => {
  const { id, token } = await service(one.admin, 'leaver')
  const there = new Client({ baseUrl: two.url, token })
  await there.whoami()
  const running = there.answer({ connection: 'shop', sql: endless })
  await vi.waitUntil(async () => (await one.admin.audit({ member: id })).items.some(({ state }) => state === 'open'), { timeout: 20_000 })
  const file = join(mkdtempSync(join(tmpdir(), 'aishell-person-')), 'leaver.ndjson')
  expect(await admin('people', 'export', 'leaver', '-o', file)).toMatchObject({ code: 0 })
  expect(readFileSync(file, 'utf8')).toContain('a.id + b.id + c.id = 4')
  expect((await admin('people', 'delete', 'leaver')).err).toContain('--confirm')
  const done = await admin('people', 'delete', 'leaver', '--confirm', 'leaver')
  expect([done.code, (JSON.parse(done.out) as PersonErasureProofBody).erasure.memberId]).toEqual([0, id])
  await vi.waitFor(() => expect(there.whoami()).rejects.toMatchObject(refused(401, 'identity.token-unknown')), {
    timeout: seenWithinMs,
    interval: 50,
  })
  expect(await running).toMatchObject({ outcome: 'failed', failure: { code: 'identity.revoked' } })
  const { items } = await two.admin.audit({ member: id })
  expect(items.map(({ state }: EntryBody) => state)).toEqual(['failed'])
  expect(await two.admin.auditVerify()).toMatchObject({ isIntact: true })
})

describe('an operator', () => {
  test('exports and erases a person of any tenant, noted in both records', { timeout: 120_000 }, async () => {
    const { id, token } = await service(acme, 'customer')
    const file = join(mkdtempSync(join(tmpdir(), 'aishell-person-')), 'customer.ndjson')
    expect(await admin('people', 'export', 'customer', '--tenant', 'acme', '-o', file)).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toContain(id)
    const done = await admin('people', 'delete', 'customer', '--confirm', 'customer', '--tenant', 'acme')
    expect(done.code).toBe(0)
    expect(await admin('people', 'proof', id, '--tenant', 'acme')).toEqual(done)
    expect(await acme.personErasure(id)).toEqual(JSON.parse(done.out))
    for (const client of [bolt, one.admin])
      await expect(client.personErasure(id)).rejects.toMatchObject(refused(404, 'tenancy.erasure-unknown'))
    await expect(as(token).whoami()).rejects.toMatchObject(refused(401, 'identity.token-unknown'))
    const [theirs, own] = await Promise.all([acme, one.admin].map(async (client) => (await client.auditExport()).text()))
    for (const action of ['person-export', 'person-erase', 'person-erased'])
      expect(theirs).toMatch(new RegExp(`"action":"${action}"[^}]*"name":"operator admin`))
    for (const action of ['tenant-person-export', 'tenant-person-erase', 'tenant-person-proof'])
      expect(own).toContain(`"action":"${action}"`)
    expect(own).not.toContain('customer')
    expect(await acme.auditVerify()).toMatchObject({ isIntact: true })
  })

  test('is the only one who reaches into another tenant', async () => {
    await service(acme, 'theirs')
    for (const work of [
      () => bolt.exportPerson('theirs', 'acme'),
      () => bolt.erasePerson('theirs', 'theirs', 'acme'),
      () => bolt.personErasure(newId(), 'acme'),
    ])
      await expect(work()).rejects.toMatchObject(refused(403, 'tenancy.not-operator'))
    for (const work of [() => bolt.exportPerson('theirs'), () => bolt.erasePerson('theirs', 'theirs')])
      await expect(work()).rejects.toMatchObject(refused(404, 'tenancy.member-unknown'))
    expect(await acme.json('GET', '/api/v1/members/theirs')).toMatchObject({ name: 'theirs' })
  })
})

describe('the last operator', () => {
  const lastOperator = refused(409, 'tenancy.last-operator')

  test('is neither erased, removed, disabled nor given another role, while another admin is there', async () => {
    const { id } = await service(one.admin, 'second', 'admin')
    const second = as((await one.admin.createToken({ name: 'again', kind: 'service', expiresInDays: 1, member: id })).token)
    await one.admin.json<MemberBody>('POST', '/api/v1/members', { name: 'third', role: 'admin' }) // so that none of them is the last admin
    for (const work of [
      () => second.erasePerson('admin', 'admin'),
      () => second.send('DELETE', '/api/v1/members/admin'),
      () => second.send('PATCH', '/api/v1/members/admin', { body: { isDisabled: true } }),
      () => second.send('PATCH', '/api/v1/members/admin', { body: { role: 'reader' } }),
    ])
      await expect(work()).rejects.toMatchObject(lastOperator)
    expect((await one.admin.tenants()).length).toBe(3)
  })

  test('is the last one too where another cannot sign in', async () => {
    const { id } = await service(one.admin, 'sleeper', 'admin')
    await one.admin.send('PUT', `/api/v1/operators/${id}`)
    await one.admin.send('PATCH', `/api/v1/members/${id}`, { body: { isDisabled: true } })
    await expect(one.admin.send('DELETE', '/api/v1/operators/admin')).rejects.toMatchObject(lastOperator)
    await expect(one.admin.send('DELETE', '/api/v1/members/admin')).rejects.toMatchObject(lastOperator)
    await one.admin.send('DELETE', `/api/v1/operators/${id}`)
  })
})
