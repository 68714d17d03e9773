import { expect, test } from 'vitest'
import { printable, printableLines } from './printable.ts'

test.each<[string, string]>([
  ['plain text', 'plain text'],
  ['naïve 日本語 👍', 'naïve 日本語 👍'],
  ['a\nb', 'a↵b'],
  ['\x1b[31mred', '␛[31mred'],
  ['\u009b31m', '\\u{9b}31m'],
  ['\u202eevil', '\\u{202e}evil'],
  ['zero\u200bwidth', 'zero\\u{200b}width'],
  ['\x7f', '␡'],
  ['tag\u{e0041}', 'tag\\u{e0041}'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown))

test('lines of SQL stay lines', () => expect(printableLines('select\r\n\t1\n\x1b')).toEqual(['select', '  1', '␛']))
