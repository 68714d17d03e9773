import { expect, test } from 'vitest'
import { runComment } from './run-comment.ts'

test.each([
  ['a plain asker', 'Ada Lovelace', 'Ada Lovelace'],
  ['the end of a comment', 'a */ DROP', 'a  DROP'],
  ['the beginning of a nested one', 'a /* b', 'a  b'],
  ['signs pulled apart', '*\n/', ''],
  ['quotes, semicolons and placeholders', `'";$1?`, '1'],
  ['letters of any language', 'Jürgen 山田', 'Jürgen 山田'],
  ['an endless name', 'x'.repeat(500), 'x'.repeat(60)],
])('%s stays inside the comment', (_case, actor, shown) => {
  expect(runComment({ entryId: 'e-1', actor })).toBe(`/* aishell entry=e-1 actor=${shown} */ `)
})
