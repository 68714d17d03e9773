import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyedMac } from './keyed-mac.ts'

test.each([0, 1, 31, 32, 63, 64, 65, 200])('a key of %i bytes gives the same code as the platform’s HMAC', (length) => {
  const key = randomBytes(length)
  const mac = keyedMac(key)
  for (const body of ['', 'a', 'Größe 🚢', 'x'.repeat(10_000)]) {
    const previous = randomBytes(32)
    const expected = createHmac('sha256', key).update('link\n').update(previous).update(body, 'utf8').digest()
    expect(mac('link\n', previous, body)).toEqual(expected)
    expect(mac('link\n', previous, body)).toEqual(expected) // the pads are not used up
  }
})

test('every part counts, and so does its place', () => {
  const mac = keyedMac(randomBytes(32))
  expect(mac('a', 'b')).not.toEqual(mac('b', 'a'))
  expect(mac('a')).not.toEqual(mac('a', 'b'))
})
