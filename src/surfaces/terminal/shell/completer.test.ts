import { describe, expect, test } from 'vitest'
import { catalog } from '../../../../test/support/terminal-server.ts'
import { makeCompleter } from './completer.ts'

const complete = makeCompleter({ catalog: () => catalog, connections: () => ['demo', 'warehouse'] })

describe('completion', () => {
  test.each<[string, string[], string]>([
    ['\\ex', ['\\explain ', '\\export '], '\\ex'],
    ['\\c wa', ['warehouse'], 'wa'],
    ['\\d cu', ['customer'], 'cu'],
    ['\\export c', ['csv '], 'c'],
    ['select * from sal', ['sales_order'], 'sal'],
    ['select car', ['carrier'], 'car'],
    ['select o.ca', [], 'o.ca'],
    ['select * from sales_order o where o.ca', ['o.carrier'], 'o.ca'],
    ['select customer.', ['customer.city', 'customer.customer_id', 'customer.name'], 'customer.'],
    ['how many cust', ['customer', 'customer_id'], 'cust'],
    ['select * from customer wh', ['when', 'where'], 'wh'],
    ['how many wh', [], 'wh'],
    ['from public.cu', ['public.customer'], 'public.cu'],
  ])('of %j is %j', (line, candidates, word) => expect(complete(line)).toEqual([candidates, word]))

  test('is empty until the catalog is known', () => {
    expect(makeCompleter({ catalog: () => null, connections: () => [] })('select * from c')).toEqual([[], 'c'])
  })
})
