import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ceilingLimits, defaultLimits, newId, type Actor, closedWrites } from '../../src/domain/index.ts'
import type { PolicyBody } from '../../src/contract/index.ts'
import { codeOf, connectionsHouse, inputTo, without, type ConnectionsHouse } from '../support/connections-house.ts'
import { execute, freshDatabase, type TestDatabase } from '../support/postgres-server.ts'

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

function mask(tables: readonly string[], columns: readonly string[]): PolicyBody['masks'][number] {
  return { roles: [], tables, columns, mask: { kind: 'null' } }
}

function filter(where: string): PolicyBody['filters'][number] {
  return { roles: [], tables: ['customer'], where }
}

describe('catalog and policy', () => {
  test('a policy decides what each role sees, at once', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    const names = async (actor: Actor) => (await connections.catalog(actor, id)).relations.map((relation) => relation.name)
    expect(await names(reader())).toEqual(['customer', 'salary'])
    const before = await connections.target(reader(), id)
    expect(await connections.setPolicy(editor(), id, policyBody)).toEqual(policyBody)
    expect(await connections.policy(editor(), id)).toEqual(policyBody)
    expect(await names(reader())).toEqual(['customer'])
    expect(await names(editor())).toEqual(['customer', 'salary'])
    const after = await connections.target(reader(), id)
    expect(after.policy.version).not.toBe(before.policy.version)
    expect(after.policy).toMatchObject({ defaults: { ...defaultLimits, maxRows: 5 }, ceiling: ceilingLimits })
    expect(after.catalog.relations).toHaveLength(2)
    expect(after.view.relations).toHaveLength(1)
  })

  test('one asker is given one target, until its policy, its connection or its catalog is another', async () => {
    const connections = house.room()
    const asker = reader()
    const { id, name } = await connections.create(editor(), inputTo(shop))
    const first = await connections.target(asker, id)
    expect(await connections.target(asker, id)).toBe(first)
    expect(await connections.target(asker, name)).toEqual({ ...first, lease: expect.any(Function) })
    await connections.setPolicy(editor(), id, policyBody)
    const second = await connections.target(asker, id)
    expect(second.view.relations.map((relation) => relation.name)).toEqual(['customer'])
    await connections.update(editor(), id, { ...inputTo(shop), name: `renamed-${newId()}` })
    const third = await connections.target(asker, id)
    expect([third.connection.name, third.connection.id]).not.toEqual([name, id])
    await shop.query('CREATE TABLE later (id int)')
    await connections.catalog(asker, id, { refresh: true })
    expect((await connections.target(asker, id)).view.relations.map((relation) => relation.name)).toContain('later')
    await connections.remove(editor(), id)
    expect(await codeOf(connections.target(asker, id))).toBe('connections.unknown')
    await shop.query('DROP TABLE later')
  })

  test('the same policy has the same version, in whatever order it was written', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    await connections.setPolicy(editor(), id, policyBody)
    const first = (await connections.target(reader(), id)).policy.version
    await connections.setPolicy(editor(), id, Object.fromEntries(Object.entries(policyBody).toReversed()) as unknown as PolicyBody)
    expect((await connections.target(reader(), id)).policy.version).toBe(first)
  })

  test('a lower disclosure takes the statistics away with it', async () => {
    const database = await freshDatabase()
    await database.query("CREATE TABLE t (kind text); INSERT INTO t SELECT 'a' FROM generate_series(1, 100); ANALYZE t")
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(database))
    const statistics = async () => (await connections.catalog(reader(), id)).relations[0]?.columns[0]?.statistics ?? null
    expect(await statistics()).not.toBeNull()
    await connections.setPolicy(editor(), id, { ...policyBody, rules: [] })
    expect(await statistics()).toBeNull()
  })

  test('a policy that cannot be used is refused and changes nothing', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    const broken = { ...policyBody, disclosure: 'everything' } as unknown as PolicyBody
    expect(await codeOf(connections.setPolicy(editor(), id, broken))).toBe('connections.policy-invalid')
    expect((await connections.policy(editor(), id)).rules).toEqual([])
  })

  test.each<[string, Partial<PolicyBody>, RegExp | null]>([
    ['a table that is not there', { masks: [mask(['custmer'], ['iban'])] }, /masks\.0\.tables: there is no table custmer/],
    ['a column that is not there', { masks: [mask(['customer'], ['ibn'])] }, /masks\.0\.columns: no table it names has a column ibn/],
    [
      'a bucket of a text',
      { masks: [{ ...mask(['customer'], ['name']), mask: { kind: 'bucket', by: 10 } }] },
      /customer\.name is text, which a bucket of 10 does not fit/,
    ],
    [
      'a filter by an unknown column',
      { filters: [filter('regio = actor.region')] },
      /filters\.0\.where: public\.customer has no column regio/,
    ],
    ['a filter that is none', { filters: [filter('name = ')] }, /filters\.0\.where is not a filter: .*at character 8/],
    ['a filter that calls', { filters: [filter("lower(name) = 'a'")] }, /is not a filter/],
    ['a filter with a sub-select', { filters: [filter('id IN (SELECT 1)')] }, /is not a filter/],
    ['a name AI-Shell gives itself', { attributes: [{ members: [], roles: [], set: { name: 'root' } }] }, /attributes\.0/],
    ['patterns, which may match nothing yet', { masks: [mask(['later_*'], ['x']), mask(['customer'], ['x*'])] }, null],
    ['names in any case', { masks: [mask(['CUSTOMER'], ['IBAN'])], filters: [filter('NAME = actor.name AND "iban" IS NOT NULL')] }, null],
  ])('masks and filters are held against the catalog: %s', async (_what, more, problem) => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    const failure: unknown = await connections.setPolicy(editor(), id, { ...policyBody, ...more }).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure === null ? '' : (failure as Error).message).toMatch(problem ?? /^$/)
    expect((await connections.policy(editor(), id)).masks.length > 0).toBe(problem === null)
  })

  test('what is masked or filtered is not told by statistics either', async () => {
    const database = await freshDatabase()
    await database.query(
      "CREATE TABLE t (kind text, open text); INSERT INTO t SELECT 'secret', 'b' FROM generate_series(1, 100); ANALYZE t",
    )
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(database))
    const told = async (actor: Actor) => JSON.stringify((await connections.catalog(actor, id)).relations)
    const body = { ...policyBody, disclosure: 'statistics' as const, rules: [] }
    await connections.setPolicy(editor(), id, { ...body, masks: [{ ...mask(['t'], ['kind']), roles: ['reader'] }] })
    expect(await told(reader())).not.toContain('secret')
    expect(await told(reader())).toContain('"b"')
    expect(await told(editor())).toContain('secret')
    await connections.setPolicy(editor(), id, { ...body, filters: [{ roles: ['reader'], tables: ['t'], where: "open = 'x'" }] })
    expect(await told(reader())).not.toMatch(/secret|"b"|100/)
  })

  test('the key of hash masks is the connection’s own, and the same on every server', async () => {
    const rooms = [house.room(), house.room()] as const
    const ids = [await rooms[0].create(editor(), inputTo(shop)), await rooms[0].create(editor(), inputTo(shop))]
    const hashed = { ...policyBody, masks: [{ ...mask(['customer'], ['iban']), mask: { kind: 'hash' as const } }] }
    for (const { id } of ids) await rooms[0].setPolicy(editor(), id, hashed)
    const keys = await Promise.all(ids.flatMap(({ id }) => rooms.map(async (room) => (await room.target(reader(), id)).maskKey)))
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2]])
    expect(keys[2]).not.toBe(keys[0])
  })

  test('a saved policy that cannot be read closes its connection', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    await connections.setPolicy(editor(), id, policyBody)
    await execute(house.superuser, `UPDATE policy SET body = '{"disclosure":"everything"}' WHERE connection_id = $1`, [id])
    expect(await codeOf(house.room().target(reader(), id))).toBe('connections.policy-unreadable')
  })

  test('a hundred first questions read the catalog once', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    await Promise.all(Array.from({ length: 100 }, () => connections.target(reader(), id)))
    expect(house.observed.filter((one) => one.type === 'catalog-read')).toHaveLength(1)
    const [one, two] = [await connections.target(reader(), id), await connections.target(reader(), id)]
    expect(one.view).toBe(two.view)
  })

  test('a new table is seen on refresh, or when the catalog has aged, behind an answer with the old one', async () => {
    const database = await freshDatabase()
    await database.query('CREATE TABLE old (id int)')
    const connections = house.room({ catalogTtlMs: 1 })
    const { id } = await connections.create(editor(), inputTo(database))
    const names = async (refresh = false) =>
      (await connections.catalog(reader(), id, { refresh })).relations.map((relation) => relation.name)
    expect(await names()).toEqual(['old'])
    await database.query('CREATE TABLE newer (id int)')
    await expect.poll(() => names(), { timeout: 10_000 }).toEqual(['newer', 'old'])
    await database.query('CREATE TABLE newest (id int)')
    expect(await names(true)).toEqual(['newer', 'newest', 'old'])
  })
})

describe('leases', () => {
  test('are counted while they are out and while they are waited for', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    const target = await connections.target(reader(), id)
    const signal = new AbortController().signal
    const [one, two] = [await target.lease(signal), await target.lease(signal)]
    const third = target.lease(signal)
    const last = () => house.observed.findLast((seen) => seen.type === 'leases-changed')
    expect(last()).toMatchObject({ used: 2, waiting: 1 })
    await one.release()
    await (await third).release()
    await two.release()
    await two.release() // a second release is no second return
    expect(last()).toMatchObject({ used: 0, waiting: 0 })
  })

  test('one that was given up while it waited is counted no longer', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    const target = await connections.target(reader(), id)
    const held = [await target.lease(new AbortController().signal), await target.lease(new AbortController().signal)]
    const leaving = new AbortController()
    const waiting = codeOf(target.lease(leaving.signal))
    leaving.abort()
    expect(await waiting).toBe('run.cancelled')
    await Promise.all(held.map((lease) => lease.release()))
    expect(house.observed.findLast((seen) => seen.type === 'leases-changed')).toMatchObject({ used: 0, waiting: 0 })
  })

  test('after close nothing is opened any more', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), inputTo(shop))
    await connections.close()
    expect(await codeOf(connections.target(reader(), id))).toBe('connections.closed')
  })
})

describe('declared connections and the demo', () => {
  function declared() {
    const warehouse = { input: without(inputTo(shop, 'Warehouse')), password: shop.reader.password, policy: policyBody }
    const open = { input: without(inputTo(shop, 'open')), password: shop.reader.password, policy: null }
    const demo = { input: without(inputTo(shop, 'harbor-goods')), password: shop.reader.password, policy: null }
    return house.room({
      declarations: { scope: house.scope, declared: [warehouse, open], demo, startedAt: new Date('2026-01-01T00:00:00Z') },
    })
  }

  test('are listed and asked like any other', async () => {
    const connections = declared()
    const all = (await connections.list(reader())).filter((body) => body.origin !== 'api')
    expect(all.map((body) => [body.id, body.origin])).toEqual([
      ['demo:harbor-goods', 'demo'],
      ['file:open', 'file'],
      ['file:warehouse', 'file'],
    ])
    const target = await connections.target(reader(), 'warehouse')
    expect(target.view.relations.map((relation) => relation.name)).toEqual(['customer'])
    expect(target.policy.defaults.maxRows).toBe(5)
    expect((await connections.target(reader(), 'file:open')).policy.rules).toEqual([])
    expect(JSON.stringify(await connections.list(admin()))).not.toContain(shop.reader.password.reveal())
  })

  test('cannot be changed through the API, and their names are taken', async () => {
    const connections = declared()
    for (const name of ['warehouse', 'harbor-goods']) {
      expect(await codeOf(connections.update(admin(), name, inputTo(shop)))).toBe('connections.declared')
      expect(await codeOf(connections.remove(admin(), name))).toBe('connections.declared')
      expect(await codeOf(connections.create(admin(), inputTo(shop, name.toUpperCase())))).toBe('connections.name-taken')
    }
    expect(await codeOf(connections.setPolicy(admin(), 'warehouse', policyBody))).toBe('connections.declared')
    expect(await connections.policy(admin(), 'warehouse')).toEqual(policyBody)
  })

  test('the demo’s policy can be changed and stays', async () => {
    await declared().setPolicy(admin(), 'harbor-goods', policyBody)
    const connections = declared()
    expect((await connections.target(reader(), 'harbor-goods')).view.relations).toHaveLength(1)
    expect(await connections.policy(admin(), 'harbor-goods')).toEqual(policyBody)
  })

  test('belong to the tenant that declared them', async () => {
    expect(await codeOf(declared().target(house.as('admin', { tenantId: newId() }), 'warehouse'))).toBe('connections.unknown')
  })
})
