import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PolicyBody } from '../../src/contract/index.ts'
import { openPolicy, type Policy } from '../../src/domain/index.ts'
import { createGuard, weighCost } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../support/catalog-from.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
let shopId: string
beforeAll(async () => {
  house = await servedHouse()
  shopId = (await house.admin.connections()).find((connection) => connection.name === 'shop')?.id ?? ''
})
afterAll(() => house.close())

async function ends(sql: string, policy: Partial<PolicyBody>) {
  await house.admin.setPolicy(shopId, policy)
  const answer = await fetch(`${house.url}/api/v1/questions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.adminToken}`, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ connection: 'shop', sql }),
  })
  const body = (await answer.json()) as { outcome: string; verdict: { decision: string; reasons: { code: string }[] } } // the contract's shape
  return { outcome: body.outcome, decision: body.verdict.decision, codes: body.verdict.reasons.map((reason) => reason.code) }
}

describe('a cost gate', () => {
  const dear = 'SELECT count(*) FROM item a CROSS JOIN item b'
  const gate = { confirmOver: { cost: 1_000, rows: null }, refuseOver: { cost: 1e9, rows: null } }

  test('lets a cheap read through and holds a dear one for approval', async () => {
    expect(await ends('SELECT name FROM item WHERE id = 1', { costGate: gate })).toEqual({
      outcome: 'answered',
      decision: 'allow',
      codes: [],
    })
    expect(await ends(dear, { costGate: gate })).toEqual({
      outcome: 'needs-approval',
      decision: 'confirm',
      codes: ['guard.cost-needs-approval'],
    })
  })

  test('refuses what is over the higher bound, by cost or by rows', async () => {
    const byCost = { ...gate, refuseOver: { cost: 1_000, rows: null } }
    const byRows = { ...gate, refuseOver: { cost: null, rows: 100 } }
    expect(await ends(dear, { costGate: byCost })).toMatchObject({ outcome: 'refused', codes: ['guard.too-dear'] })
    expect(await ends('SELECT * FROM item', { costGate: byRows })).toMatchObject({ outcome: 'refused', codes: ['guard.too-dear'] })
  })

  test('takes an estimate that is not there as over every bound that is set', async () => {
    const guard = createGuard()
    const catalog = catalogFrom('sqlite', [{ name: 'item', columns: ['id'] }])
    const policy: Policy = { ...openPolicy, costGate: gate }
    const context = { catalog, dialect: 'sqlite', policy, roles: ['reader'], connectionId: 'c', limits: policy.defaults } as const
    const guarded = await guard.guard({ sql: 'SELECT id FROM item', params: [] }, context)
    const nothing = { estimatedRows: null, estimatedCost: null }
    expect(weighCost(guarded, policy, nothing)).toMatchObject({ verdict: { decision: 'refuse' }, approved: null })
    expect(weighCost(guarded, openPolicy, nothing)).toBe(guarded)
    const unbound = { cost: null, rows: null }
    const open = { ...policy, costGate: { confirmOver: unbound, refuseOver: unbound } }
    expect(weighCost(guarded, open, nothing)).toBe(guarded)
    await guard.close()
  })
})

describe('hours and freeze', () => {
  test('a connection outside its hours refuses, and so does a frozen one', async () => {
    const today = new Date().getUTCDay()
    const notToday = [1, 2, 3, 4, 5, 6, 7].filter((day) => day % 7 !== today && day % 7 !== (today + 6) % 7)
    expect(await ends('SELECT 1', { hours: { days: notToday, from: '00:00', to: '00:00', timeZone: 'UTC' } })).toMatchObject({
      outcome: 'refused',
      codes: ['guard.outside-hours'],
    })
    expect(await ends('SELECT 1', { frozen: true })).toMatchObject({ outcome: 'refused', codes: ['guard.frozen'] })
    expect(await ends('SELECT 1', {})).toMatchObject({ outcome: 'answered' })
  })

  test.each([
    ['2026-11-25T12:00:00Z', 'allow'], // a Wednesday, 13:00 in Berlin
    ['2026-11-25T06:59:00Z', 'refuse'],
    ['2026-11-25T17:00:00Z', 'refuse'],
    ['2026-11-28T12:00:00Z', 'refuse'], // Saturday
  ])('office hours at %s: %s', async (at, decision) => {
    const hours = { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' }
    expect(await decisionAt(hours, new Date(at))).toBe(decision)
  })

  test.each([
    ['2026-11-25T23:00:00Z', 'allow'],
    ['2026-11-26T03:00:00Z', 'allow'], // Thursday morning belongs to Wednesday's night
    ['2026-11-26T23:00:00Z', 'refuse'],
    ['2026-11-25T03:00:00Z', 'refuse'],
    ['2026-11-25T12:00:00Z', 'refuse'],
  ])('one night a week at %s: %s', async (at, decision) => {
    expect(await decisionAt({ days: [3], from: '22:00', to: '06:00', timeZone: 'UTC' }, new Date(at))).toBe(decision)
  })

  test('Sunday’s night reaches into Monday, and without a clock nothing runs', async () => {
    const hours = { days: [7], from: '22:00', to: '06:00', timeZone: 'UTC' }
    expect(await decisionAt(hours, new Date('2026-11-30T05:00:00Z'))).toBe('allow')
    expect(await decisionAt(hours, undefined)).toBe('refuse')
  })
})

async function decisionAt(hours: NonNullable<Policy['hours']>, now: Date | undefined): Promise<string> {
  const guard = createGuard()
  const policy: Policy = { ...openPolicy, hours }
  const context = { catalog: null, dialect: 'postgres', policy, roles: ['reader'], connectionId: 'c', limits: policy.defaults } as const
  const { verdict } = await guard.guard({ sql: 'SELECT 1', params: [] }, now === undefined ? context : { ...context, now })
  await guard.close()
  return verdict.decision
}
