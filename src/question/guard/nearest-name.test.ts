import { describe, expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

describe('the name that was meant', () => {
  test.each([
    ['costumer', ['customer', 'consumer_log'], 'customer'],
    ['customer', ['custome', 'customers'], 'customers'],
    ['customers', ['customerz', 'customer'], 'customer'],
    ['Itme', ['item', 'order'], 'item'],
    ['a', ['bcd', 'b'], 'b'],
    ['parcel', ['ledger'], null],
    ['', [], null],
  ])('of %s among %j is %s', (name, candidates, meant) => {
    expect(nearestName(name, candidates)).toBe(meant)
  })
})
