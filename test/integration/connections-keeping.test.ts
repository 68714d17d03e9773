import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newId, type Actor, closedWrites } from '../../src/domain/index.ts'
import type { PolicyBody } from '../../src/contract/index.ts'
import { createPostgresEngine } from '../../src/platform/engines/index.ts'
import { codeOf, connectionsHouse, inputTo, without, type ConnectionsHouse, type PostgresInput } from '../support/connections-house.ts'
import { execute, freshDatabase, testServer, type TestDatabase } from '../support/postgres-server.ts'

let house: ConnectionsHouse
let shop: TestDatabase

beforeAll(async () => {
  house = await connectionsHouse()
  shop = await freshDatabase()
  await shop.query(
    'CREATE TABLE customer (id int PRIMARY KEY, name text, iban text); CREATE TABLE salary (id int PRIMARY KEY, amount numeric)',
  )
})
afterEach(async () => house.tidy())
afterAll(async () => house.close())

const [reader, editor, admin] = [() => house.as('reader'), () => house.as('editor'), () => house.as('admin')]

const policyBody: PolicyBody = {
  disclosure: 'schema',
  frozen: false,
  rules: [{ effect: 'deny', roles: ['reader'], tables: ['salary'], columns: [] }],
  masks: [],
  filters: [],
  attributes: [],
  safeFunctions: [],
  ...closedWrites,
  costGate: null,
  hours: null,
  defaults: { maxRows: 5 },
  ceiling: {},
}

describe('saving a connection', () => {
  test('its password is sealed, and comes out nowhere', async () => {
    const connections = house.room()
    const input = inputTo(shop)
    const body = await connections.create(editor(), input)
    const password = shop.reader.password.reveal()
    expect(body).toMatchObject({ name: input.name, engine: 'postgres', origin: 'api', target: { host: shop.host, user: shop.reader.user } })
    expect(JSON.stringify([body, await connections.list(admin()), await connections.get(admin(), body.id)])).not.toContain(password)
    const { rows } = await execute(house.superuser, "SELECT c::text AS row, encode(sealed_password, 'escape') AS sealed FROM connection c")
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(password)
  })

  test('it answers under its id and its name in any case', async () => {
    const connections = house.room()
    const { id, name } = await connections.create(editor(), inputTo(shop))
    expect((await connections.get(reader(), name.toUpperCase())).id).toBe(id)
    expect((await connections.get(reader(), id)).name).toBe(name)
  })

  test('readers are not told where it leads', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    expect((await connections.get(reader(), id)).target).toBeNull()
    expect((await connections.target(reader(), id)).connection.target).toBeNull()
  })

  test('a name is given once, whatever its case, also when two ask at once', async () => {
    const connections = house.room()
    const input = inputTo(shop, 'Twin')
    const codes = await Promise.all([
      codeOf(connections.create(editor(), input)),
      codeOf(house.room().create(editor(), { ...input, name: 'twin' })),
    ])
    expect(codes.toSorted()).toEqual(['connections.name-taken', 'fulfilled'])
    expect(await codeOf(connections.create(editor(), { ...input, name: 'TWIN' }))).toBe('connections.name-taken')
  })

  test('one whose database is away is saved with a warning', async () => {
    const body = await house.room().create(editor(), inputTo(shop, undefined, { port: 1 }))
    expect(body.origin).toBe('api')
    expect(house.observed).toContainEqual(expect.objectContaining({ type: 'warning', code: 'connections.unreachable' }))
  })

  test('one that may do more than read is saved with a warning', async () => {
    const database = await freshDatabase()
    await database.query(`CREATE TABLE t (id int); GRANT INSERT ON t TO ${database.reader.user}`)
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(database))
    await connections.target(reader(), id)
    expect(house.observed).toContainEqual(
      expect.objectContaining({ type: 'warning', code: 'connections.excess', message: expect.stringContaining('engines.writes') }),
    )
    expect(await connections.test(editor(), id)).toMatchObject({
      isReachable: true,
      level: 'excess',
      script: expect.stringContaining('CREATE ROLE'),
    })
  })

  test('a superuser is refused, at saving and, where it slipped in, before its first use', async () => {
    const { user, password } = testServer()
    const input = inputTo(shop, undefined, { user, password: password.reveal() })
    expect(await codeOf(house.room().create(editor(), input))).toBe('connections.superuser')
    const { id } = await house.room({ allowSuperusers: true }).create(editor(), input)
    expect(await codeOf(house.room().target(reader(), id))).toBe('connections.superuser')
    expect((await house.room({ allowSuperusers: true }).target(reader(), id)).catalog.relations.length).toBeGreaterThan(0)
  })
})

describe('changing a connection', () => {
  test('without a password the old one is kept for the same server and user', async () => {
    const connections = house.room()
    const input = inputTo(shop)
    const { id } = await connections.create(editor(), input)
    await connections.update(editor(), id, { ...without(input), description: 'other words' })
    expect(await connections.get(editor(), id)).toMatchObject({ description: 'other words' })
    expect(await connections.test(editor(), id)).toMatchObject({ isReachable: true, databaseUser: shop.reader.user })
  })

  test.each<readonly [string, Partial<PostgresInput['target']>]>([
    ['another host', { host: 'evil.example.org' }],
    ['another port', { port: 6543 }],
    ['another user', { user: 'postgres' }],
    ['another encryption', { sslmode: 'require' }],
  ])('a saved password is not sent to %s', async (_name, target) => {
    const connections = house.room()
    const input = inputTo(shop)
    const { id } = await connections.create(editor(), input)
    expect(await codeOf(connections.update(editor(), id, without(input, target)))).toBe('connections.password-needed')
    expect((await connections.test(editor(), id)).isReachable).toBe(true)
  })

  test('a new password is used from then on, here and on another server', async () => {
    const [here, replica] = [house.room(), house.room()]
    const input = inputTo(shop)
    const { id } = await here.create(editor(), input)
    await replica.target(reader(), id)
    await here.update(editor(), id, inputTo(shop, input.name, { password: 'wrong' }))
    expect(await codeOf(here.target(reader(), id))).toBe('engines.credentials-refused')
    await expect.poll(() => codeOf(replica.target(reader(), id)), { timeout: 10_000 }).toBe('engines.credentials-refused')
  })

  test('an old sealed password put back in its row does not open', async () => {
    const connections = house.room()
    const input = inputTo(shop)
    const { id } = await connections.create(editor(), input)
    const sealed = 'SELECT sealed_password FROM connection WHERE connection_id = $1'
    const [before] = (await execute(house.superuser, sealed, [id])).rows as { sealed_password: Buffer }[]
    await connections.update(editor(), id, inputTo(shop, input.name, { password: 'another' }))
    await execute(house.superuser, 'UPDATE connection SET sealed_password = $2 WHERE connection_id = $1', [id, before?.sealed_password])
    expect(await codeOf(house.room().target(reader(), id))).toBe('store.seal-broken')
  })

  test('of two changes at once the later is told to look again', async () => {
    const input = inputTo(shop)
    const { id } = await house.room().create(editor(), input)
    const between = () => house.room().update(editor(), id, { ...without(input), description: 'quicker' })
    const slow = house.room({
      keyring: {
        ...house.keyring,
        seal: async (scope, field, plaintext) => {
          await between()
          return house.keyring.seal(scope, field, plaintext)
        },
      },
    })
    expect(await codeOf(slow.update(editor(), id, { ...input, description: 'slower' }))).toBe('connections.changed-meanwhile')
    expect((await house.room().get(editor(), id)).description).toBe('quicker')
  })

  test('what was removed is unknown, and its leases end', async () => {
    const connections = house.room()
    const { id, name } = await connections.create(editor(), inputTo(shop))
    await connections.target(reader(), id)
    await connections.remove(editor(), id)
    for (const one of [id, name]) expect(await codeOf(connections.target(reader(), one))).toBe('connections.unknown')
    expect(await codeOf(connections.remove(editor(), id))).toBe('connections.unknown')
  })
})

describe('who may do what', () => {
  test('each method asks for its verb', async () => {
    const connections = house.room()
    const input = inputTo(shop)
    const { id } = await connections.create(editor(), input)
    const works = (actor: Actor) => ({
      list: connections.list(actor),
      get: connections.get(actor, id),
      target: connections.target(actor, id),
      catalog: connections.catalog(actor, id),
      policy: connections.policy(actor, id),
      setPolicy: connections.setPolicy(actor, id, policyBody),
      create: connections.create(actor, inputTo(shop)),
      update: connections.update(actor, id, input),
      test: connections.test(actor, id),
      testInput: connections.test(actor, input),
      remove: connections.remove(actor, newId()),
    })
    const refusedTo = async (actor: Actor): Promise<readonly string[]> => {
      const codes = await Promise.all(Object.entries(works(actor)).map(async ([name, work]) => [name, await codeOf(work)] as const))
      return codes.filter(([, code]) => code === 'connections.denied').map(([name]) => name)
    }
    const keeping = ['policy', 'setPolicy', 'create', 'update', 'test', 'testInput', 'remove']
    expect(await refusedTo(reader())).toEqual(keeping)
    expect(await refusedTo(editor())).toEqual([])
    expect(await refusedTo(house.as('admin', { verbs: ['ask'] }))).toEqual(['catalog', ...keeping])
    expect(await refusedTo(house.as('admin', { verbs: ['read-history'] }))).toEqual(['list', 'get', 'target', 'catalog', ...keeping])
  })

  test('a token narrowed to some connections knows no other', async () => {
    const connections = house.room()
    const [one, two] = [await connections.create(editor(), inputTo(shop)), await connections.create(editor(), inputTo(shop))]
    for (const narrowed of [[one.name], [one.id], [one.name.toUpperCase()]]) {
      const actor = house.as('admin', { connections: narrowed })
      expect((await connections.list(actor)).map((body) => body.id)).toEqual([one.id])
      expect((await connections.target(actor, one.id)).connection.id).toBe(one.id)
      const works = [connections.get(actor, two.id), connections.target(actor, two.name), connections.remove(actor, two.id)]
      expect(await Promise.all(works.map(codeOf))).toEqual(works.map(() => 'connections.unknown'))
      expect(await codeOf(connections.create(actor, inputTo(shop)))).toBe('connections.denied')
    }
  })

  test('another tenant’s connection does not exist', async () => {
    const connections = house.room()
    const { id, name } = await connections.create(editor(), inputTo(shop))
    const stranger = house.as('admin', { tenantId: newId() })
    expect(await connections.list(stranger)).toEqual([])
    for (const one of [id, name]) expect(await codeOf(connections.target(stranger, one))).toBe('connections.unknown')
  })

  test.each(['', "x' OR '1'='1", '../etc', newId(), 'file:nothing'])('%j is unknown', async (name) => {
    expect(await codeOf(house.room().target(reader(), name))).toBe('connections.unknown')
  })

  test('an input that is none is refused in words', async () => {
    const input = { ...inputTo(shop), name: 'no spaces please' }
    expect(await codeOf(house.room().create(editor(), input))).toBe('connections.invalid')
  })
})

describe('testing a connection', () => {
  test('one that is not saved leaves nothing behind', async () => {
    const connections = house.room()
    const input = inputTo(shop, 'only-a-test')
    expect(await connections.test(editor(), input)).toMatchObject({ isReachable: true, level: 'least', findings: [], script: null })
    expect((await connections.list(editor())).some((body) => body.name === 'only-a-test')).toBe(false)
  })

  test.each<readonly [string, Partial<PostgresInput['target']>, string]>([
    ['a wrong password', { password: 'wrong' }, 'engines.credentials-refused'],
    ['a closed port', { port: 1 }, 'engines.unreachable'],
    ['no such database', { database: 'nowhere' }, 'engines.database-unknown'],
  ])('%s is an answer', async (_name, target, code) => {
    const report = await house.room().test(editor(), inputTo(shop, undefined, target))
    expect(report).toMatchObject({ isReachable: false, findings: [{ code }] })
    expect(JSON.stringify(report)).not.toContain(shop.reader.password.reveal())
  })

  test('a host that is closed to connections is refused', async () => {
    const engines = [createPostgresEngine({ allowPrivateHosts: false, allowedHosts: [] })]
    expect(await codeOf(house.room({ engines }).test(editor(), inputTo(shop)))).toBe('engines.host-refused')
    expect(await codeOf(house.room({ engines }).create(editor(), inputTo(shop)))).toBe('engines.host-refused')
  })
})
