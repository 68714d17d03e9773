import { expect, test } from 'vitest'
import { wrapLine } from './wrap.ts'

test.each<[string, number | null, string[]]>([
  ['short', 20, ['short']],
  ['  one two three four', 12, ['  one two', '  three four']],
  ['one \x1b[2mtwo three\x1b[22m four', 9, ['one \x1b[2mtwo', 'three\x1b[22m', 'four']],
  ['averyveryverylongword x', 8, ['averyveryverylongword', 'x']],
  ['no edge in a pipe at all', null, ['no edge in a pipe at all']],
])('%j in %s columns', (line, columns, lines) => expect(wrapLine(line, columns)).toEqual(lines))
