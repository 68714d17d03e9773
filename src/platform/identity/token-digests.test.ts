import { afterEach, expect, test, vi } from 'vitest'
import { TokenDigests } from './token-digests.ts'
import { hashToken, newTokenText } from './token-text.ts'

afterEach(() => void vi.useRealTimers())

test('gives what hashing gives, for many texts in turn', () => {
  const digests = new TokenDigests()
  const texts = Array.from({ length: 1_500 }, newTokenText)
  for (let round = 0; round < 2; round++) for (const text of texts) expect(digests.of(text).bytes).toEqual(hashToken(text))
})

test('holds no text longer than a second', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const digests = new TokenDigests()
  const first = digests.of('a text')
  vi.advanceTimersByTime(900)
  expect(digests.of('a text')).toBe(first)
  vi.advanceTimersByTime(200)
  expect(digests.of('a text')).not.toBe(first)
})
