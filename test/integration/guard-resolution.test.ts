import { afterAll, describe, expect, test } from 'vitest'
import { openPolicy, type Catalog, type Policy, type Verdict } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'

const guard = createGuard()
afterAll(() => guard.close())

async function verdictOn(sql: string, catalog: Catalog, policy: Partial<Policy> = {}): Promise<Verdict> {
  const held = { ...openPolicy, ...policy, version: JSON.stringify(policy) }
  const context = { catalog, dialect: catalog.dialect, policy: held, roles: ['reader'], connectionId: 'r', limits: held.defaults }
  return (await guard.guard({ sql, params: [] }, context)).verdict
}

const denied = (table: string, columns: readonly string[]): Partial<Policy> => ({
  rules: [{ effect: 'deny', roles: [], tables: [table], columns }],
})

describe('a child of several tables', () => {
  const catalog = catalogFrom('postgres', [
    { name: 'person', columns: ['id', 'name'] },
    { name: 'account', columns: ['id', 'pin'] },
    { name: 'client', columns: ['id', 'name', 'pin'], parents: ['public.person', 'public.account'] },
    { name: 'vip', columns: ['id', 'name', 'pin'], parents: ['public.client', 'public.person', 'elsewhere.unlisted'] }, // by two ways, and of what is not shown
  ])

  test.each(['client', 'vip'])('%s is held to the rules on each of them', async (table) => {
    expect((await verdictOn(`SELECT pin FROM ${table}`, catalog, denied('account', ['pin']))).decision).toBe('refuse')
    expect((await verdictOn(`SELECT id FROM ${table}`, catalog, denied('person', []))).decision).toBe('refuse')
    expect((await verdictOn(`SELECT name FROM ${table}`, catalog, denied('account', ['pin']))).decision).toBe('allow')
  })

  test('and its own rules hold for what is read through any of them', async () => {
    for (const parent of ['person', 'account'])
      expect((await verdictOn(`SELECT id FROM ${parent}`, catalog, denied('vip', []))).decision).toBe('refuse')
  })
})

describe('a field of a whole row', () => {
  const catalog = catalogFrom('postgres', [{ name: 'customer', columns: ['id', 'name', 'email'] }])

  test.each([
    ['SELECT (c).name FROM customer c', 'allow', ['public.customer.name']],
    ['SELECT (c.*).name FROM customer c', 'allow', ['public.customer.name']],
    ['SELECT (SELECT (c).name) FROM customer c', 'allow', ['public.customer.name']],
    ['SELECT (c).email FROM customer c', 'refuse', []],
    ['SELECT (c.*).email FROM customer c', 'refuse', []],
    ['SELECT (c).to_jsonb FROM customer c', 'refuse', ['public.customer.id', 'public.customer.name']],
    ['SELECT (c).no_such FROM customer c', 'refuse', []],
    ['SELECT (d).name FROM customer c', 'refuse', []],
    ['SELECT (c).name FROM customer c, (SELECT 1 AS c) d', 'allow', []],
  ])('%s: %s', async (sql, decision, columns) => {
    expect(await verdictOn(sql, catalog, denied('customer', ['email']))).toMatchObject({ decision, columns })
  })
})

describe('functions and operators of the database', () => {
  const relations = [{ name: 'customer', columns: ['id', 'name'] }]
  const functions = ['public', 'elsewhere'].map((schema) => ({
    schema,
    name: schema === 'public' ? 'upper' : 'lower',
    argumentTypes: ['text'],
    resultType: 'text',
    volatility: 'immutable' as const,
  }))
  const catalog = catalogFrom('postgres', relations, { functions, operators: ['public.||', 'elsewhere.+'] })

  test.each([
    ['SELECT lower(name) FROM customer', 'allow'],
    ['SELECT elsewhere.lower(name) FROM customer', 'refuse'],
    ['SELECT upper(name) FROM customer', 'refuse'],
    ['SELECT pg_catalog.upper(name) FROM customer', 'allow'],
    ['SELECT id + 1 FROM customer', 'allow'],
    ['SELECT id OPERATOR(elsewhere.+) 1 FROM customer', 'refuse'],
    ['SELECT name || name FROM customer', 'refuse'],
    ['SELECT name OPERATOR(pg_catalog.||) name FROM customer', 'allow'],
  ])('stand in for the server’s own only where the search path finds them: %s: %s', async (sql, decision) => {
    expect((await verdictOn(sql, catalog)).decision).toBe(decision)
  })
})
