import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../domain/index.ts'
import { FileCutter } from './file-cutter.ts'
import { RunMeter } from './run-meter.ts'

function cut(format: 'csv' | 'ndjson', text: string, chunkBytes: number, limits: { maxRows?: number; maxBytes?: number }) {
  const meter = new RunMeter()
  const cutter = new FileCutter(format, { ...defaultLimits, ...limits }, meter)
  const bytes = Buffer.from(text)
  let out = ''
  for (let at = 0; at < bytes.length && meter.truncated === null; at += chunkBytes)
    out += Buffer.from(cutter.cut({ bytes: bytes.subarray(at, at + chunkBytes), rows: null })).toString()
  return { out, rows: meter.rows, bytes: meter.bytes, truncated: meter.truncated }
}

const csv = 'id,note\n1,plain\n2,"two\nlines"\n3,"a ""quoted"" word"\n'

describe('a file is cut at whole rows', () => {
  test.each([1, 3, 7, 1000])('and counts CSV rows, not line breaks, in chunks of %i bytes', (chunkBytes) => {
    expect(cut('csv', csv, chunkBytes, {})).toEqual({ out: csv, rows: 3, bytes: csv.length, truncated: null })
  })

  test.each([1000])('a result of exactly the row cap is whole', (chunkBytes) => {
    expect(cut('csv', csv, chunkBytes, { maxRows: 3 }).truncated).toBeNull()
  })

  test('one row more than the cap is truncated after the last row that fits', () => {
    expect(cut('csv', csv, 1000, { maxRows: 2 })).toMatchObject({
      out: 'id,note\n1,plain\n2,"two\nlines"\n',
      rows: 2,
      truncated: 'row-cap',
    })
  })

  test('the byte cap ends the file at the row before it', () => {
    expect(cut('csv', csv, 1000, { maxBytes: 20 })).toMatchObject({ out: 'id,note\n1,plain\n', rows: 1, truncated: 'byte-cap' })
  })

  test('NDJSON has no header and no quoted line breaks', () => {
    expect(cut('ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n', 5, { maxRows: 10 })).toMatchObject({ rows: 3, truncated: null })
    expect(cut('ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n', 1000, { maxRows: 1 })).toMatchObject({ out: '{"a":1}\n', truncated: 'row-cap' })
  })
})
