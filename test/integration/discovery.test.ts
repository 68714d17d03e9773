import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Connections } from '../../src/platform/connections/index.ts'
import { openDiscovery, type Discovery } from '../../src/platform/discovery/index.ts'
import type { Observation } from '../../src/platform/observe/index.ts'
import { codeOf, connectionsHouse, type ConnectionsHouse } from '../support/connections-house.ts'
import { KubernetesApi } from '../support/kubernetes-api.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

const accountDir = mkdtempSync(join(tmpdir(), 'aishell-account-'))
const observed: Observation[] = []
let house: ConnectionsHouse
let shop: TestDatabase
let api: KubernetesApi
let discovery: Discovery

beforeAll(async () => {
  house = await connectionsHouse()
  shop = await freshDatabase()
  await shop.query('CREATE TABLE item (id int PRIMARY KEY, secret_note text)')
})
beforeEach(async () => {
  observed.length = 0
  api = new KubernetesApi()
  api.token = 'token-1'
  writeFileSync(join(accountDir, 'token'), 'token-1\n')
  const address = await api.start()
  discovery = openDiscovery({ address, accountDir, namespace: 'connections', observe: (one) => observed.push(one), backoffMs: 20 })
})
afterEach(async () => {
  await discovery.close()
  await house.tidy()
  await api.close()
})
afterAll(async () => {
  await house.close()
  rmSync(accountDir, { recursive: true, force: true })
})

/** The keys of a Secret that leads to the shop. */
function toShop(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { host, port, user, password } = shop.reader
  return { host, port: String(port), database: shop.database, user, password: password.reveal(), sslmode: 'disable', ...more }
}

const names = (): readonly string[] => discovery.found().map((one) => one.input.name)

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20)
}

function room(): Connections {
  return house.room({
    declarations: { scope: house.scope, declared: [], demo: null, startedAt: new Date(), discovered: () => discovery.found() },
  })
}

test('Secrets that were there, that come, change and go are connections, without a restart', async () => {
  for (const name of ['a', 'b', 'c']) api.put(name, toShop())
  api.put('not-ours', toShop(), {})
  await until(() => names().length === 3)
  await api.untilWatched()
  api.put('d', toShop({ name: 'warehouse', description: 'Stock', labels: 'finance, eu' }))
  await until(() => names().includes('warehouse'))
  api.put('d', toShop({ name: 'storehouse' }))
  await until(() => names().includes('storehouse') && !names().includes('warehouse'))
  api.remove('a')
  api.put('b', toShop(), {})
  await until(() => names().length === 2)
  expect(names()).toEqual(['c', 'storehouse'])
  expect(discovery.state()).toEqual({ state: 'ok', detail: '2 connection(s) of connections' })
})

test('a connection found so is asked under its policy, cannot be changed here, and ends with its Secret', async () => {
  const connections = room()
  api.put('shop', toShop({ policy: 'rules:\n  - { effect: deny, tables: [item], columns: [secret_note] }\n' }))
  await until(async () => (await connections.list(house.as('admin'))).length === 1)
  const target = await connections.target(house.as('reader'), 'shop')
  expect(target.connection).toMatchObject({ id: 'cluster:shop', origin: 'cluster' })
  expect(target.view.relations[0]?.columns.map((column) => column.name)).toEqual(['id'])
  expect(await codeOf(connections.remove(house.as('admin'), 'shop'))).toBe('connections.declared')
  const policy = await connections.policy(house.as('admin'), 'shop')
  expect(policy.rules).toHaveLength(1)
  expect(await codeOf(connections.setPolicy(house.as('admin'), 'shop', policy))).toBe('connections.declared')
  api.remove('shop')
  await until(async () => (await connections.list(house.as('admin'))).length === 0)
  await until(async () => (await codeOf(connections.target(house.as('reader'), 'shop'))) === 'connections.unknown')
})

test('a new password in the Secret is the one the next question signs in with', async () => {
  const connections = room()
  api.put('shop', toShop({ password: 'an-old-one' }))
  await until(() => names().length === 1)
  expect(await codeOf(connections.target(house.as('reader'), 'shop'))).toBe('engines.credentials-refused')
  api.put('shop', toShop())
  await until(async () => (await codeOf(connections.target(house.as('reader'), 'shop'))) === 'fulfilled')
})

test('names that an operator of databases writes are understood', async () => {
  const { host, port, user, password } = shop.reader
  api.put('made', {
    host,
    port: String(port),
    dbname: shop.database,
    username: user,
    password: password.reveal(),
    sslmode: 'disable',
    uri: 'postgresql://x',
    pgpass: 'y',
  })
  await until(() => names().length === 1)
  expect(await codeOf(room().target(house.as('reader'), 'made'))).toBe('fulfilled')
})

test('a Secret may name another user, who writes', async () => {
  await shop.query(`CREATE ROLE ${shop.database}_w LOGIN PASSWORD 'writes'; GRANT UPDATE ON item TO ${shop.database}_w`)
  const connections = room()
  api.put('shop', toShop({ writerUser: `${shop.database}_w`, writerPassword: 'writes' }))
  await until(() => names().length === 1)
  const report = await connections.test(house.as('admin'), 'shop')
  expect(report.writer).toMatchObject({ isReachable: true, databaseUser: `${shop.database}_w`, findings: [{ code: 'engines.writes' }] })
  const { target } = await connections.get(house.as('admin'), 'shop')
  expect(target).toMatchObject({ writer: { user: `${shop.database}_w` } })
  expect(JSON.stringify(target)).not.toContain('writes')
})

test.each([
  ['no host', { database: 'x', user: 'y' }, 'host'],
  ['a port that is none', { ...{ host: 'h', database: 'x', user: 'y' }, port: 'many' }, 'port is no number'],
  ['a port too high', { ...{ host: 'h', database: 'x', user: 'y' }, port: '70000' }, 'port'],
  ['an engine that is none', { ...{ host: 'h', database: 'x', user: 'y' }, engine: 'oracle' }, 'engine'],
  ['a misspelt key', { host: 'h', database: 'x', user: 'y', pasword: 'hush-hush' }, 'pasword'],
  ['a policy that is none', { host: 'h', database: 'x', user: 'y', policy: 'rules: {' }, 'policy'],
  ['a policy with an unknown key', { host: 'h', database: 'x', user: 'y', policy: 'rulez: []' }, 'rulez'],
  ['a password of no writer', { host: 'h', database: 'x', user: 'y', writerPassword: 'hush-hush' }, 'writerPassword'],
  ['nothing', {}, 'host'],
] as const)('a Secret with %s is no connection; it is named, without its values, and the others work', async (_case, keys, word) => {
  api.put('bad', { ...keys, ...('pasword' in keys || Object.keys(keys).length === 0 ? {} : { password: 'hush-hush' }) })
  api.put('good', toShop())
  await until(() => names().includes('good') && observed.length > 0)
  expect(names()).toEqual(['good'])
  const { state, detail } = discovery.state()
  expect(state).toBe('degraded')
  expect(detail).toContain('Secret bad')
  expect(detail).toContain(word)
  const told = JSON.stringify([observed, detail])
  expect(told).toContain('discovery.secret')
  expect(told).not.toContain('hush-hush')
})

test('of two Secrets with one name every replica chooses the same', async () => {
  api.put('b', toShop({ name: 'twin', description: 'b' }))
  api.put('a', toShop({ name: 'Twin', description: 'a' }))
  await until(() => names().length === 1 && discovery.state().state === 'degraded')
  expect(discovery.found()[0]?.input.description).toBe('a')
  expect(discovery.state().detail).toContain('Secret b: the name twin is that of Secret a')
})

test('a stream that breaks is taken up again where it ended, without a new list', async () => {
  api.put('a', toShop())
  await until(() => names().length === 1)
  await api.untilWatched()
  api.bookmark()
  api.put('b', toShop())
  await until(() => names().length === 2)
  api.requests.length = 0
  api.hangUp()
  api.put('c', toShop())
  await until(() => names().length === 3)
  expect(api.requests).toHaveLength(1)
  expect(api.requests[0]).toMatch(/watch=1.*resourceVersion=103/) // past the bookmark, at what came last
  expect(discovery.state().state).toBe('ok')
})

test('a version the server has forgotten is answered with a new list, and what was deleted meanwhile is gone', async () => {
  api.put('a', toShop())
  api.put('b', toShop())
  await until(() => names().length === 2)
  await api.untilWatched()
  api.compact()
  api.remove('a')
  api.compact()
  api.put('c', toShop())
  await until(() => names().includes('c'))
  expect(names()).toEqual(['b', 'c'])
})

test('an API that is away or refuses takes no connection from anybody, and is followed again when it is back', async () => {
  api.put('a', toShop())
  await until(() => names().length === 1)
  api.broken = 500
  api.hangUp()
  await until(() => discovery.state().state === 'degraded')
  api.broken = 403
  await until(() => discovery.state().detail.includes('refuses'))
  expect(names()).toEqual(['a'])
  api.broken = null
  api.remove('a')
  await until(() => names().length === 0 && discovery.state().state === 'ok')
})

test('a token that was exchanged is read anew', async () => {
  await until(() => discovery.state().state === 'ok')
  api.token = 'token-2'
  api.hangUp()
  await until(() => discovery.state().detail.includes('401'))
  writeFileSync(join(accountDir, 'token'), 'token-2\n')
  api.put('a', toShop())
  await until(() => names().length === 1)
  expect(discovery.state().state).toBe('ok')
})
