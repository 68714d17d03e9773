import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPolicy, type Catalog, type Dialect, type Policy } from '../../src/domain/index.ts'
import { grantApproval } from '../../src/domain/granted-approval.ts'
import { createPostgresEngine, createSqliteEngine } from '../../src/platform/engines/index.ts'
import { createGuard, type Guarded } from '../../src/question/guard/index.ts'
import { poolOptions } from '../support/engine-members.ts'
import { freshDatabase } from '../support/postgres-server.ts'

const tables = `
  CREATE TABLE customer (id integer PRIMARY KEY, name text, city text, iban text);
  CREATE TABLE parcel (id integer PRIMARY KEY, customer_id integer REFERENCES customer (id) ON DELETE CASCADE, weight numeric);
  CREATE TABLE ledger (id integer PRIMARY KEY, amount numeric);
  CREATE TABLE audited (id integer PRIMARY KEY, note text);
  CREATE VIEW heavy AS SELECT id, weight FROM parcel WHERE weight > 10;`
const postgresTriggers = `
  CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE FUNCTION next_note() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
  CREATE TRIGGER logs AFTER UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION log_it();
  ALTER TABLE audited ALTER note SET DEFAULT next_note();
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;`

const guard = createGuard()
const catalogs = new Map<Dialect, Catalog>()
const directory = mkdtempSync(join(tmpdir(), 'aishell-writes-'))

beforeAll(async () => {
  const database = await freshDatabase()
  await database.query(tables + postgresTriggers)
  const postgres = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open(
    { engine: 'postgres', ...database.reader },
    poolOptions,
  )
  catalogs.set('postgres', await postgres.readCatalog({ disclosure: 'schema' }))
  await postgres.close()
  const file = join(directory, 'shop.db')
  const sqlite = new DatabaseSync(file)
  sqlite.exec(`${tables} CREATE TRIGGER logs AFTER UPDATE ON audited BEGIN INSERT INTO ledger VALUES (NEW.id, 0); END;`)
  sqlite.close()
  const pool = createSqliteEngine({ allowedDirectories: [directory] }).open({ engine: 'sqlite', file }, poolOptions)
  catalogs.set('sqlite', await pool.readCatalog({ disclosure: 'schema' }))
  await pool.close()
})
afterAll(async () => {
  await guard.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Asked {
  readonly policy?: Partial<Policy>
  readonly roles?: readonly string[]
  readonly params?: readonly (string | null)[]
  readonly approval?: Parameters<typeof grantApproval>[0]
  readonly catalogVersion?: string
  /** true: the database user may not see every trigger. */
  readonly isHalfSeen?: boolean
}

async function judge(dialect: Dialect, sql: string, asked: Asked = {}): Promise<Guarded> {
  const known = catalogs.get(dialect) ?? null
  const catalog = known === null ? null : altered(known, asked)
  const more = { writers: ['editor' as const], ...asked.policy }
  const policy = { ...openPolicy, ...more, version: JSON.stringify(more) }
  return await guard.guard(
    { sql, params: asked.params ?? [] },
    {
      catalog,
      dialect,
      policy,
      roles: asked.roles ?? ['editor'],
      connectionId: 'shop',
      limits: policy.defaults,
      approval: asked.approval === undefined ? null : grantApproval(asked.approval),
    },
  )
}

function altered(known: Catalog, { catalogVersion, isHalfSeen }: Asked): Catalog {
  if (isHalfSeen !== true) return catalogVersion === undefined ? known : { ...known, version: catalogVersion }
  return { ...known, version: 'half seen', relations: known.relations.map((relation) => ({ ...relation, hasHiddenEffects: true })) }
}

const codes = ({ verdict }: Guarded): string[] => verdict.reasons.map((reason) => reason.code)

describe.each<Dialect>(['postgres', 'sqlite'])('a write on %s', (dialect) => {
  const schema = dialect === 'postgres' ? 'public' : 'main'

  test.each([
    ["INSERT INTO customer (id, name) VALUES (1, 'Ada')", [['customer', 'insert', ['id', 'name'], false]]],
    ["INSERT INTO customer VALUES (1, 'Ada', 'Oslo', 'NO1')", [['customer', 'insert', ['city', 'iban', 'id', 'name'], false]]],
    ["UPDATE customer SET city = 'Oslo', name = upper(name) WHERE id = 1", [['customer', 'update', ['city', 'name'], false]]],
    ['DELETE FROM ledger WHERE amount < 0', [['ledger', 'delete', [], false]]],
    [
      "WITH old AS (SELECT id FROM customer WHERE city = 'Oslo') DELETE FROM parcel WHERE customer_id IN (SELECT id FROM old)",
      [['parcel', 'delete', [], false]],
    ],
    ['INSERT INTO ledger SELECT id, weight FROM parcel', [['ledger', 'insert', ['amount', 'id'], false]]],
    ['UPDATE ledger SET amount = 1 WHERE id = 2 RETURNING id', [['ledger', 'update', ['amount'], false]]],
  ])('%s needs another person, who is told what it changes', async (sql, writes) => {
    const guarded = await judge(dialect, sql)
    expect(guarded.verdict.decision).toBe('confirm')
    expect(guarded.verdict.writes).toEqual(
      writes.map(([table, verb, columns, isWhole]) => ({ table: `${schema}.${String(table)}`, verb, columns, isWhole })),
    )
    expect(guarded.approved).toBeNull()
    expect(guarded.approvable?.dryRun?.access).toBe('dry-run')
  })

  test('tells apart what is read and what is written', async () => {
    const { verdict } = await judge(dialect, 'UPDATE ledger SET amount = (SELECT max(weight) FROM parcel) WHERE id = 3')
    expect(verdict.tables).toEqual([`${schema}.ledger`, `${schema}.parcel`])
    expect(verdict.columns).toEqual(['ledger.amount', 'ledger.id', 'parcel.weight'].map((name) => `${schema}.${name}`))
    expect(verdict.writes?.map((write) => write.table)).toEqual([`${schema}.ledger`])
  })

  test.each([
    ['nobody may write where no writers are named', 'DELETE FROM ledger WHERE id = 1', { policy: { writers: [] } }, 'guard.write-denied'],
    ['a role that is no writer may not', 'DELETE FROM ledger WHERE id = 1', { roles: ['reader'] }, 'guard.write-denied'],
    [
      'a table no rule opens',
      'DELETE FROM ledger WHERE id = 1',
      { policy: { writes: [rule({ tables: ['customer'] })] } },
      'guard.write-not-allowed',
    ],
    [
      'a verb no rule opens',
      'DELETE FROM customer WHERE id = 1',
      { policy: { writes: [rule({ tables: ['customer'], verbs: ['update'] })] } },
      'guard.write-not-allowed',
    ],
    [
      'a column no rule opens',
      "UPDATE customer SET iban = 'x' WHERE id = 1",
      { policy: { writes: [rule({ tables: ['customer'], columns: ['name', 'city'] })] } },
      'guard.column-not-writable',
    ],
    [
      'every column by an INSERT without a list',
      "INSERT INTO customer VALUES (1, 'a', 'b', 'c')",
      { policy: { writes: [rule({ tables: ['customer'], columns: ['name'] })] } },
      'guard.column-not-writable',
    ],
    [
      'a column that may not be read',
      "UPDATE customer SET iban = 'x' WHERE id = 1",
      { policy: { rules: [deny(['customer'], ['iban'])] } },
      'guard.column-not-available',
    ],
    [
      'a hidden column, by RETURNING *',
      "UPDATE customer SET name = 'x' WHERE id = 1 RETURNING *",
      { policy: { rules: [deny(['customer'], ['iban'])] } },
      'guard.star-not-available',
    ],
    [
      'a hidden column, as a condition',
      "UPDATE customer SET name = 'x' WHERE iban = 'y'",
      { policy: { rules: [deny(['customer'], ['iban'])] } },
      'guard.column-not-available',
    ],
    [
      'a hidden table to copy from',
      'INSERT INTO ledger SELECT id, weight FROM parcel',
      { policy: { rules: [deny(['parcel'], [])] } },
      'guard.table-not-available',
    ],
    ['a whole table', 'DELETE FROM ledger', { policy: { wholeTableWrites: 'refuse' } }, 'guard.whole-table'],
    [
      'a whole table behind a condition of nothing',
      'UPDATE ledger SET amount = 0 WHERE 1 = 1',
      { policy: { wholeTableWrites: 'refuse' } },
      'guard.whole-table',
    ],
    ['a view', 'DELETE FROM heavy WHERE id = 1', {}, dialect === 'postgres' ? 'guard.write-target' : 'guard.syntax'],
    [
      'rows that take hidden rows along',
      'DELETE FROM customer WHERE id = 1',
      { policy: { rules: [deny(['parcel'], [])] } },
      'guard.cascade-not-allowed',
    ],
    [
      'rows that take rows along which no rule opens',
      'DELETE FROM customer WHERE id = 1',
      { policy: { writes: [rule({ tables: ['customer'] })] } },
      'guard.cascade-not-allowed',
    ],
    [
      'what sets off code, where the policy says so',
      "UPDATE audited SET note = '' WHERE id = 1",
      { policy: { sideEffects: 'refuse' } },
      'guard.side-effect',
    ],
    ['EXPLAIN', 'EXPLAIN DELETE FROM ledger WHERE id = 1', {}, 'guard.explain-write'],
    [
      'a function a read may not call',
      dialect === 'postgres'
        ? "UPDATE customer SET name = pg_read_file('x') WHERE id = 1"
        : "UPDATE customer SET name = load_extension('x') WHERE id = 1",
      {},
      'guard.function-denied',
    ],
    ['a value too many', 'DELETE FROM ledger WHERE id = 1', { params: ['1'] }, 'guard.parameters'],
  ] as const)('is refused: %s', async (_case, sql, asked, code) => {
    const guarded = await judge(dialect, sql, asked)
    expect(guarded.verdict.decision).toBe('refuse')
    expect(codes(guarded)).toContain(code)
    expect([guarded.approved, guarded.approvable]).toEqual([null, null])
    expect(guarded.verdict.reasons.every((reason) => reason.hint !== undefined)).toBe(true)
  })

  test.each([
    ['a whole table', 'DELETE FROM ledger', {}, 'guard.whole-table'],
    ['code that is set off', "UPDATE audited SET note = '' WHERE id = 1", {}, 'guard.side-effect'],
    ['rows that go along', 'DELETE FROM customer WHERE id = 1', {}, 'guard.cascade'],
  ] as const)(
    'that does %s is told to the person who approves, even where the policy waives approval',
    async (_case, sql, policy, code) => {
      const guarded = await judge(dialect, sql, { policy: { ...policy, writes: [rule({ tables: ['*'], approval: 'waived' })] } })
      expect(guarded.verdict.decision).toBe('confirm')
      expect([...new Set(codes(guarded))]).toEqual(['guard.write-needs-approval', code])
    },
  )

  test('may set off what the database user may not see: that is told, or refused where nothing may be set off', async () => {
    const sql = 'UPDATE ledger SET amount = 1 WHERE id = 1'
    const waived = [rule({ tables: ['ledger'], approval: 'waived' })]
    const told = await judge(dialect, sql, { isHalfSeen: true, policy: { writes: waived } })
    expect([told.verdict.decision, codes(told)]).toEqual(['confirm', ['guard.write-needs-approval', 'guard.effects-hidden']])
    const refused = await judge(dialect, sql, { isHalfSeen: true, policy: { writes: waived, sideEffects: 'refuse' } })
    expect([refused.verdict.decision, codes(refused)]).toEqual(['refuse', ['guard.effects-hidden']])
  })

  test('runs at once only where every rule that fits waives the approval', async () => {
    const waived = rule({ tables: ['ledger'], approval: 'waived' })
    const sql = 'UPDATE ledger SET amount = 1 WHERE id = 1'
    const guarded = await judge(dialect, sql, { policy: { writes: [waived] } })
    expect(guarded.verdict).toMatchObject({ decision: 'allow', class: 'write', reasons: [] })
    expect(guarded.approved?.access).toBe('write')
    expect((await judge(dialect, sql, { policy: { writes: [waived, rule({ tables: ['*'] })] } })).verdict.decision).toBe('confirm')
  })

  test('that was approved is sealed, and only that one', async () => {
    const sql = 'DELETE FROM ledger WHERE id = 1'
    const hash = (await judge(dialect, sql)).approvable?.hash ?? ''
    const approval = { approvalId: 'a', hash }
    const granted = await judge(dialect, sql, { approval })
    expect(granted.approved).toMatchObject({ access: 'write', class: 'write', sql })
    expect(granted.verdict.decision).toBe('confirm')
    for (const [other, asked] of [
      ['DELETE FROM ledger WHERE id = 2', {}],
      [sql, { catalogVersion: 'altered' }],
      [sql, { policy: { sideEffects: 'refuse' } }],
    ] as const) {
      const refused = await judge(dialect, other, { ...asked, approval })
      expect([refused.verdict.decision, codes(refused).at(-1), refused.approved]).toEqual(['refuse', 'guard.approval-void', null])
    }
  })
})

test('a consent nobody gave is thrown out', async () => {
  const sql = 'DELETE FROM ledger WHERE id = 1'
  const approvable = (await judge('postgres', sql)).approvable
  const forged = { approvalId: 'a', hash: approvable?.hash ?? '' } as ReturnType<typeof grantApproval> // what a caller could make up
  const context = { catalog: catalogs.get('postgres') ?? null, dialect: 'postgres' as const, roles: ['editor'], connectionId: 'shop' }
  const policy = { ...openPolicy, writers: ['editor' as const], version: '{"writers":["editor"]}' }
  const asked = async () => guard.guard({ sql, params: [] }, { ...context, policy, limits: policy.defaults, approval: forged })
  await expect(asked()).rejects.toMatchObject({ code: 'guard.approval-forged' })
})

describe('on PostgreSQL', () => {
  test.each([
    ['INSERT INTO ledger (id, amount) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount', ['insert', 'update']],
    [
      'MERGE INTO ledger l USING parcel p ON l.id = p.id WHEN MATCHED THEN UPDATE SET amount = p.weight WHEN NOT MATCHED THEN INSERT (id) VALUES (p.id)',
      ['update', 'insert'],
    ],
    ['WITH gone AS (DELETE FROM ledger WHERE id < 9 RETURNING id) SELECT count(*) FROM gone', ['delete']],
    ['WITH gone AS (DELETE FROM ledger WHERE id < 9 RETURNING *) INSERT INTO audited (id) SELECT id FROM gone', ['delete', 'insert']],
  ])('%s is judged by each of its changes', async (sql, verbs) => {
    const { verdict } = await judge('postgres', sql)
    expect(verdict.decision).toBe('confirm')
    expect(verdict.writes?.map((write) => write.verb)).toEqual(verbs)
  })

  test('a default that runs code of the database is told', async () => {
    const guarded = await judge('postgres', 'INSERT INTO audited (id) VALUES (1)')
    expect(guarded.verdict.reasons.at(-1)?.message).toMatch(/runs public\.next_note by the default of note/)
    const marked = await judge('postgres', 'INSERT INTO audited (id) VALUES (1)', { policy: { safeFunctions: ['public.next_note'] } })
    expect(codes(marked)).toEqual(['guard.write-needs-approval'])
  })

  test.each([
    ['UPDATE ledger SET amount = 0 WHERE id = id', true],
    ['UPDATE ledger SET amount = 0 WHERE id = 1 OR true', true],
    ['DELETE FROM ledger WHERE id = 1 OR (2 > 1 AND id IS NULL) OR 1 = 1', true],
    ['DELETE FROM ledger WHERE EXISTS (SELECT 1)', true],
    ['DELETE FROM ledger WHERE id = 1 OR amount < 0', false],
    ['DELETE FROM ledger WHERE id = 1 AND true', false],
    ['DELETE FROM ledger WHERE id = amount', false],
  ])('%s changes every row: %s', async (sql, isWhole) => {
    expect((await judge('postgres', sql)).verdict.writes?.map((write) => write.isWhole)).toEqual([isWhole])
  })

  test.each([
    ['SELECT id FROM ledger FOR UPDATE', 'guard.locks-rows'],
    ['UPDATE pg_class SET relname = $$x$$ WHERE oid = 1', 'guard.system-relation'],
    ['TRUNCATE ledger', 'guard.ddl-denied'],
    ['UPDATE ledger SET nothing = 1 WHERE id = 1', 'guard.column-not-available'],
  ])('%s is refused', async (sql, code) => {
    const guarded = await judge('postgres', sql)
    expect(guarded.verdict.decision).toBe('refuse')
    expect(codes(guarded)).toContain(code)
  })
})

test.each([
  ['DELETE FROM ledger WHERE 1 RETURNING id', true],
  ['UPDATE ledger SET amount = 1 WHERE id = 1 OR 1', true],
  ['DELETE FROM ledger WHERE abs(1) AND current_date', true],
  ['DELETE FROM ledger WHERE EXISTS (SELECT 1)', true],
  ['DELETE FROM ledger WHERE id = 1 OR amount < 0', false],
  ['DELETE FROM ledger WHERE "id" = 1 OR (amount < 0)', false],
  ['DELETE FROM ledger WHERE abs(amount) > 1 RETURNING id', false],
  ['DELETE FROM ledger WHERE id IN (SELECT id FROM customer)', false],
])('SQLite’s %s changes every row: %s', async (sql, isWhole) => {
  expect((await judge('sqlite', sql)).verdict.writes?.map((write) => write.isWhole)).toEqual([isWhole])
})

test.each([
  ['REPLACE INTO ledger (id, amount) VALUES (1, 2)', ['insert id amount', 'delete ']],
  ['UPDATE OR REPLACE ledger SET id = 1 WHERE amount = 2', ['update id', 'delete ']],
  ['INSERT INTO main.ledger (amount) VALUES (2)', ['insert amount']],
  ['INSERT INTO ledger AS l (amount) VALUES (2)', ['insert amount']],
  ['INSERT INTO ledger (rowid, amount) VALUES (1, 2)', ['insert amount id']], // the row number may be any column's
])('SQLite’s %s is told with what it does to rows and columns', async (sql, does) => {
  const { verdict } = await judge('sqlite', sql)
  const told = verdict.writes?.map(({ verb, columns }) => `${verb} ${columns.join(' ')}`).toSorted()
  expect(told).toEqual(does.map((one) => one.replace('id amount', 'amount id')).toSorted())
})

function rule(more: Partial<Policy['writes'][number]>): Policy['writes'][number] {
  return { roles: [], tables: ['*'], verbs: [], columns: [], approval: 'person', ...more }
}

function deny(names: string[], columns: string[]): Policy['rules'][number] {
  return { effect: 'deny', roles: [], tables: names, columns }
}

test('SQLite’s full-text search takes in every column of what is there, also beside a table that is not', async () => {
  const guarded = await judge('sqlite', "UPDATE parcel SET weight = (id MATCH 'x'), id = (SELECT 1 FROM missing) WHERE id = 1")
  expect([codes(guarded), guarded.verdict.columns]).toEqual([
    ['guard.table-not-available'],
    ['main.parcel.customer_id', 'main.parcel.id', 'main.parcel.weight'],
  ])
})
