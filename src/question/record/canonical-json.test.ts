import { assert, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type Json } from './canonical-json.ts'

test.each<[Json, string]>([
  [{ b: 1, a: [true, null, 'x'], c: { z: 0, y: -1.5e300 } }, '{"a":[true,null,"x"],"b":1,"c":{"y":-1.5e+300,"z":0}}'],
  [{ a: undefined, b: 1 }, '{"b":1}'],
  [{ '\uD800': '\0"', é: '' }, '{"\u00e9":"","\\ud800":"\\u0000\\""}'],
  [{ text: 'Größe 🚢 \u2028', half: 'a\uDC00b', feed: 'a\nb\\' }, '{"feed":"a\\nb\\\\","half":"a\\udc00b","text":"Größe 🚢 \u2028"}'],
  [
    Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`k${99 - at}`, at])),
    `{${Array.from({ length: 60 }, (_, at) => `"k${at + 40}":${59 - at}`).join(',')}}`,
  ],
  [-0, '0'],
  [[], '[]'],
  [{}, '{}'],
  [null, 'null'],
])('%j is spelled %s', (value, text) => {
  expect(canonicalJson(value)).toBe(text)
})

test('reading a text and writing it again gives the same text, whatever the order of its keys', () => {
  assert(
    property(jsonValue(), (value) => {
      const text = canonicalJson(value)
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
