import { describe, expect, test } from 'vitest'
import type { ResultColumn } from '../../../contract/index.ts'
import { noPaint } from './paint.ts'
import { fitTable, measureTable, TableWriter, tableWidth, type Row } from './table.ts'
import { widthOf } from './width.ts'

const text = (name: string): ResultColumn => ({ name, type: 'text', kind: 'text' })
const number = (name: string): ResultColumn => ({ name, type: 'int8', kind: 'number' })

function draw(columns: readonly ResultColumn[], rows: readonly Row[], screenColumns?: number): string[] {
  const natural = measureTable(columns, rows)
  const layout = screenColumns === undefined ? natural : (fitTable(natural, screenColumns) ?? natural)
  const writer = new TableWriter(layout, noPaint, 'ascii')
  return [...writer.header(), ...rows.map((row) => writer.row(row))]
}

describe('a table', () => {
  test('has numbers to the right and text to the left', () => {
    const rows = [
      ['DHL', '12'],
      ['UPS Ground', '9007199254740993'],
    ]
    expect(draw([text('carrier'), number('orders')], rows)).toEqual([
      ' carrier    |           orders',
      '------------+------------------',
      ' DHL        |               12',
      ' UPS Ground | 9007199254740993',
    ])
  })

  test('tells NULL from the text NULL and from nothing', () => {
    expect(
      draw(
        [text('a'), text('b')],
        [
          [null, 'x'],
          ['NULL', 'x'],
          ['', 'x'],
        ],
      ).slice(2),
    ).toEqual([' NULL   | x', ' "NULL" | x', '        | x'])
  })

  test('lines up wide characters', () => {
    const lines = draw(
      [text('名前'), text('b')],
      [
        ['日本語', 'x'],
        ['abc', 'y'],
        ['👩‍👩‍👧', 'z'],
      ],
    )
    const bars = lines.slice(2).map((line) => widthOf(line.slice(0, line.indexOf('|'))))
    expect(new Set(bars).size).toBe(1)
  })

  test('lets nothing a cell holds move the cursor', () => {
    const hostile = 'a\x1b[2J\x1b]0;title\x07\r\nb\u009b31m\u202eevil\u2028\u0000'
    const [, , line = ''] = draw([text('\x1b[31mname')], [[hostile]])
    // oxlint-disable-next-line no-control-regex -- their absence is what is tested
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028]/)
    expect(line).toContain('␛[2J')
    expect(line).toContain('␍↵b')
  })
})

describe('a table on a narrow screen', () => {
  const rows = [['7', 'x'.repeat(200), 'y'.repeat(30)]]
  const columns = [number('id'), text('long'), text('short')]

  test('cuts the widest text and says so', () => {
    const fitted = fitTable(measureTable(columns, rows), 60)
    expect(fitted?.isCut).toBe(true)
    expect(draw(columns, rows, 60).every((line) => widthOf(line) <= 60)).toBe(true)
    expect(draw(columns, rows, 60)[2]).toContain('…')
  })

  test('never cuts a number', () => {
    const numbers = measureTable([number('a'), number('b')], [['1'.repeat(40), '2'.repeat(40)]])
    expect(fitTable(numbers, 60)).toBeNull()
  })

  test('gives up rather than make columns unreadable', () => {
    const many = Array.from({ length: 30 }, (_, at) => text(`column_number_${at}`))
    expect(fitTable(measureTable(many, []), 80)).toBeNull()
  })

  test('leaves alone what fits', () => {
    const layout = measureTable([text('a')], [['b']])
    expect(fitTable(layout, 80)?.isCut).toBe(false)
    expect(tableWidth(layout)).toBe(3)
  })
})
