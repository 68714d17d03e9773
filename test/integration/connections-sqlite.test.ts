import { mkdirSync, mkdtempSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ConnectionInput } from '../../src/contract/index.ts'
import type { Connections } from '../../src/platform/connections/index.ts'
import { createPostgresEngine, createSqliteEngine } from '../../src/platform/engines/index.ts'
import { codeOf, connectionsHouse, inputTo, type ConnectionsHouse } from '../support/connections-house.ts'
import { freshDatabase } from '../support/postgres-server.ts'

let house: ConnectionsHouse
let open: string
let closed: string

beforeAll(async () => {
  house = await connectionsHouse()
  const folder = mkdtempSync(join(tmpdir(), 'aishell-sqlite-'))
  open = join(folder, 'open')
  closed = join(folder, 'closed')
  for (const place of [open, closed]) {
    mkdirSync(place)
    const database = new DatabaseSync(join(place, 'notes.db'))
    database.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, secret TEXT)')
    database.close()
  }
})
afterEach(async () => house.tidy())
afterAll(async () => house.close())

function room(): Connections {
  return house.room({
    engines: [createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }), createSqliteEngine({ allowedDirectories: [open] })],
  })
}

function input(folder: string, name: string): ConnectionInput {
  return { name, description: '', engine: 'sqlite', target: { file: join(folder, 'notes.db') } }
}

test('a file in an open folder is saved and its catalog read, under its policy', async () => {
  const connections = room()
  const { id } = await connections.create(house.as('editor'), input(open, 'notes'))
  const policy = await connections.policy(house.as('editor'), id)
  await connections.setPolicy(house.as('editor'), id, {
    ...policy,
    rules: [{ effect: 'deny', roles: [], tables: ['note'], columns: ['secret'] }],
  })
  const target = await connections.target(house.as('reader'), id)
  expect(target.catalog.dialect).toBe('sqlite')
  expect(target.view.relations[0]?.columns.map((column) => column.name)).toEqual(['id', 'text'])
  expect(await connections.test(house.as('editor'), id)).toMatchObject({ isReachable: true })
})

test('a file elsewhere is refused, and not looked for', async () => {
  const connections = room()
  const codes = [
    await codeOf(connections.create(house.as('editor'), input(closed, 'elsewhere'))),
    await codeOf(connections.create(house.as('editor'), input(join(closed, 'no-such-folder'), 'elsewhere'))),
  ]
  expect(new Set(codes).size).toBe(1)
  expect(codes[0]).not.toBe('fulfilled')
  expect((await connections.list(house.as('editor'))).some((body) => body.name === 'elsewhere')).toBe(false)
})

test('a connection that becomes another engine leaves its old password behind', async () => {
  const connections = room()
  const shop = await freshDatabase()
  const { id } = await connections.create(house.as('editor'), inputTo(shop, 'turncoat'))
  await connections.update(house.as('editor'), id, input(open, 'turncoat'))
  expect((await connections.target(house.as('reader'), id)).catalog.dialect).toBe('sqlite')
  const { password: _gone, ...target } = inputTo(shop).target
  await connections.update(house.as('editor'), id, { ...inputTo(shop, 'turncoat'), target })
  expect((await connections.test(house.as('editor'), id)).findings).toMatchObject([{ code: 'engines.credentials-refused' }])
})
