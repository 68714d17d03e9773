import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Mask } from '../../src/domain/index.ts'
import { createMysqlEngine, createPostgresEngine, createSqliteEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { MaskedWorlds } from '../support/mask-asking.ts'
import { freshMariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { policyWith, rule } from '../support/mask-world.ts'
import { mysqlHere, mysqlServers, type MysqlKind } from '../support/mysql-server.ts'
import { freshDatabase } from '../support/postgres-server.ts'

type Kind = 'postgres' | 'mariadb' | 'mysql' | 'sqlite'

const mariadbColumns =
  'id int, n int, amount decimal(10,2), ratio double, day date, at datetime, zoned timestamp NULL, flag boolean, word text, code varchar(9)'

/** One column of each type; the third row holds nothing. */
const columnsOf: Readonly<Record<Kind, string>> = {
  postgres:
    'id int, n int, amount numeric(10,2), ratio float8, day date, at timestamp, zoned timestamptz, flag boolean, word text, code varchar(9)',
  mariadb: mariadbColumns,
  mysql: mariadbColumns,
  sqlite: 'id int, n int, amount numeric, ratio real, day text, at text, zoned text, flag boolean, word text, code text',
}
const rows = `INSERT INTO kinds VALUES
  (1, 17, 17.50, 17.5, '2024-05-16', '2024-05-16 13:45:10', '2024-05-16 13:45:10', %t, 'abcdef', '12345'),
  (2, -17, -17.50, -17.5, '2023-12-31', '2023-12-31 23:59:59', '2023-12-31 23:59:59', %f, 'abc', '1'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`
const sqlOf = (kind: Kind): string =>
  `CREATE TABLE kinds (${columnsOf[kind]}); ${rows.replace('%t', kind === 'postgres' ? 'true' : '1').replace('%f', kind === 'postgres' ? 'false' : '0')};`

const directory = mkdtempSync(join(tmpdir(), 'aishell-mask-kinds-'))
const options = { maxLeases: 1, maxWaiting: 2, connectTimeoutMs: 10_000 }
const servers: MariadbServer[] = []
afterAll(async () => {
  for (const server of servers) await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function openOn(kind: MysqlKind): Promise<EnginePool> {
  const server = await mysqlServers[kind].start()
  servers.push(server)
  const database = await freshMariadbDatabase(server)
  await database.script(sqlOf(kind))
  return createMysqlEngine(kind, { allowPrivateHosts: true, allowedHosts: [] }).open({ engine: kind, ...database.reader }, options)
}

const opened: Readonly<Record<Kind, () => Promise<EnginePool>>> = {
  postgres: async () => {
    const database = await freshDatabase()
    await database.query(sqlOf('postgres'))
    return createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open({ engine: 'postgres', ...database.reader }, options)
  },
  mariadb: () => openOn('mariadb'),
  mysql: () => openOn('mysql'),
  sqlite: async () => {
    const file = join(directory, 'kinds.db')
    const database = new DatabaseSync(file)
    database.exec(sqlOf('sqlite'))
    database.close()
    return createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, options)
  },
}

type Shown = readonly [mask: Mask, column: string, first: string | null, second: string | null, third: string | null]

const bucket = (by: Extract<Mask, { kind: 'bucket' }>['by']): Mask => ({ kind: 'bucket', by })
const constant = (value: string): Mask => ({ kind: 'constant', value })

/** What every server must show of the three rows; numbers by value, times to the second. */
const everywhere: readonly Shown[] = [
  [bucket(10), 'n', '10', '-20', null],
  [bucket(10), 'amount', '10', '-20', null],
  [bucket(4), 'ratio', '16', '-20', null],
  [bucket(2.5), 'n', '15', '-17.5', null],
  [bucket('year'), 'day', '2024-01-01', '2023-01-01', null],
  [bucket('quarter'), 'day', '2024-04-01', '2023-10-01', null],
  [bucket('month'), 'day', '2024-05-01', '2023-12-01', null],
  [bucket('week'), 'day', '2024-05-13', '2023-12-25', null],
  [bucket('day'), 'day', '2024-05-16', '2023-12-31', null],
  [bucket('hour'), 'at', '2024-05-16 13:00:00', '2023-12-31 23:00:00', null],
  [{ kind: 'partial', show: 'first', count: 2 }, 'word', 'ab****', '****', null],
  [{ kind: 'partial', show: 'last', count: 2 }, 'word', '****ef', '****', null],
  [{ kind: 'partial', show: 'last', count: 2 }, 'code', '****45', '****', null],
  [constant('7'), 'n', '7', '7', '7'],
  [constant('none'), 'n', 'none', 'none', 'none'],
  [constant('none'), 'word', 'none', 'none', 'none'],
  [constant('none'), 'day', 'none', 'none', 'none'],
  [{ kind: 'null' }, 'n', null, null, null],
]

/** Cells are typed on PostgreSQL, MariaDB and MySQL: these would fail if a mask put text in their place. */
const typed: readonly Shown[] = [
  [bucket('year'), 'at', '2024-01-01 00:00:00', '2023-01-01 00:00:00', null],
  [bucket('quarter'), 'at', '2024-04-01 00:00:00', '2023-10-01 00:00:00', null],
  [bucket('month'), 'at', '2024-05-01 00:00:00', '2023-12-01 00:00:00', null],
  [bucket('week'), 'at', '2024-05-13 00:00:00', '2023-12-25 00:00:00', null],
  [bucket('day'), 'zoned', '2024-05-16 00:00:00', '2023-12-31 00:00:00', null],
  [bucket('hour'), 'day', '2024-05-16', '2023-12-31', null],
]

const postgresOnly: readonly Shown[] = [
  [constant('2.5'), 'ratio', '2.5', '2.5', '2.5'],
  [constant('none'), 'ratio', 'none', 'none', 'none'],
  [constant('TRUE'), 'flag', 'true', 'true', 'true'],
  [constant('none'), 'flag', 'none', 'none', 'none'],
  [constant('2024-02-28'), 'day', '2024-02-28', '2024-02-28', '2024-02-28'],
  [constant('2024-02-30'), 'day', '2024-02-30', '2024-02-30', '2024-02-30'],
  [constant('2020-01-01'), 'at', '2020-01-01 00:00:00', '2020-01-01 00:00:00', '2020-01-01 00:00:00'],
  [constant('2020-01-01'), 'zoned', '2020-01-01 00:00:00', '2020-01-01 00:00:00', '2020-01-01 00:00:00'],
  [constant('soon'), 'at', 'soon', 'soon', 'soon'],
  [constant('soon'), 'zoned', 'soon', 'soon', 'soon'],
]

/** How a cell is compared: as a number where it is one, times without a zone, fractions or a T. */
function plain(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null
  if (/^-?\d+(\.\d+)?$/.test(text)) return String(Number(text))
  return text.replace(/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.0+)?(Z|\+00(:00)?)?$/, '$1 $2')
}

describe.each<Kind>(['postgres', ...mysqlHere, 'sqlite'])('masks of %s', (kind) => {
  let pool: EnginePool
  let worlds: MaskedWorlds
  beforeAll(async () => {
    pool = await opened[kind]()
    worlds = new MaskedWorlds(pool, await pool.readCatalog({ disclosure: 'schema' }))
  })
  afterAll(async () => {
    await pool.close()
    await worlds.guard.close()
  })

  async function shown(mask: Mask, column: string, expression = column): Promise<(string | null)[] | string> {
    const policy = policyWith({ masks: [rule(['kinds'], [column], mask)] })
    const seen = await worlds.ask(`SELECT id, ${expression} FROM kinds`, policy)
    if (seen.rows === null) return seen.verdict.reasons[0]?.code ?? seen.failure ?? ''
    return seen.rows.map((row) => plain((JSON.parse(row) as (string | null)[])[1])) // sorted by id
  }

  const all = [...everywhere, ...(kind === 'sqlite' ? [] : typed), ...(kind === 'postgres' ? postgresOnly : [])]
  test.each(all.map(([mask, column, ...cells]) => [JSON.stringify(mask), column, mask, cells] as const))(
    '%s shows of %s what it promises',
    async (_, column, mask, cells) => {
      expect(await shown(mask, column)).toEqual(cells)
    },
  )

  test('masks that a type does not allow are refused, or show nothing where types are those of the values', async () => {
    const unfit = kind === 'sqlite' ? [null, null, null] : 'guard.mask-unfit'
    expect(await shown(bucket(10), 'word')).toEqual(unfit)
    expect(await shown(bucket('year'), 'n')).toEqual(unfit)
  })

  test.each(kind === 'postgres' ? ['constants'] : [])('%s have the type of their column where they can', async () => {
    expect(await shown(constant('7'), 'n', 'n + 1')).toEqual(['8', '8', '8'])
    expect(await shown(constant('2.5'), 'ratio', 'ratio / 2')).toEqual(['1.25', '1.25', '1.25'])
    expect(await shown(constant('2024-02-28'), 'day', 'day + 1')).toEqual(['2024-02-29', '2024-02-29', '2024-02-29'])
    expect(await shown(constant('true'), 'flag', 'NOT flag')).toEqual(['false', 'false', 'false'])
  })

  const passing = async (where: string): Promise<readonly number[]> => {
    const policy = policyWith({ filters: [{ roles: [], tables: ['kinds'], where }] })
    const { rows: found, verdict, failure } = await worlds.ask('SELECT id FROM kinds', policy)
    if (found === null) throw new Error(`${verdict.reasons[0]?.code} ${failure}`)
    return found.map((row) => Number((JSON.parse(row) as (string | null)[])[0]))
  }

  test.each(kind === 'mariadb' || kind === 'mysql' ? ['a truth'] : [])('%s beside a word is a word', async () => {
    expect(await passing('word = true')).toEqual([])
  })

  test.each([
    ['flag', [1]],
    ['NOT flag', [2]],
    ['flag = false', [2]],
    ['true = flag', [1]],
    ['true', [1, 2, 3]],
    ['true AND NOT false', [1, 2, 3]],
    ['false', []],
    ['n IN (17, 3)', [1]],
    ['n IN (id, -17)', [2]],
    ['17 IN (n)', [1]],
    ['17 = n', [1]],
    ['id > n', [2]],
    ["word IN ('abc', 'x')", [2]],
    ["word LIKE 'abc_%'", [1]],
    ["actor.region = 'EU' AND id = 1", [1]],
    ["'EU' IN actor.region", [1, 2, 3]],
    ["'US' IN actor.region", []],
    ['1 = 1', [1, 2, 3]],
  ])('the filter %s lets through the rows it says', async (where, ids) => {
    expect(await passing(where)).toEqual(ids)
  })
})
