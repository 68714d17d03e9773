import { afterAll, describe, expect, test } from 'vitest'
import { openPolicy, type Dialect, type Mask, type Policy } from '../../src/domain/index.ts'
import { grantApproval } from '../../src/domain/granted-approval.ts'
import { createGuard, weighCost, type Guarded, type GuardContext } from '../../src/question/guard/index.ts'
import { catalogFrom, type BriefRelation } from '../support/catalog-from.ts'

const guard = createGuard()
afterAll(() => guard.close())

const dialects: readonly Dialect[] = ['postgres', 'mysql', 'mariadb', 'sqlite']
const schemaOf = (dialect: Dialect): string => (dialect === 'sqlite' ? 'main' : 'public')

/** Views over a masked table, over one that is in no catalog, and over a filtered one; and a table with a mood. */
function relations(dialect: Dialect): BriefRelation[] {
  const view = (name: string, columns: readonly string[], text: string): BriefRelation => {
    const definition = dialect === 'sqlite' ? `CREATE VIEW ${name} AS ${text}` : text
    return { name, kind: 'view', columns, definition }
  }
  return [
    { name: 'contact', columns: ['id:integer', 'email:text', 'city:text'] },
    { name: 'item', columns: ['id:integer', 'label:text'] },
    { name: 'other', columns: ['id:integer', 'note:text'] },
    view('v_contact', ['id', 'email'], 'SELECT c.id AS id, c.email AS email FROM contact c JOIN other o ON o.id = c.id'),
    view('v_item', ['id'], 'SELECT id AS id FROM item'),
    view('v_unlisted', ['id'], 'SELECT id AS id FROM unlisted'),
  ]
}

const catalogs = new Map(
  dialects.map((dialect) => {
    const catalog = catalogFrom(dialect, relations(dialect))
    return [dialect, { ...catalog, relations: catalog.relations.map((relation) => ({ ...relation, effects: [] })) }]
  }),
)
const tables = (name: string): { roles: string[]; tables: string[] } => ({ roles: [], tables: [name] })
const hash: Mask = { kind: 'hash' }
const masked = (table: string, column: string, mask: Mask = hash): Partial<Policy> => ({
  masks: [{ ...tables(table), columns: [column], mask }],
})
const filtered = (table: string, where: string): Partial<Policy> => ({ filters: [{ ...tables(table), where }] })

interface Asked {
  readonly params?: readonly string[] | null
  readonly context?: Partial<GuardContext>
}

async function ask(dialect: Dialect, sql: string, policy: Partial<Policy>, { params = [], context = {} }: Asked = {}): Promise<Guarded> {
  const given = {
    catalog: catalogs.get(dialect) ?? null,
    dialect,
    policy: { ...openPolicy, ...policy, version: JSON.stringify(policy) },
    roles: ['editor'],
    connectionId: 'masks',
    limits: openPolicy.defaults,
    maskActor: { attributes: { region: 'EU' }, key: 'k' },
    ...context,
  }
  return await guard.guard({ sql, params }, given)
}

const codes = ({ verdict }: Guarded): string[] => verdict.reasons.map((reason) => reason.code)

describe.each(dialects)('what is masked or filtered on %s', (dialect) => {
  const schema = schemaOf(dialect)

  test('is refused where there is no catalog to mask by', async () => {
    const seen = await ask(dialect, 'SELECT id FROM contact', masked('contact', 'email'), { context: { catalog: null } })
    expect([seen.verdict.decision, ...codes(seen)]).toEqual(['refuse', 'guard.mask-needs-catalog'])
  })

  test.each([
    ['that names a column which is not there', 'nosuch = 1'],
    ['that cannot be read', 'id ='],
  ])('is refused under a filter %s, also behind a view, and what it is of no concern to is not', async (_what, where) => {
    const policy = filtered('item', where)
    expect(codes(await ask(dialect, 'SELECT id FROM item', policy))).toEqual(['guard.filter-broken'])
    expect(codes(await ask(dialect, 'SELECT v.id FROM v_item v', policy))).toEqual(['guard.filter-broken'])
    expect((await ask(dialect, 'SELECT id FROM other', policy)).verdict.decision).toBe('allow')
  })

  test('is refused behind a view over what the catalog does not list, where a rule may speak of it', async () => {
    const ofIt = await ask(dialect, 'SELECT id FROM v_unlisted', masked('unlisted', 'id'))
    expect(ofIt.verdict.decision).toBe('refuse')
    expect(codes(ofIt)).toEqual([dialect === 'sqlite' ? 'guard.table-not-available' : 'guard.mask-behind-view'])
    const ofAnother = (await ask(dialect, 'SELECT id FROM v_unlisted', masked('nothing', 'id'))).verdict.decision
    expect(ofAnother).toBe(dialect === 'sqlite' ? 'refuse' : 'allow') // SQLite has to know it to read the view
  })

  test('is opened through a view that joins it with what is shown as it is', async () => {
    const seen = await ask(dialect, 'SELECT id, email FROM v_contact', masked('contact', 'email'))
    expect(seen.verdict).toMatchObject({ decision: 'allow', masked: [`${schema}.contact.email`], filtered: [] })
    expect(seen.approved).not.toBeNull()
  })

  test('is sealed only for somebody who asks, with values, and a key where it is hashed', async () => {
    const sql = 'SELECT email FROM contact'
    expect((await ask(dialect, sql, masked('contact', 'email'))).approved).not.toBeNull()
    for (const asked of [{ context: { maskActor: undefined } }, { params: null }]) {
      const seen = await ask(dialect, sql, masked('contact', 'email'), asked)
      expect([seen.verdict.decision, seen.approved]).toEqual(['allow', null])
    }
    const keyless = { context: { maskActor: { attributes: {}, key: null } } }
    await expect(ask(dialect, sql, masked('contact', 'email'), keyless)).rejects.toMatchObject({ code: 'guard.no-mask-key' })
    expect((await ask(dialect, sql, masked('contact', 'email', { kind: 'null' }), keyless)).approved).not.toBeNull()
  })

  test('has no plan', async () => {
    const [first, second] = [
      await ask(dialect, 'SELECT email FROM contact', masked('contact', 'email'), { context: { isExplained: true } }),
      await ask(dialect, `EXPLAIN ${dialect === 'sqlite' ? 'QUERY PLAN ' : ''}SELECT email FROM contact`, masked('contact', 'email')),
    ]
    expect([codes(first), codes(second)]).toEqual([['guard.explain-masked'], ['guard.explain-masked']])
  })

  test('is not written by: neither what a mask hides nor a table with rows that are hidden', async () => {
    const writers: Partial<Policy> = { writers: ['editor'] }
    const byMask = { ...writers, ...masked('contact', 'email') }
    const whole = "UPDATE contact SET city = 'Oslo' WHERE id = 1"
    const seen = await ask(dialect, "UPDATE contact SET city = 'Oslo' WHERE email = 'a'", byMask)
    expect([seen.verdict.decision, ...codes(seen)]).toEqual(['refuse', 'guard.write-masked'])
    const open = await ask(dialect, whole, byMask)
    expect([open.verdict.decision, open.approvable === null]).toEqual(['confirm', false])
    expect(codes(open)).toContain('guard.write-needs-approval')
    const byFilter = await ask(dialect, whole, { ...writers, ...filtered('contact', 'id = 1') })
    expect([byFilter.verdict.decision, ...codes(byFilter)]).toEqual(['refuse', 'guard.write-masked'])
  })

  test('stays refused where what it would become can no longer be read', async () => {
    const long = `SELECT email, '${'x'.repeat(99_950)}' FROM contact` // the most are 100,000 bytes
    expect((await ask(dialect, long, {})).verdict.decision).toBe('allow')
    const seen = await ask(dialect, long, masked('contact', 'email'))
    const expected = dialect === 'sqlite' ? ['allow'] : ['refuse', 'guard.mask-unspliced'] // SQLite's text stays as it is
    expect([seen.verdict.decision, ...codes(seen)]).toEqual(expected)
  })

  test('tells nobody what its planner expects', async () => {
    const costGate = { confirmOver: { cost: 1, rows: null }, refuseOver: { cost: 100, rows: null } }
    const told = async (policy: Partial<Policy>, cost: number | null, rows: number | null): Promise<string> => {
      const given = { ...openPolicy, ...policy, costGate, version: 'gated' }
      const weighed = weighCost(await ask(dialect, 'SELECT id FROM item', policy), given, { estimatedCost: cost, estimatedRows: rows })
      return `${weighed.verdict.decision}: ${weighed.verdict.reasons.at(-1)?.message.split('.')[0]}`
    }
    expect(await told(masked('item', 'id'), 7, 5)).toBe('confirm: The database expects this statement to be dear')
    expect(await told(filtered('item', 'id = 1'), 777, 5)).toBe('refuse: The database expects this statement to be dear')
    expect(await told({}, 7, 5)).toBe('confirm: The database expects 5 rows at a cost of 7')
    expect(await told({}, 7, null)).toBe('confirm: The database expects an unknown number of rows at a cost of 7')
    expect(await told({}, null, 5)).toBe('refuse: The database expects 5 rows at a cost of unknown size')
  })
})

describe('a price', () => {
  const policy: Policy = { ...openPolicy, costGate: { confirmOver: { cost: 1, rows: null }, refuseOver: { cost: 100, rows: null } } }
  const dear = { estimatedCost: 7, estimatedRows: 1 }

  test('is agreed to for the very statement, and for nothing that was not sealed', async () => {
    const guarded = await ask('postgres', 'SELECT id FROM item', {})
    const asked = weighCost(guarded, policy, dear)
    const hash = asked.approvable?.hash ?? ''
    expect([asked.verdict.decision, asked.approved, hash.length]).toEqual(['confirm', null, 64])
    const by = (given: string) => weighCost(guarded, policy, dear, grantApproval({ approvalId: 'a', hash: given }))
    expect(by(hash)).toMatchObject({ verdict: { decision: 'confirm' }, approved: guarded.approved })
    expect(by('another')).toMatchObject({ verdict: { decision: 'refuse' }, approved: null, approvable: null })
    expect(by('another').verdict.reasons.at(-1)?.code).toBe('guard.approval-void')
    const unsealed = await ask('postgres', 'SELECT id FROM item', {}, { params: null })
    expect(weighCost(unsealed, policy, dear)).toMatchObject({ verdict: { decision: 'confirm' }, approved: null, approvable: null })
  })
})
