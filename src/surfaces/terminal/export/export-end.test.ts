import { describe, expect, test } from 'vitest'
import { readRowsEnd, TailKeeper } from './export-end.ts'

const endLine = '{"$end":{"outcome":"answered","rows":3,"truncated":null}}\n'
const rows = '{"a":1}\n{"a":2}\n{"a":"…"}\n'

describe('the last line of NDJSON', () => {
  test.each([1, 2, 3, 7, 8, 9, 10, 50, 1000])('is held back however the bytes are cut (%i)', (size) => {
    const bytes = Buffer.from(rows + endLine)
    const tail = new TailKeeper('ndjson')
    const passed: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) passed.push(...tail.take(bytes.subarray(at, at + size)))
    expect(Buffer.concat(passed).toString()).toBe(rows)
    expect(tail.lastLine()).toBe(endLine)
  })

  test('of no rows is all there is', () => {
    const tail = new TailKeeper('ndjson')
    expect(tail.take(Buffer.from(endLine))).toEqual([])
    expect(readRowsEnd({}, tail.lastLine())).toEqual({ outcome: 'answered', rows: 3, truncated: null })
  })
})

describe('the end of an export', () => {
  test.each<[string, Record<string, string>, string | null, unknown]>([
    [
      'trailers say it is whole',
      { 'x-aishell-outcome': 'answered', 'x-aishell-rows': '5', 'x-aishell-truncated': 'no' },
      null,
      { outcome: 'answered', rows: 5, truncated: null },
    ],
    [
      'trailers say it was cut',
      { 'x-aishell-outcome': 'answered', 'x-aishell-rows': '5', 'x-aishell-truncated': 'row-cap' },
      null,
      { outcome: 'answered', rows: 5, truncated: 'row-cap' },
    ],
    ['no trailers say nothing', {}, null, null],
    ['a row is no end', {}, '{"a":1}\n', null],
    ['half an end is no end', {}, '{"$end":{"outco', null],
  ])('%s', (_, trailers, line, expected) => expect(readRowsEnd(trailers, line)).toEqual(expected))
})
