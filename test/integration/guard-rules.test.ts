import { afterAll, describe, expect, test } from 'vitest'
import { openPolicy, type Catalog, type Dialect, type Policy, type Verdict } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom, type BriefRelation } from '../support/catalog-from.ts'

const guard = createGuard()
afterAll(() => guard.close())

interface Asked {
  readonly policy?: Partial<Policy>
  readonly roles?: readonly string[]
  readonly params?: readonly string[] | null
}

async function judged(
  dialect: Dialect,
  sql: string,
  catalog: Catalog | null,
  { policy = {}, roles = ['reader'], params = [] }: Asked = {},
) {
  const held = { ...openPolicy, ...policy, version: JSON.stringify(policy) }
  return await guard.guard({ sql, params }, { catalog, dialect, policy: held, roles, connectionId: 'rules', limits: held.defaults })
}

async function verdictOn(dialect: Dialect, sql: string, catalog: Catalog | null, asked: Asked = {}): Promise<Verdict> {
  return (await judged(dialect, sql, catalog, asked)).verdict
}

const codes = (verdict: Verdict): string[] => verdict.reasons.map((reason) => reason.code)
const deny = (table: string, columns: readonly string[] = [], roles: readonly string[] = []): Partial<Policy> => ({
  rules: [{ effect: 'deny', roles, tables: [table], columns }],
})

const dialects: readonly Dialect[] = ['postgres', 'mysql', 'mariadb', 'sqlite']
const view = (dialect: Dialect, name: string, columns: readonly string[], text: string): BriefRelation => ({
  name,
  kind: 'view',
  columns,
  definition: dialect === 'sqlite' ? `CREATE VIEW ${name} AS ${text}` : text,
})

describe.each(dialects)('views of %s', (dialect) => {
  const chain = Array.from({ length: 20 }, (_, at) =>
    view(dialect, `v${at + 1}`, ['id'], `SELECT id AS id FROM ${at === 0 ? 'item' : `v${at}`}`),
  )
  const relations = [
    { name: 'item', columns: ['id', 'cost'] },
    view(dialect, 'v_item', ['id'], 'SELECT id AS id FROM item'),
    view(dialect, 'v_cost', ['amount'], 'SELECT cost AS amount FROM item'),
    ...chain,
    view(dialect, 'v_both', ['id'], 'SELECT v2.id AS id FROM v2 JOIN v1 ON v1.id = v2.id'),
  ]
  const catalog = catalogFrom(dialect, relations)

  test('are held to what a rule denies of their tables and columns', async () => {
    expect((await verdictOn(dialect, 'SELECT id FROM v_item', catalog)).decision).toBe('allow')
    expect((await verdictOn(dialect, 'SELECT id FROM v_item', catalog, { policy: deny('item') })).decision).toBe('refuse')
    expect((await verdictOn(dialect, 'SELECT amount FROM v_cost', catalog, { policy: deny('item', ['cost']) })).decision).toBe('refuse')
    expect((await verdictOn(dialect, 'SELECT id FROM v_item', catalog, { policy: deny('item', ['cost']) })).decision).toBe('allow')
    expect((await verdictOn(dialect, 'SELECT id FROM v_both', catalog, { policy: deny('item', ['cost']) })).decision).toBe('allow')
    expect((await verdictOn(dialect, 'SELECT id FROM v_both', catalog, { policy: deny('item', ['id']) })).decision).toBe('refuse')
  })

  test('are followed down, but not without end', async () => {
    expect((await verdictOn(dialect, 'SELECT id FROM v9', catalog, { policy: deny('item') })).decision).toBe('refuse')
    const deepest = await verdictOn(dialect, 'SELECT id FROM v20', catalogFrom(dialect, relations, { version: 'of nothing known' }))
    expect(deepest.decision).toBe(dialect === 'sqlite' ? 'allow' : 'refuse') // SQLite follows them itself
  })
})

describe.each(dialects)('without a catalog, on %s', (dialect) => {
  const none = (sql: string, asked: Asked = {}): Promise<Verdict> => verdictOn(dialect, sql, null, { params: null, ...asked })

  test('names are taken as they are written', async () => {
    const schema = dialect === 'postgres' ? 'public.' : dialect === 'sqlite' ? 'main.' : ''
    expect(await none('SELECT a.id FROM item a JOIN other b ON b.id = a.id')).toMatchObject({
      decision: 'allow',
      tables: [`${schema}item`, `${schema}other`],
    })
  })

  test('functions nobody knows are refused', async () => {
    expect(codes(await none('SELECT own_thing(1)'))).toContain('guard.function-denied')
  })

  test('a rule on columns closes the table for the roles it names, and a denied one is not told of', async () => {
    expect(codes(await none('SELECT id FROM item', { policy: deny('item', ['cost'], ['reader']) }))).toEqual(['guard.columns-unknown'])
    expect((await none('SELECT id FROM item', { policy: deny('item', ['cost'], ['editor']) })).decision).toBe('allow')
    const denied = await none('SELECT id FROM item', { policy: deny('item') })
    expect([denied.decision, denied.columns, ...codes(denied)]).toEqual(['refuse', [], 'guard.table-not-available'])
  })

  test('what a write sets off is not known: it is told, or refused, and never waived', async () => {
    const writes: Partial<Policy>['writes'] = [{ roles: [], tables: ['*'], verbs: [], columns: [], approval: 'waived' }]
    const asked = (policy: Partial<Policy>): Asked => ({ roles: ['editor'], policy: { writers: ['editor'], writes, ...policy } })
    for (const sql of ['INSERT INTO item VALUES (1)', 'INSERT INTO item (id) VALUES (1)']) {
      const told = await judged(dialect, sql, null, asked({}))
      expect([told.verdict.decision, codes(told.verdict).includes('guard.effects-unknown'), told.approvable]).toEqual([
        'confirm',
        true,
        null,
      ])
      const refused = await verdictOn(dialect, sql, null, asked({ sideEffects: 'refuse' }))
      expect([refused.decision, codes(refused).includes('guard.effects-unknown')]).toEqual(['refuse', true])
    }
  })
})

test('only tables are written to: not those of another server, and not views', async () => {
  const catalog = catalogFrom('postgres', [
    { name: 'abroad', columns: ['id'], kind: 'foreign-table' },
    { name: 'parted', columns: ['id'], kind: 'partitioned-table' },
  ])
  const asked: Asked = { roles: ['editor'], policy: { writers: ['editor'] } }
  const abroad = await verdictOn('postgres', 'DELETE FROM abroad WHERE id = 1', catalog, asked)
  expect([abroad.decision, codes(abroad).includes('guard.write-target')]).toEqual(['refuse', true])
  expect((await verdictOn('postgres', 'DELETE FROM parted WHERE id = 1', catalog, asked)).decision).toBe('confirm')
})

describe('what is stored of a materialized view', () => {
  const catalog = catalogFrom('postgres', [
    { name: 'item', columns: ['id'] },
    { name: 'kept', kind: 'materialized-view', columns: ['id'], definition: 'SELECT id, pg_sleep(1) FROM item' },
    { name: 'odd', kind: 'materialized-view', columns: ['id'], definition: 'SELEC id FROM item' },
  ])

  test('calls nothing, but its text must be readable for rules to hold', async () => {
    expect((await verdictOn('postgres', 'SELECT id FROM kept', catalog)).decision).toBe('allow')
    expect((await verdictOn('postgres', 'SELECT id FROM kept', catalog, { policy: deny('item') })).decision).toBe('refuse')
    expect(codes(await verdictOn('postgres', 'SELECT id FROM odd', catalog))).toEqual(['guard.view-unsafe'])
  })
})

describe('code of the database', () => {
  const own = (schema: string, name: string) => ({
    schema,
    name,
    argumentTypes: ['text'],
    resultType: 'text',
    volatility: 'immutable' as const,
  })
  const catalog = catalogFrom(
    'postgres',
    [
      { name: 'moods', columns: ['id:integer', 'm:public.mood', 'z:zone[]'] },
      { name: 'plain', columns: ['id:integer', 'word:text'] },
    ],
    {
      functions: [own('public', 'tax'), own('elsewhere', 'tax'), own('public', 'lone')],
      operators: ['public.||', 'public.<~>', 'elsewhere.<~>'],
      types: ['public.mood', 'public.zone', 'elsewhere.zone', 'pg_catalog.text'],
      searchPath: ['public', 'elsewhere'],
    },
  )

  test.each([
    ['SELECT tax(word) FROM plain', ['public.tax', 'elsewhere.tax'], ['public.tax']],
    ['SELECT public.tax(word) FROM plain', ['public.tax'], ['elsewhere.tax']],
    ['SELECT lone(word) FROM plain', ['public.lone'], []],
    ['SELECT (p).lone FROM plain p, (SELECT 1 AS q) p2', ['public.lone'], []],
    ['SELECT word || word FROM plain', ['public.||'], []],
    ['SELECT word <~> word FROM plain', ['public.<~>', 'elsewhere.<~>'], ['public.<~>']],
    ['SELECT word OPERATOR(elsewhere.<~>) word FROM plain', ['elsewhere.<~>'], ['public.<~>']],
    ["SELECT 'x'::mood", ['public.mood'], []],
    ["SELECT 'x'::zone", ['public.zone', 'elsewhere.zone'], ['public.zone']],
    ["SELECT 'x'::elsewhere.zone", ['elsewhere.zone'], ['public.zone']],
    ['SELECT m::text FROM moods', ['public.mood', 'public.zone', 'elsewhere.zone'], ['public.mood']],
    ['SELECT id::text FROM moods', ['public.mood', 'public.zone', 'elsewhere.zone'], []],
  ])('%s runs where all it may mean is marked as safe', async (sql, safe, tooFew) => {
    expect((await verdictOn('postgres', sql, catalog, { policy: { safeFunctions: safe } })).decision).toBe(
      /\(p\)/.test(sql) ? 'refuse' : 'allow',
    )
    expect((await verdictOn('postgres', sql, catalog, { policy: { safeFunctions: tooFew } })).decision).toBe('refuse')
  })

  test('does not concern a cast where no value of such a type is in reach', async () => {
    expect((await verdictOn('postgres', 'SELECT id::text FROM plain', catalog)).decision).toBe('allow')
    expect((await verdictOn('postgres', 'SELECT id::bigint FROM moods', catalog)).decision).toBe('allow')
  })

  test('is not run by a mask either', async () => {
    const policy: Partial<Policy> = { masks: [{ roles: [], tables: ['moods'], columns: ['id'], mask: { kind: 'hash' } }] }
    expect(codes(await verdictOn('postgres', 'SELECT id FROM moods', catalog, { policy }))).toEqual(['guard.type-denied'])
    const safe = { ...policy, safeFunctions: ['public.mood', 'public.zone', 'elsewhere.zone'] }
    expect((await verdictOn('postgres', 'SELECT id FROM moods', catalog, { policy: safe })).decision).toBe('allow')
  })
})

test.each<Dialect>(['mysql', 'mariadb'])('on %s without a database of its own, names stand for what they say', async (dialect) => {
  const catalog = catalogFrom(dialect, [{ name: 'shop.item', columns: ['id'] }], { searchPath: [] })
  expect(await verdictOn(dialect, 'SELECT id FROM shop.item', catalog)).toMatchObject({ decision: 'allow', tables: ['shop.item'] })
  expect(codes(await verdictOn(dialect, 'SELECT id FROM item', catalog))).toEqual(['guard.table-not-available'])
})

describe('SQLite', () => {
  const item: BriefRelation = { name: 'item', columns: ['id', 'cost'] }
  const one = (sql: string, relations: readonly BriefRelation[], asked: Asked = {}, version = JSON.stringify(relations)) =>
    verdictOn('sqlite', sql, catalogFrom('sqlite', relations, { version }), asked)

  test('reads views that a catalog keeps from their SELECT on, and none that it keeps without a text', async () => {
    const relations: BriefRelation[] = [
      item,
      { name: 'v_bare', kind: 'view', columns: ['id'], definition: 'SELECT id FROM item' },
      { name: 'v_none', kind: 'view', columns: ['id'] },
      { name: 'v_kept', kind: 'view', columns: ['name'], definition: 'CREATE VIEW v_kept AS SELECT name FROM sqlite_master' },
    ]
    expect((await one('SELECT id FROM v_bare', relations)).decision).toBe('allow')
    expect((await one('SELECT id FROM v_bare', relations, { policy: deny('item') })).decision).toBe('refuse')
    const policy: Partial<Policy> = { masks: [{ roles: [], tables: ['item'], columns: ['id'], mask: { kind: 'null' } }] }
    expect(codes(await one('SELECT id FROM v_bare', relations, { policy }))).toEqual(['guard.mask-behind-view'])
    expect(codes(await one('SELECT id FROM v_none', relations))).toEqual(['guard.view-unsafe'])
    expect((await one('SELECT name FROM v_kept', relations)).decision).toBe('refuse')
  })

  test.each([
    ['INSERT INTO item VALUES (1, 2, 3)', 'write', ['main.item']],
    ['SELECT * FROM item UNION SELECT 1, 2', 'read', ['main.item']],
    ['SELECT 1 WHERE (1, 2) IN (SELECT * FROM item)', 'read', ['main.item']],
    ['SELECT main.item.cost FROM item, other', 'read', ['main.item', 'main.other']],
    ['SELECT i.cost FROM item i, other', 'read', ['main.item', 'main.other']],
    ['SELECT (SELECT main.item.cost) FROM item, other', 'read', ['main.item', 'main.other']],
    ['SELECT nosuch', 'read', null],
    ['SELECT * FROM sqlite_sequence', 'read', null],
    ['SELECT 1 WHERE (1, 2) IN (SELECT 1)', 'read', null],
  ])('without a catalog makes up what %s wants', async (sql, kind, tables) => {
    const asked: Asked = { params: null, roles: ['editor'], policy: { writers: ['editor'] } }
    const verdict = await verdictOn('sqlite', sql, null, asked)
    expect({ class: verdict.class, isRefused: verdict.decision === 'refuse' }).toEqual({ class: kind, isRefused: tables === null })
    expect(verdict.tables).toEqual(tables ?? verdict.tables)
  })

  test('is not asked with a catalog it cannot make, and keeps no more than some', async () => {
    expect((await one('SELECT 1', [item, { name: 'empty', columns: [] }])).decision).toBe('refuse')
    for (let at = 0; at < 10; at++) expect((await one('SELECT id FROM item', [item], {}, `version ${at}`)).decision).toBe('allow')
    expect((await one('SELECT cost FROM item', [item], {}, 'version 0')).decision).toBe('allow')
  })

  test.each([
    ['SELECT ?', 1],
    ['SELECT ?, ?', 2],
    ['SELECT ?2, ?', 3],
  ])('%s wants %i bound values', async (sql, count) => {
    const values = Array.from({ length: count }, () => '1')
    expect((await one(sql, [item], { params: values })).decision).toBe('allow')
    expect(codes(await one(sql, [item], { params: [...values, '1'] }))).toEqual(['guard.parameters'])
  })
})

test.each(dialects)('what %s is at when the guard closes is refused, with a catalog and without', async (dialect) => {
  const closing = createGuard()
  const context = { dialect, policy: openPolicy, roles: ['reader'], connectionId: 'closing', limits: openPolicy.defaults }
  const catalog = catalogFrom(dialect, [{ name: 'item', columns: ['id'] }])
  const asked = [catalog, null].map(async (known) =>
    closing.guard({ sql: 'SELECT id FROM item', params: [] }, { ...context, catalog: known }),
  )
  await new Promise((resolve) => setImmediate(resolve)) // until the grammars begin to load
  await closing.close()
  const decisions = (await Promise.all(asked)).map(({ verdict }) => verdict.decision)
  expect(decisions).toEqual(dialect === 'postgres' ? ['allow', 'allow'] : ['refuse', 'refuse']) // PostgreSQL is read here and now
})

test('statements beyond what is read at all are refused in every dialect', async () => {
  for (const dialect of dialects) {
    const long = await verdictOn(dialect, `SELECT '${'x'.repeat(100_001)}'`, null)
    const deep = await verdictOn(dialect, `SELECT ${'('.repeat(501)}1${')'.repeat(501)}`, null)
    expect([dialect, ...codes(long).slice(0, 1), ...codes(deep).slice(0, 1)]).toEqual([dialect, 'guard.too-long', 'guard.too-deep'])
  }
})
