import { afterAll, expect, test } from 'vitest'
import { openPolicy, type Dialect, type Policy } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'

const guard = createGuard()
afterAll(() => guard.close())

const text = "SELECT id FROM customer WHERE email LIKE '%@example.org'"
const idOnly: Policy['rules'] = [
  { effect: 'allow', roles: ['reader'], tables: ['known'], columns: [] },
  { effect: 'allow', roles: ['reader'], tables: ['customer'], columns: ['id'] },
]
const viewOnly: Policy['rules'] = [{ effect: 'allow', roles: ['reader'], tables: ['known'], columns: [] }]
const hiddenTable: Policy['rules'] = [{ effect: 'deny', roles: ['reader'], tables: ['known', 'customer'], columns: [] }]

async function codesOf(dialect: Dialect, sql: string, rules: Policy['rules'], isExplained = false): Promise<string[]> {
  const definition = dialect === 'sqlite' ? `CREATE VIEW known AS ${text}` : text
  const catalog = catalogFrom(dialect, [
    { name: 'customer', columns: ['id:integer', 'email'] },
    { name: 'known', kind: 'view', columns: ['id:integer'], definition },
  ])
  const policy = { ...openPolicy, rules, version: JSON.stringify(rules) }
  const context = { catalog, dialect, policy, roles: ['reader'], connectionId: dialect, limits: policy.defaults, isExplained }
  return (await guard.guard({ sql, params: [] }, context)).verdict.reasons.map((reason) => reason.code)
}

test.each<[Dialect, string]>([
  ['postgres', 'EXPLAIN VERBOSE SELECT * FROM known'],
  ['postgres', 'EXPLAIN (ANALYZE, FORMAT json) SELECT count(*) FROM known k'],
  ['mysql', 'EXPLAIN SELECT * FROM known'],
  ['mariadb', 'EXPLAIN FORMAT=JSON SELECT * FROM known'],
  ['sqlite', 'EXPLAIN QUERY PLAN SELECT * FROM known'],
  ['sqlite', 'EXPLAIN SELECT count(*) FROM known'],
])('%s tells no plan of a view over what is hidden: %s', async (dialect, sql) => {
  expect(await codesOf(dialect, sql, viewOnly)).toEqual(['guard.explain-hidden'])
  expect(await codesOf(dialect, sql, [])).toEqual([])
  // Of a view that is hidden itself not even that it is one is told.
  expect(await codesOf(dialect, sql, hiddenTable)).toEqual(['guard.table-not-available'])
})

test.each<Dialect>(['postgres', 'mysql', 'mariadb', 'sqlite'])('%s tells none of a view over a column that is hidden', async (dialect) => {
  expect(await codesOf(dialect, 'EXPLAIN SELECT id FROM known', idOnly)).toEqual(['guard.explain-hidden'])
  expect(await codesOf(dialect, 'SELECT id FROM known', idOnly)).toEqual([])
})

test.each<Dialect>(['postgres', 'mysql', 'mariadb', 'sqlite'])('nor the plan %s would make of the statement itself', async (dialect) => {
  expect(await codesOf(dialect, 'SELECT id FROM known', viewOnly)).toEqual([])
  expect(await codesOf(dialect, 'SELECT id FROM known', viewOnly, true)).toEqual(['guard.explain-hidden'])
})
