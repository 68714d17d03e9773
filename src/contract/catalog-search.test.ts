import { expect, test } from 'vitest'
import type { RelationBody } from './catalog.ts'
import { searchRelations } from './catalog-search.ts'

function relation(name: string, columns: readonly string[], comment: string | null = null): RelationBody {
  return {
    schema: 'public',
    name,
    kind: 'table',
    comment,
    columns: columns.map((column) => ({ name: column, type: 'text', isNullable: true, comment: null, statistics: null })),
    primaryKey: [],
    uniqueKeys: [],
    foreignKeys: [],
    estimatedRows: null,
    sizeBytes: null,
    definition: null,
    parents: [],
  }
}

const relations = [
  relation('customer', ['id', 'name']),
  relation('sales_order', ['id', 'customerId', 'shipped_at']),
  relation('carrier', ['id'], 'Companies that carry shipments'),
]

test.each([
  ['customers', ['customer', 'sales_order']],
  ['ORDER', ['sales_order']],
  ['who carries the shipments', ['carrier']],
  ['shipped orders of a customer', ['sales_order', 'customer']],
  ['nothing alike', []],
  ['  ', []],
])('“%s” finds %j, best first', (text, names) => {
  expect(searchRelations(relations, text, 10).map((found) => found.name)).toEqual(names)
})

test('no more are given than were wanted', () => {
  expect(searchRelations(relations, 'id', 2)).toHaveLength(2)
})
