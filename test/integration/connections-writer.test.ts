import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Secret, type Actor } from '../../src/domain/index.ts'
import { policyShape, type PolicyBody } from '../../src/contract/index.ts'
import type { Connections } from '../../src/platform/connections/index.ts'
import { refusedReference } from '../../src/platform/connections/index.ts'
import { createMysqlEngine } from '../../src/platform/engines/index.ts'
import { approvalRig, type ApprovalRig } from '../support/approval-rig.ts'
import { codeOf, connectionsHouse, inputTo, without, type ConnectionsHouse, type PostgresInput } from '../support/connections-house.ts'
import { freshMariadbDatabase } from '../support/mariadb-server.ts'
import { describeMysql } from '../support/describe-mysql.ts'
import { execute, freshDatabase, freshStore, testServer, type TestDatabase } from '../support/postgres-server.ts'

let house: ConnectionsHouse
let shop: TestDatabase
let writer: { user: string; password: string }

beforeAll(async () => {
  house = await connectionsHouse()
  shop = await freshDatabase()
  writer = { user: `${shop.database}_writer`, password: 'writes' }
  await shop.query('CREATE TABLE till (id int PRIMARY KEY, amount numeric); CREATE TABLE "Odd one" (id serial PRIMARY KEY)')
  await shop.query('CREATE TABLE secret (id int PRIMARY KEY); INSERT INTO secret VALUES (1); INSERT INTO till VALUES (1, 1), (2, 2)')
  await shop.query(`CREATE ROLE ${writer.user} LOGIN PASSWORD '${writer.password}'; GRANT SELECT, UPDATE ON till TO ${writer.user}`)
})
afterEach(() => house.tidy())
afterAll(() => house.close())

const editor = (): Actor => house.as('editor')
const reader = (): Actor => house.as('reader')
const withWriter = (more: Partial<{ user: string; password: string }> = {}): PostgresInput =>
  inputTo(shop, undefined, { writer: { ...writer, ...more } })

async function leaseCode(connections: Connections, id: string): Promise<string> {
  const target = await connections.target(reader(), id)
  return codeOf(target.lease(new AbortController().signal, 'write').then((lease) => lease.release()))
}

describe('a connection with another user for writes', () => {
  let rig: ApprovalRig
  beforeAll(async () => {
    rig = await approvalRig(await freshStore())
  })
  afterAll(() => rig.close())

  test('reads as the one and writes as the other, and without it writes as the one', async () => {
    const { actor } = await rig.member('ada', 'admin')
    const other = (await rig.member('eve', 'admin')).actor
    const { connections } = rig.rooms
    const input = inputTo(shop, 'shop')
    const { id } = await connections.create(actor, input)
    const policy: PolicyBody = policyShape.parse({ writers: ['admin'] })
    await connections.setPolicy(actor, id, policy)
    const write = 'UPDATE till SET amount = amount + 10 WHERE id = 1'
    await expect(rig.request(actor, 'shop', write)).rejects.toThrow('nothing waits')
    await connections.update(actor, id, { ...without(input), target: { ...without(input).target, writer } })
    const { id: approval } = await rig.request(actor, 'shop', write)
    await rig.desk.approve(other, approval, null)
    await expect.poll(async () => (await rig.desk.get(other, approval)).state).toBe('executed')
    expect((await shop.query('SELECT amount FROM till WHERE id = 1')).rows).toEqual([{ amount: '11' }])
    // The writer may not read this table, the other one may.
    expect((await connections.target(actor, id)).catalog.relations.map((one) => one.name)).toContain('secret')
  })
})

describe('the writer of a connection', () => {
  test('is shown without its password, which no row of the store holds in the open', async () => {
    const { id, target } = await house.room().create(editor(), withWriter())
    expect(target).toMatchObject({ user: shop.reader.user, writer: { user: writer.user } })
    expect(JSON.stringify(target)).not.toContain(writer.password)
    const { rows } = await execute(house.superuser, 'SELECT c::text AS row FROM connection c WHERE connection_id = $1', [id])
    expect(rows[0].row).not.toContain(writer.password)
    expect((await house.room().get(reader(), id)).target).toBeNull()
  })

  test('stays with its password where a change leaves it out, and goes with null', async () => {
    const connections = house.room()
    const input = withWriter()
    const { writer: _left, ...target } = without(input).target
    const { id } = await connections.create(editor(), input)
    await connections.update(editor(), id, { ...input, target, description: 'other words' })
    expect(await leaseCode(connections, id)).toBe('fulfilled')
    expect((await connections.test(editor(), id)).writer).toMatchObject({ isReachable: true, databaseUser: writer.user })
    await connections.update(editor(), id, { ...input, target: { ...target, writer: null } })
    expect(await connections.test(editor(), id)).toMatchObject({ isReachable: true, writer: null })
  })

  test.each<readonly [string, Partial<PostgresInput['target']>]>([
    ['another host', { host: 'evil.example.org' }],
    ['another encryption', { sslmode: 'require' }],
    ['another writer', { writer: { user: 'postgres' } }],
  ])('does not take its saved password to %s', async (_name, target) => {
    const connections = house.room()
    const input = withWriter()
    const { id } = await connections.create(editor(), input)
    const { writer: _left, ...rest } = input.target
    expect(await codeOf(connections.update(editor(), id, { ...input, target: { ...rest, ...target } }))).toBe('connections.password-needed')
  })

  test('whose sealed password is put in the place of the other opens nothing', async () => {
    const { id } = await house.room().create(editor(), withWriter())
    await execute(
      house.superuser,
      'UPDATE connection SET sealed_password = sealed_writer_password, secret_version = writer_secret_version WHERE connection_id = $1',
      [id],
    )
    expect(await codeOf(house.room().target(reader(), id))).toBe('store.seal-broken')
  })

  test('has a new password from then on', async () => {
    const connections = house.room()
    const input = withWriter()
    const { id } = await connections.create(editor(), input)
    expect(await leaseCode(connections, id)).toBe('fulfilled')
    await connections.update(editor(), id, { ...input, target: { ...input.target, writer: { ...writer, password: 'wrong' } } })
    expect(await leaseCode(connections, id)).toBe('engines.credentials-refused')
  })

  test('that cannot sign in keeps nobody from reading', async () => {
    const connections = house.room()
    const { id } = await connections.create(editor(), withWriter({ password: 'wrong' }))
    expect(house.observed).toContainEqual(
      expect.objectContaining({ code: 'connections.unreachable', message: expect.stringContaining('writer') }),
    )
    expect((await connections.target(reader(), id)).catalog.relations).toHaveLength(3)
    expect(await connections.test(editor(), id)).toMatchObject({
      isReachable: true,
      level: 'least',
      writer: { isReachable: false, findings: [{ code: 'engines.credentials-refused' }] },
    })
  })

  test('may name where its password is; what cannot be found is said to who writes, not to who reads', async () => {
    let password: Secret | null = new Secret(writer.password)
    const passwordFrom = async (_scope: unknown, reference: string): Promise<Secret> => {
      if (password === null) throw refusedReference(reference)
      return password
    }
    const connections = house.room({ passwordFrom })
    const input = inputTo(shop, undefined, { writer: { user: writer.user, passwordFrom: 'env:WRITER' } })
    const { id, target } = await connections.create(editor(), input)
    expect(target).toMatchObject({ writer: { user: writer.user, passwordFrom: 'env:WRITER' } })
    expect(await leaseCode(connections, id)).toBe('fulfilled')
    password = null
    const later = house.room({ passwordFrom })
    expect(await leaseCode(later, id)).toBe('connections.password-reference')
    expect((await later.test(editor(), id)).writer).toMatchObject({ isReachable: false })
    expect(await codeOf(later.create(editor(), inputTo(shop, undefined, { writer: { user: 'w', passwordFrom: 'env:X' } })))).toBe(
      'connections.password-reference',
    )
  })

  test('is no superuser, neither when saved nor when it became one', async () => {
    const { user, password } = testServer()
    const input = withWriter({ user, password: password.reveal() })
    expect(await codeOf(house.room().create(editor(), input))).toBe('connections.superuser')
    const { id } = await house.room({ allowSuperusers: true }).create(editor(), input)
    const connections = house.room()
    expect((await connections.target(reader(), id)).catalog.relations).toHaveLength(3)
    expect(await leaseCode(connections, id)).toBe('connections.superuser')
  })
})

describe('the test of a connection', () => {
  test('says what its writer may write, and that it may do no more', async () => {
    const { id } = await house.room().create(editor(), withWriter())
    expect(await house.room().test(editor(), id)).toMatchObject({
      level: 'least',
      writer: { level: 'least', script: null, findings: [{ code: 'engines.writes', message: 'It may write: public.till.' }] },
    })
  })

  test('finds a reader that may write, also in single columns', async () => {
    const other = await freshDatabase()
    await other.query(`CREATE TABLE t (id int, note text); GRANT UPDATE (note) ON t TO ${other.reader.user}`)
    const input = inputTo(other, undefined, { writer: { user: other.user, password: other.password.reveal() } })
    const report = await house.room({ allowSuperusers: true }).test(editor(), input)
    expect(report).toMatchObject({ level: 'excess', findings: [{ code: 'engines.writes' }] })
    expect(report.findings[0]?.message).toBe('It may write: public.t. It need not: approved writes run as the writer of the connection.')
    expect(report.script).not.toContain('aishell_writer')
    expect(report.writer).toMatchObject({ level: 'excess' })
    expect(report.writer?.findings.map((finding) => finding.code)).toContain('engines.superuser')
  })

  test('gives a script for a writer, which can change rows and nothing else', async () => {
    const other = await freshDatabase()
    await other.query('CREATE SCHEMA "My schema"; CREATE TABLE "My schema"."It""s" (id serial PRIMARY KEY, note text)')
    const asOwner = inputTo(other, undefined, { user: other.user, password: other.password.reveal() })
    const { script, writer: none } = await house.room().test(editor(), asOwner)
    expect(none).toBeNull()
    const names = { reader: `${other.database}_less`, writer: `${other.database}_w` }
    const own = (script ?? '').replaceAll('aishell_reader', names.reader).replaceAll('aishell_writer', names.writer)
    await other.query(own.replaceAll('<choose one>', 'chosen'))
    const input = inputTo(other, undefined, { user: names.reader, password: 'chosen', writer: { user: names.writer, password: 'chosen' } })
    expect(await house.room().test(editor(), input)).toMatchObject({
      level: 'least',
      findings: [],
      writer: { level: 'least', findings: [{ code: 'engines.writes' }] },
    })
    const asWriter = { ...other, user: names.writer, password: new Secret('chosen') }
    await execute(asWriter, `INSERT INTO "My schema"."It""s" (note) VALUES ('x')`)
    await expect(execute(asWriter, 'CREATE TABLE "My schema".more (id int)')).rejects.toThrow(/permission denied/)
  })

  test('tells of a writer that may write nothing', async () => {
    const other = await freshDatabase()
    await other.query('CREATE TABLE t (id int)')
    const { user, password } = other.reader
    const report = await house.room().test(editor(), inputTo(other, undefined, { writer: { user, password: password.reveal() } }))
    expect(report.writer).toMatchObject({ level: 'least', findings: [{ code: 'engines.writes-nothing' }] })
    expect(report.writer?.script).toContain('GRANT SELECT, INSERT, UPDATE, DELETE ON public.t TO aishell_writer;')
  })

  describeMysql('a script for a writer', (kind, start) => {
    test('is given, and reported of', async () => {
      const server = await start()
      const database = await freshMariadbDatabase(server)
      await database.script('CREATE TABLE `it``s_50%` (id int PRIMARY KEY, note varchar(20)); CREATE TABLE plain (id int PRIMARY KEY)')
      const connections = house.room({
        engines: [createMysqlEngine(kind, { allowPrivateHosts: true, allowedHosts: [] })],
        allowSuperusers: true,
      })
      const to = (user: string, password: string, more: object = {}) => ({
        name: 'till',
        description: '',
        engine: kind,
        target: {
          host: database.host,
          port: database.port,
          database: database.database,
          sslmode: 'disable' as const,
          user,
          password,
          ...more,
        },
      })
      const root = await connections.test(editor(), to(database.user, database.password.reveal()))
      await database.script((root.script ?? '').replaceAll('<choose one>', 'chosen').replaceAll("'%'", "'127.0.0.1'"))
      const both = to('aishell_reader', 'chosen', { writer: { user: 'aishell_writer', password: 'chosen' } })
      expect(await connections.test(editor(), both)).toMatchObject({
        level: 'least',
        findings: [],
        writer: { isReachable: true, level: 'least', script: null, findings: [{ code: 'engines.writes' }] },
      })
      await database.script(`GRANT ALL ON ${database.database}.* TO aishell_writer@127.0.0.1`)
      const grown = await connections.test(editor(), both)
      expect(grown.writer).toMatchObject({ level: 'excess' })
      expect(grown.writer?.findings.map((finding) => finding.code)).toEqual(['engines.creates', 'engines.writes'])
      await server.stop()
    })
  })
})
