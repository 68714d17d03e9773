import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMysqlWorld } from '../../bench/guard/fuzz/mysql-world.ts'
import type { World } from '../../bench/guard/fuzz/world.ts'
import { describeMysql } from '../support/describe-mysql.ts'
import type { MysqlKind } from '../support/mysql-server.ts'

type Case = readonly [what: string, sql: string]

const ownCases: Readonly<Record<MysqlKind, readonly Case[]>> = {
  mariadb: [['a step of a sequence', 'SELECT NEXT VALUE FOR counter']],
  mysql: [
    ['a number kept in the session', 'SELECT LAST_INSERT_ID(5)'],
    ['a setting of the server', "SET GLOBAL init_connect = 'DO 0'"],
    ['a setting kept for its next start', 'SET PERSIST_ONLY back_log = 60'],
  ],
}

describeMysql('the world statements are fuzzed in', (dialect) => {
  let world: World
  beforeAll(async () => {
    world = await openMysqlWorld(dialect)
  })
  afterAll(() => world.close())

  test('sees nothing of a read', async () => {
    const reads = ['SELECT i.name, s.big FROM item i JOIN sale s ON s.item_id = i.id', 'SELECT * FROM nested ORDER BY id LIMIT 1']
    for (const sql of reads) expect(await world.run(sql)).toEqual({ error: null, change: null })
  })

  test.each<Case>([
    ['a row', "INSERT INTO trail VALUES ('a')"],
    ['what a function does', 'SELECT evil(1)'],
    ['a lock', "SELECT GET_LOCK('b', 0)"],
    ['a variable', 'SELECT @a := 5'],
    ['a table', 'CREATE TABLE fresh (a int)'],
    ['a setting', 'SET foreign_key_checks = 0'],
    ...ownCases[dialect],
  ])('sees %s that a statement leaves behind', async (_what, sql) => {
    const before = await world.run('SELECT 1') // what earlier ones have left is there already
    const { error, change } = await world.run(sql)
    expect(error).toBeNull()
    expect(change).not.toBe(before.change)
  })
})
