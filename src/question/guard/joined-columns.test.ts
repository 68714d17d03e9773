import { expect, test } from 'vitest'
import { Steps } from './effort.ts'
import { Joins } from './joined-columns.ts'

const entry = (...names: string[]) => ({ columns: new Map(names.map((name) => [name, [name]])) })
const unknown = { columns: null }

test('what is compared once is not compared again by the joins behind it', () => {
  const joins = new Joins<string>(new Steps({ bytes: 0, tokens: 0, steps: 1_000 }))
  const [a, b, c] = [entry('id', 'x'), entry('id', 'y'), entry('id', 'y')]
  const compare = (left: (typeof a)[], right: (typeof a)[], using: string[], isNatural = false) =>
    joins.compare(left, right, left, { using, isNatural })
  const left = [a]
  expect(compare(left, [b], ['id'])).toEqual([{ name: 'id', origins: ['id', 'id'], isMissing: false }])
  expect(compare(left, [c], [], true)).toEqual([
    { name: 'id', origins: ['id'], isMissing: false },
    { name: 'y', origins: ['y', 'y'], isMissing: false },
  ])
  expect(compare(left, [entry('z')], ['nothing'])).toEqual([{ name: 'nothing', origins: [], isMissing: true }])
})

test('what is not known may share any column of the other side', () => {
  const named = (left: readonly (typeof unknown | ReturnType<typeof entry>)[], right: typeof left) =>
    new Joins<string>(new Steps({ bytes: 0, tokens: 0, steps: 100 })).compare(left, right, [], { using: [], isNatural: true })
  expect(named([entry('a', 'b')], [unknown]).map(({ name }) => name)).toEqual(['a', 'b'])
  expect(named([unknown], [entry('a', 'b')]).map(({ name }) => name)).toEqual(['a', 'b'])
  expect(named([entry('a', 'b')], [entry('b'), unknown]).map(({ name }) => name)).toEqual(['a', 'b'])
})

test.each([500, 2_000])('a chain of %i natural joins costs as much as its tables have columns', (tables) => {
  const columns = ['id', 'name', 'city', 'total']
  const steps = new Steps({ bytes: 0, tokens: 0, steps: 3 * columns.length * tables })
  const joins = new Joins<string>(steps)
  const left = [entry(...columns)]
  let handedOut = 0
  for (let at = 1; at < tables; at++) {
    const right = [entry(...columns)]
    for (const { origins } of joins.compare(left, right, left, { using: [], isNatural: true })) handedOut += origins.length
    left.push(...right)
  }
  expect(handedOut).toBe(tables * columns.length)
})
