import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMysqlWorld } from '../../bench/guard/fuzz/mysql-world.ts'
import type { World } from '../../bench/guard/fuzz/world.ts'
import { mariadbMissing } from '../support/mariadb-server.ts'

describe.skipIf(mariadbMissing !== null)('the world MySQL statements are fuzzed in', () => {
  let world: World
  beforeAll(async () => {
    world = await openMysqlWorld('mariadb')
  })
  afterAll(() => world.close())

  test('sees nothing of a read', async () => {
    expect(await world.run('SELECT i.name, s.big FROM item i JOIN sale s ON s.item_id = i.id')).toEqual({ error: null, change: null })
  })

  test.each([
    ['a row', "INSERT INTO trail VALUES ('a')"],
    ['what a function does', 'SELECT evil(1)'],
    ['a step of a sequence', 'SELECT NEXT VALUE FOR counter'],
    ['a lock', "SELECT GET_LOCK('a', 0)"],
    ['a variable', 'SELECT @a := 5'],
    ['a table', 'CREATE TABLE fresh (a int)'],
    ['a setting', 'SET foreign_key_checks = 0'],
  ])('sees %s that a statement leaves behind', async (_what, sql) => {
    expect((await world.run(sql)).change).not.toBeNull()
  })
})
