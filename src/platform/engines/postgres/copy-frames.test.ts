import { describe, expect, test } from 'vitest'
import { ByteGatherer } from './gather-bytes.ts'
import { CopyFrames } from './copy-frames.ts'

function message(letter: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(letter)
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

const wide = `${'w'.repeat(300_000)}\n`
const rows = ['a,b\n', '1,plain\n', '2,"two\nlines"\n', wide, '3,end\n']
const others = [message('H', '\0\0\0'), message('C', 'COPY 4\0'), message('Z', 'I')]
const answer = Buffer.concat([others[0] as Buffer, ...rows.map((row) => message('d', row)), ...others.slice(1)]) // three of them

function gather(chunkBytes: number, isTakenAlong: boolean) {
  const gatherer = new ByteGatherer(1)
  const passed: Buffer[] = []
  const frames = new CopyFrames({
    begin: (bytes) => gatherer.begin(bytes),
    add: (chunk, start, end) => gatherer.add(chunk, start, end),
    pass: (bytes) => passed.push(Buffer.from(bytes)),
  })
  const pieces: { text: string; rows: number | null }[] = []
  const takeAll = (): void => {
    for (let piece = gatherer.take(); piece !== null; piece = gatherer.take())
      pieces.push({ text: Buffer.from(piece.bytes).toString(), rows: piece.rows })
  }
  for (let at = 0; at < answer.length; at += chunkBytes) {
    frames.feed(Buffer.from(answer.subarray(at, at + chunkBytes)))
    if (isTakenAlong) takeAll()
  }
  takeAll()
  return { pieces, passed: Buffer.concat(passed), held: gatherer.heldBytes }
}

describe.each([true, false])('rows of a COPY, taken along the way: %s', (isTakenAlong) => {
  test.each([1, 2, 5, 64, 4_096, 65_536, 10_000_000])('come whole and counted from pieces of %i bytes', (chunkBytes) => {
    const { pieces, passed, held } = gather(chunkBytes, isTakenAlong)
    expect(pieces.map((piece) => piece.text).join('')).toBe(rows.join(''))
    expect(pieces.reduce((sum, piece) => sum + (piece.rows ?? Number.NaN), 0)).toBe(rows.length - 1) // without the header line
    expect(pieces.every((piece) => piece.text.endsWith('\n'))).toBe(true)
    expect(passed).toEqual(Buffer.concat(others))
    expect(held).toBe(0)
  })
})
