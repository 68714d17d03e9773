import { describe, expect, test } from 'vitest'
import {
  builtinGrants,
  effectiveRoles,
  holds,
  mayDo,
  mayDoOn,
  mayGive,
  openPolicy,
  isAllowed,
  type Actor,
  type Grant,
  type GrantConditions,
} from './index.ts'

const nobody: Actor = {
  tenantId: 't',
  memberId: 'm',
  name: 'Ada',
  kind: 'person',
  roles: [],
  grants: [],
  surface: 'http',
  tokenId: null,
  verbs: null,
  connections: null,
}
const sales = { id: 'c-1', name: 'Sales-EU', labels: ['finance', 'eu'] }

describe('a grant names connections', () => {
  test.each<readonly [string, readonly string[] | null, boolean]>([
    ['not at all', null, true],
    ['by id', ['c-1'], true],
    ['by name, whatever its case', ['sales-eu'], true],
    ['by a pattern', ['sales-*'], true],
    ['by a pattern for all', ['*'], true],
    ['by a label', ['label:finance'], true],
    ['by one of several', ['other', 'label:eu'], true],
    ['of another name', ['sales'], false],
    ['of another label', ['label:hr'], false],
    ['by a name that looks like a pattern', ['sales.eu'], false],
    ['by none', [], false],
  ])('%s', (_name, connections, isAllowedThere) => {
    const actor = { ...nobody, grants: [{ verbs: ['ask' as const], connections }] }
    expect(mayDoOn(actor, 'ask', sales)).toBe(isAllowedThere)
    expect(mayDoOn(actor, 'browse-catalog', sales)).toBe(false)
  })
})

test('grants add up, and the credential bounds their sum', () => {
  const grants: readonly Grant[] = [
    { verbs: ['ask'], connections: ['sales-eu'] },
    { verbs: ['browse-catalog'], connections: null },
  ]
  const actor = { ...nobody, grants }
  expect([mayDo(actor, 'ask'), mayDo(actor, 'browse-catalog'), mayDo(actor, 'manage-members')]).toEqual([true, true, false])
  expect(mayDo({ ...actor, verbs: ['ask'] }, 'browse-catalog')).toBe(false)
  expect(mayDoOn({ ...actor, connections: ['c-1'] }, 'ask', sales)).toBe(true)
  expect(mayDoOn({ ...actor, connections: ['other'] }, 'ask', sales)).toBe(false)
  expect(mayDoOn({ ...actor, connections: ['*'] }, 'ask', sales)).toBe(false)
})

test('nobody hands out more than they hold', () => {
  const editor = { ...nobody, grants: builtinGrants('editor') }
  expect(builtinGrants('reader').every((grant) => mayGive(editor, grant))).toBe(true)
  expect(builtinGrants('admin').every((grant) => mayGive(editor, grant))).toBe(false)
  const local = { ...nobody, grants: [{ verbs: ['ask' as const], connections: ['sales-eu', 'hr'] }] }
  expect(mayGive(local, { verbs: ['ask'], connections: ['hr'] })).toBe(true)
  expect(mayGive(local, { verbs: ['ask'], connections: null })).toBe(false)
  expect(mayGive({ ...editor, verbs: ['ask'] }, { verbs: ['browse-catalog'], connections: null })).toBe(false)
})

test('of the built-in roles the strongest counts, beside the tenant’s own', () => {
  expect(effectiveRoles(['reader', 'finance', 'editor', 'finance', 'audit-team'])).toEqual(['editor', 'audit-team', 'finance'])
  expect(effectiveRoles(['finance'])).toEqual(['finance'])
})

describe('conditions', () => {
  const office = { days: [1, 2], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' }
  const night = { days: [5], from: '22:00', to: '06:00', timeZone: 'UTC' }
  const monday = (time: string): Date => new Date(`2026-03-02T${time}Z`) // winter: Berlin is an hour ahead
  test.each<readonly [string, GrantConditions, Date, boolean]>([
    ['none', {}, monday('03:00'), true],
    ['this surface', { surfaces: ['http', 'mcp'] }, monday('03:00'), true],
    ['another surface', { surfaces: ['mcp'] }, monday('03:00'), false],
    ['this kind', { kinds: ['person'] }, monday('03:00'), true],
    ['another kind', { kinds: ['agent', 'service'] }, monday('03:00'), false],
    ['hours just begun', { hours: office }, monday('07:00:00'), true],
    ['hours not begun', { hours: office }, monday('06:59:59'), false],
    ['hours about to end', { hours: office }, monday('16:59:59'), true],
    ['hours ended', { hours: office }, monday('17:00:00'), false],
    ['hours of another day', { hours: office }, new Date('2026-03-04T09:00Z'), false],
    ['summer time', { hours: office }, new Date('2026-07-06T06:00Z'), true],
    ['a night’s evening', { hours: night }, new Date('2026-03-06T22:00Z'), true],
    ['a night’s morning after', { hours: night }, new Date('2026-03-07T05:59Z'), true],
    ['a night’s end', { hours: night }, new Date('2026-03-07T06:00Z'), false],
    ['the evening after', { hours: night }, new Date('2026-03-07T22:30Z'), false],
    ['one that holds and one that does not', { kinds: ['person'], surfaces: ['console'] }, monday('09:00'), false],
  ])('%s', (_name, when, now, isHeld) => {
    expect(holds(when, { surface: 'http', kind: 'person', now })).toBe(isHeld)
  })
})

test('of several roles each may be denied a table, and what is allowed to any adds up', () => {
  const rule = (effect: 'allow' | 'deny', role: string, table: string) => ({ effect, roles: [role], tables: [table], columns: [] })
  const policy = {
    ...openPolicy,
    rules: [rule('allow', 'finance', 'invoice'), rule('allow', 'hr', 'salary'), rule('deny', 'hr', 'invoice')],
  }
  const may = (roles: readonly string[], name: string): boolean => isAllowed(policy, roles, { schema: 'public', name }, null)
  expect([may(['finance'], 'invoice'), may(['finance'], 'salary'), may(['hr'], 'salary')]).toEqual([true, false, true])
  expect([may(['finance', 'hr'], 'salary'), may(['finance', 'hr'], 'invoice'), may(['reader'], 'invoice')]).toEqual([true, false, true])
})
