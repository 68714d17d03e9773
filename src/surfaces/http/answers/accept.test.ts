import { expect, test } from 'vitest'
import { answerTypeOf } from './accept.ts'

test.each([
  [undefined, 'text/event-stream'],
  ['', 'text/event-stream'],
  ['*/*', 'text/event-stream'],
  ['application/json', 'application/json'],
  ['application/json, text/event-stream', 'text/event-stream'],
  ['application/json, text/event-stream;q=0.5', 'application/json'],
  ['text/*', 'text/event-stream'],
  ['text/csv;q=0.1, application/pdf', 'text/csv'],
  ['*/*;q=0.1, application/x-ndjson', 'application/x-ndjson'],
  ['*/*, text/event-stream;q=0', 'application/json'],
  ['TEXT/CSV', 'text/csv'],
])('accepting %j gives %s', (accept, type) => {
  expect(answerTypeOf(accept)).toBe(type)
})

test.each(['image/png', 'text/csv;q=0', 'application/json;q=nonsense'])('accepting only %j gives nothing', (accept) => {
  expect(() => answerTypeOf(accept)).toThrow('cannot be given')
})
