import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPolicy, writeVerbs, type Catalog, type Policy, type WriteRule } from '../../src/domain/index.ts'
import { createMysqlEngine } from '../../src/platform/engines/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { poolOptions } from '../support/engine-members.ts'
import { freshMariadbDatabase, run, type MariadbDatabase, type MariadbServer } from '../support/mariadb-server.ts'
import { describeMysql } from '../support/describe-mysql.ts'

const guard = createGuard()
afterAll(() => guard.close())

describeMysql('what a write sets off', (kind, start) => {
  const engine = createMysqlEngine(kind, { allowPrivateHosts: true, allowedHosts: [] })
  let server: MariadbServer
  let database: MariadbDatabase

  beforeAll(async () => {
    server = await start()
    database = await freshMariadbDatabase(server)
    const hidden = `${database.database}_hidden`
    await database.script(`
      CREATE TABLE customer (id int PRIMARY KEY, name text);
      CREATE TABLE parcel (id int PRIMARY KEY, customer_id int, CONSTRAINT goes_along FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE ON UPDATE SET NULL);
      CREATE TABLE visit (id int PRIMARY KEY, customer_id int, CONSTRAINT stays FOREIGN KEY (customer_id) REFERENCES customer (id));
      CREATE TABLE ledger (id int PRIMARY KEY, note text);
      CREATE TRIGGER logs AFTER UPDATE ON ledger FOR EACH ROW INSERT INTO customer VALUES (NEW.id, '');
      CREATE DATABASE ${hidden};
      CREATE TABLE ${hidden}.secret (customer_id int, CONSTRAINT unseen FOREIGN KEY (customer_id) REFERENCES ${database.database}.customer (id) ON DELETE SET NULL)`)
  })
  afterAll(() => server.stop())

  const catalogOf = async (): Promise<Catalog> => {
    const pool = engine.open({ engine: kind, ...database.reader }, poolOptions)
    try {
      return await pool.readCatalog({ disclosure: 'schema' })
    } finally {
      await pool.close()
    }
  }
  const relationOf = (catalog: Catalog, name: string) => catalog.relations.find((relation) => relation.name === name)
  const rule = (tables: readonly string[], approval: WriteRule['approval'] = 'person'): WriteRule => ({
    roles: [],
    tables,
    verbs: writeVerbs,
    columns: [],
    approval,
  })
  const codesOf = async (catalog: Catalog, sql: string, more: Partial<Policy> = {}): Promise<readonly string[]> => {
    const policy: Policy = { ...openPolicy, writers: ['editor'], ...more, version: JSON.stringify(more) }
    const context = { catalog, dialect: kind, policy, roles: ['editor'], connectionId: 'shop', limits: policy.defaults }
    const { verdict } = await guard.guard({ sql, params: [] }, { ...context, approval: null })
    return [verdict.decision, ...verdict.reasons.map((reason) => reason.code)]
  }

  test('is known of keys, and that there may be more, to a user that can only read', async () => {
    const catalog = await catalogOf()
    expect(relationOf(catalog, 'customer')).toMatchObject({
      hasHiddenEffects: true,
      effects: [{ kind: 'cascade', name: 'goes_along', verbs: ['update', 'delete'], reaches: `${database.database}.parcel`, calls: null }],
    })
    expect(relationOf(catalog, 'ledger')).toMatchObject({ hasHiddenEffects: true, effects: [] })
    const waived = { writes: [rule(['*'], 'waived')] }
    expect(await codesOf(catalog, 'DELETE FROM customer WHERE id = 1', waived)).toEqual([
      'confirm',
      'guard.write-needs-approval',
      'guard.effects-hidden',
      'guard.cascade',
    ])
    expect(await codesOf(catalog, 'DELETE FROM customer WHERE id = 1', { writes: [rule(['customer'])] })).toContain(
      'guard.cascade-not-allowed',
    )
    expect(await codesOf(catalog, 'DELETE FROM ledger WHERE id = 1', { sideEffects: 'refuse' })).toEqual(['refuse', 'guard.effects-hidden'])
  })

  test('is known whole to a user that sees every trigger', async () => {
    await database.query(`GRANT TRIGGER ON *.* TO '${database.reader.user}'@'127.0.0.1'`)
    const catalog = await catalogOf()
    const customer = relationOf(catalog, 'customer')
    expect(customer?.hasHiddenEffects).toBeUndefined()
    expect(customer?.effects?.map((effect) => [effect.name, effect.verbs])).toEqual([
      ['goes_along', ['update', 'delete']],
      ['unseen', ['delete']],
    ])
    expect(relationOf(catalog, 'ledger')?.effects).toEqual([
      { kind: 'trigger', name: 'logs', verbs: ['update'], calls: null, reaches: null },
    ])
    const waived = { writes: [rule(['*'], 'waived')] }
    expect(await codesOf(catalog, "INSERT INTO ledger VALUES (1, '')", waived)).toEqual(['allow'])
    expect(await codesOf(catalog, "UPDATE ledger SET note = '' WHERE id = 1", waived)).toEqual([
      'confirm',
      'guard.write-needs-approval',
      'guard.side-effect',
    ])
    expect(await codesOf(catalog, "UPDATE ledger SET note = '' WHERE id = 1", { sideEffects: 'refuse' })).toEqual([
      'refuse',
      'guard.side-effect',
    ])
    await database.query(`REVOKE TRIGGER ON *.* FROM '${database.reader.user}'@'127.0.0.1'`)
  })

  // docs/decisions/2026-11-25-mysql-does-not-tell-of-a-lost-commit.md: where one of these is answered some day, more can be told.
  test.each([
    'SELECT trx_id FROM information_schema.INNODB_TRX',
    'SELECT * FROM performance_schema.events_transactions_history_long',
    ...(kind === 'mariadb'
      ? ['SHOW MASTER STATUS', 'SET SESSION gtid_domain_id = 7', 'SET SESSION gtid_seq_no = 7', 'SELECT * FROM mysql.transaction_registry']
      : [
          'SHOW BINARY LOG STATUS',
          `SET SESSION gtid_next = '3E11FA47-71CA-11E1-9E33-C80AA9429562:7'`,
          'SELECT * FROM mysql.gtid_executed',
        ]),
  ])('and what became of a lost commit is not told to a user without powers: %s', async (sql) => {
    await expect(run(database.reader, sql)).rejects.toThrow(/denied/)
  })
})
