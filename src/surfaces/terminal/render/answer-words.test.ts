import { expect, test } from 'vitest'
import type { VerdictBody } from '../../../contract/index.ts'
import { maskedLines } from './answer-words.ts'
import { noPaint } from './paint.ts'

const verdict: VerdictBody = {
  decision: 'allow',
  class: 'read',
  reasons: [],
  tables: [],
  columns: [],
  functions: [],
  masked: [],
  filtered: [],
}

test.each<[string, Partial<VerdictBody>, string[]]>([
  ['nothing', {}, []],
  ['one column', { masked: ['public.customer.email'] }, ['  public.customer.email is masked for you.']],
  ['two columns', { masked: ['a.b.c', 'a.b.d'] }, ['  a.b.c, a.b.d are masked for you.']],
  ['rows', { filtered: ['public.sales_order'] }, ['  You have only some rows of public.sales_order.']],
])('what is masked or filtered is said: %s', (_what, more, lines) => {
  expect(maskedLines({ ...verdict, ...more }, { paint: noPaint, columns: null })).toEqual(lines)
})
