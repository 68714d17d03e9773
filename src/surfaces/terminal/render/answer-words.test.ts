import { expect, test } from 'vitest'
import type { ProgressBody, VerdictBody } from '../../../contract/index.ts'
import { maskedLines, progressWord } from './answer-words.ts'
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

test.each<[Partial<ProgressBody>, string]>([
  [{ phase: 'queue' }, 'waiting for a free connection…'],
  [{ phase: 'read' }, 'running…'],
  [{ phase: 'read', rows: 12_000, bytes: 3_000_000 }, 'reading… 12,000 rows, 2.9 MB'],
  [{ phase: 'dry-run' }, 'trying it out…'],
  [{ phase: 'commit' }, 'committing…'],
])('long work is told beside the spinner: %j', (more, word) => {
  expect(progressWord({ type: 'progress', phase: 'write', rows: 0, bytes: 0, elapsedMs: 1_000, ...more })).toBe(word)
})
