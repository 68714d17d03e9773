import { describe, expect, test } from 'vitest'
import type { Cell, ResultColumn } from '../../contract/index.ts'
import { ChartHint } from './chart-hint.ts'
import { csvHeader, csvRows } from './csv.ts'
import { ndjsonRows } from './ndjson.ts'

const column = (name: string, kind: ResultColumn['kind']): ResultColumn => ({ name, type: kind, kind })

describe('CSV', () => {
  test.each<[Cell, ResultColumn['kind'], string]>([
    [null, 'text', ''],
    ['', 'text', '""'],
    ['a,b', 'text', '"a,b"'],
    ['say "hi"', 'text', '"say ""hi"""'],
    ['two\nlines', 'text', '"two\nlines"'],
    [' padded', 'text', '" padded"'],
    ['true', 'boolean', 't'],
    ['9007199254740993', 'number', '9007199254740993'],
  ])('writes %j of kind %s as %s', (cell, kind, field) => {
    expect(csvRows([column('x', kind)], [[cell]])).toBe(`${field}\n`)
  })

  test.each<[Cell, ResultColumn['kind'], string]>([
    ['=1+1', 'text', "'=1+1"],
    ['+1', 'text', "'+1"],
    ['-1', 'text', "'-1"],
    ['@sum', 'text', "'@sum"],
    ['\t=1', 'text', "'\t=1"],
    ['a=1', 'text', 'a=1'],
    ['-5.25', 'number', '-5.25'],
    ['-infinity', 'time', '-infinity'],
    ['=1', 'number', "'=1"],
    ['=1', 'other', "'=1"],
    [null, 'text', ''],
  ])('keeps %j of kind %s from being run by a spreadsheet', (cell, kind, field) => {
    expect(csvRows([column('x', kind)], [[cell]], true)).toBe(`${field}\n`)
  })

  test('keeps its header from being run, too', () => {
    expect(csvHeader([column('=1', 'text')], true)).toBe("'=1\n")
  })

  test('names its columns in the first line', () => {
    expect(csvHeader([column('a b', 'text'), column('c,d', 'text')])).toBe('a b,"c,d"\n')
  })
})

describe('NDJSON', () => {
  test.each<[Cell, ResultColumn['kind'], string]>([
    [null, 'number', 'null'],
    ['9007199254740993', 'number', '9007199254740993'],
    ['1e-30', 'number', '1e-30'],
    ['NaN', 'number', '"NaN"'],
    ['true', 'boolean', 'true'],
    ['{"a": 1}', 'json', '{"a": 1}'],
    ['not json', 'json', '"not json"'],
    ['quote " and \u2028', 'text', JSON.stringify('quote " and \u2028')],
  ])('writes %j of kind %s as %s', (cell, kind, json) => {
    expect(ndjsonRows([column('x', kind)], [[cell]])).toBe(`{"x":${json}}\n`)
  })

  test('keeps both of two columns that are named alike', () => {
    expect(ndjsonRows([column('n', 'number'), column('n', 'number')], [['1', '2']])).toBe('{"n":1,"n_2":2}\n')
  })
})

describe('a chart is hinted at', () => {
  const hintOf = (columns: ResultColumn[], rows: Cell[][]): unknown => {
    const chart = new ChartHint()
    chart.begin(columns)
    chart.take(rows)
    return chart.hint()
  }

  test.each<[string, ResultColumn[], Cell[][], unknown]>([
    [
      'as bars for a label and a measure',
      [column('carrier', 'text'), column('orders', 'number')],
      [
        ['a', '1'],
        ['b', '2'],
      ],
      { mark: 'bar', x: 'carrier', y: 'orders' },
    ],
    [
      'as a line over time',
      [column('day', 'time'), column('n', 'number')],
      [
        ['2025-01-01', '1'],
        ['2025-01-02', '2'],
      ],
      { mark: 'line', x: 'day', y: 'n' },
    ],
    ['not for one row', [column('n', 'number')], [['1']], null],
    [
      'not where labels repeat',
      [column('a', 'text'), column('n', 'number')],
      [
        ['x', '1'],
        ['x', '2'],
      ],
      null,
    ],
    [
      'as points for two measures',
      [column('a', 'number'), column('b', 'number')],
      [
        ['1', '1'],
        ['2', '2'],
      ],
      { mark: 'point', x: 'a', y: 'b' },
    ],
  ])('%s', (_, columns, rows, hint) => {
    expect(hintOf(columns, rows)).toEqual(hint)
  })
})
