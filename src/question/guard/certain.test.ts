import { expect, test } from 'vitest'
import { openPolicy } from '../../domain/index.ts'
import type { Analyser } from './analyser.ts'
import { certain, lastOf } from './certain.ts'
import { TooMuchWork } from './effort.ts'
import { judgeStatement } from './judge-statement.ts'

test('what should be there is given back, and what is not there is thrown at', () => {
  expect([certain(0), certain(''), lastOf([1, 2])]).toEqual([0, '', 2])
  expect(() => certain(undefined)).toThrow('not the one it was taken for')
  expect(() => certain(null)).toThrow('not the one it was taken for')
  expect(() => lastOf([])).toThrow('not the one it was taken for')
})

const failing = (error: Error, isLate: boolean): Analyser => ({
  analyse: () => {
    if (isLate) return Promise.reject(error)
    throw error
  },
  sourcesOf: () => ({ relations: [], columns: [], isKnown: true }),
  masker: { mask: () => ({ sql: '', hidden: [], overlay: null }), bound: () => null },
  close: async () => {},
})

test.each([false, true])('a statement whose analysis throws is refused, one that is too much goes elsewhere', async (isLate) => {
  const context = {
    catalog: null,
    dialect: 'postgres',
    policy: openPolicy,
    roles: [],
    connectionId: 'c',
    limits: openPolicy.defaults,
  } as const
  const judged = async (error: Error) => await judgeStatement({ sql: 'SELECT 1', params: [] }, context, failing(error, isLate))
  expect((await judged(new RangeError('Maximum call stack size exceeded')))?.verdict).toMatchObject({
    decision: 'refuse',
    class: 'unknown',
    reasons: [{ code: 'guard.unreadable' }, { code: 'guard.unknown-effect' }],
  })
  expect(await judged(new TooMuchWork())).toBeNull()
})
