import { describe, expect, test } from 'vitest'
import { AnswerFrames, type AnswerHandler } from './answer-frames.ts'
import { ByteGatherer } from './gather-bytes.ts'

function message(letter: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(letter)
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

const wide = `${'w'.repeat(300_000)}\n`
const lines = ['a,b\n', '1,plain\n', '2,"two\nlines"\n', wide, '3,end\n']
const opened = message('H', '\0\0\0')
const ready = message('Z', 'I')
const copied = Buffer.concat([opened, ...lines.map((line) => message('d', line)), message('c', ''), message('C', 'COPY 4\0'), ready])

/** Writes down what it hears; what it is not asked for it refuses. */
function handler(wanted: Partial<AnswerHandler>): { readonly heard: AnswerHandler; readonly passed: Buffer[]; readonly tags: string[] } {
  const passed: Buffer[] = []
  const tags: string[] = []
  const unasked = (): never => {
    throw new Error('That was not sent')
  }
  const heard: AnswerHandler = {
    ...{ takesCopies: false, begin: () => {}, add: unasked, described: unasked, row: unasked },
    ...{ done: (tag) => tags.push(tag), pass: (bytes) => passed.push(Buffer.from(bytes)) },
    ...wanted,
  }
  return { heard, passed, tags }
}

function feed(frames: AnswerFrames, bytes: Buffer, chunkBytes: number, after = (): void => {}): void {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    frames.feed(Buffer.from(bytes.subarray(at, at + chunkBytes)))
    after()
  }
}

function gather(chunkBytes: number, isTakenAlong: boolean) {
  const gatherer = new ByteGatherer(1)
  const { heard, passed, tags } = handler({
    takesCopies: true,
    begin: (bytes, isCopied) => void (isCopied && gatherer.begin(bytes)),
    add: (chunk, start, end) => gatherer.add(chunk, start, end),
  })
  const pieces: { text: string; rows: number | null }[] = []
  const takeAll = (): void => {
    for (let piece = gatherer.take(); piece !== null; piece = gatherer.take())
      pieces.push({ text: Buffer.from(piece.bytes).toString(), rows: piece.rows })
  }
  feed(new AnswerFrames(heard), copied, chunkBytes, isTakenAlong ? takeAll : undefined)
  takeAll()
  return { pieces, passed: Buffer.concat(passed), tags, held: gatherer.heldBytes }
}

const pieceSizes = [1, 2, 5, 64, 4_096, 65_536, 10_000_000]

describe.each([true, false])('rows of a COPY, taken along the way: %s', (isTakenAlong) => {
  test.each(pieceSizes)('come whole and counted from pieces of %i bytes', (chunkBytes) => {
    const { pieces, passed, tags, held } = gather(chunkBytes, isTakenAlong)
    expect(pieces.map((piece) => piece.text).join('')).toBe(lines.join(''))
    expect(pieces.reduce((sum, piece) => sum + (piece.rows ?? Number.NaN), 0)).toBe(lines.length - 1) // without the header line
    expect(pieces.every((piece) => piece.text.endsWith('\n'))).toBe(true)
    expect(passed).toEqual(Buffer.concat([opened, ready]))
    expect(tags).toEqual(['COPY 4'])
    expect(held).toBe(0)
  })
})

function word(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(bytes === 4 ? value | 0 : value, 0, bytes) // an object id has no sign, and all bits
  return buffer
}

function field(name: string, type: number, modifier: number): Buffer {
  return Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(6), word(type, 4), word(-1, 2), word(modifier, 4), word(0, 2)])
}

function row(cells: readonly (string | null)[]): Buffer {
  const parts = cells.map((cell) => (cell === null ? word(-1, 4) : Buffer.concat([word(Buffer.byteLength(cell), 4), Buffer.from(cell)])))
  return message('D', Buffer.concat([word(cells.length, 2), ...parts]))
}

describe('rows of a query', () => {
  const cells = [['7', 'Žofie', null], ['', '\u{1f600}', 'x'.repeat(70_000)], ['é', '\0', ' '], []]
  const fields = [field('id', 23, -1), field('größe', 1043, 24), field('oid', 4_000_000_000, -1)]
  const description = message('T', Buffer.concat([word(fields.length, 2), ...fields]))
  const begun = [message('1', ''), message('t', '\0\0'), message('2', ''), description]
  const noted = message('N', 'SNOTICE\0\0')
  const read = Buffer.concat([
    ...begun,
    ...cells.slice(0, 2).map(row),
    noted,
    ...cells.slice(2).map(row),
    message('C', 'SELECT 4\0'),
    ready,
  ])

  test.each(pieceSizes)('come as they were sent, from pieces of %i bytes', (chunkBytes) => {
    const rows: (string | null)[][] = []
    const described: unknown[] = []
    const { heard, passed, tags } = handler({ row: (one) => rows.push(one), described: (all) => described.push(...all) })
    feed(new AnswerFrames(heard), read, chunkBytes)
    expect(rows).toEqual(cells)
    expect(described).toEqual([
      { name: 'id', dataTypeID: 23, dataTypeModifier: -1 },
      { name: 'größe', dataTypeID: 1043, dataTypeModifier: 24 },
      { name: 'oid', dataTypeID: 4_000_000_000, dataTypeModifier: -1 },
    ])
    expect(passed).toEqual([noted, ready])
    expect(tags).toEqual(['SELECT 4'])
  })

  test('are not those of a COPY that nobody asked for, nor does the driver hear of these', () => {
    const { heard, passed, tags } = handler({})
    new AnswerFrames(heard).feed(Buffer.concat([copied, message('s', '')]))
    expect([passed, tags]).toEqual([[opened, ready], ['COPY 4']])
  })

  test('tell of their length before they are whole', () => {
    const begun: number[] = []
    const { heard } = handler({ begin: (bytes) => begun.push(bytes), row: () => {} })
    new AnswerFrames(heard).feed(row(['x'.repeat(1_000)]).subarray(0, 100))
    expect(begun).toEqual([1_010])
  })

  test('leave to the driver what comes behind the end, whole or not', () => {
    const { heard, passed } = handler({ row: () => {}, described: () => {} })
    const frames: AnswerFrames = new AnswerFrames({
      ...heard,
      pass: (bytes) => {
        heard.pass(bytes)
        if (bytes[0] === 'Z'.charCodeAt(0)) frames.end()
      },
    })
    const later = message('S', 'TimeZone\0UTC\0')
    frames.feed(Buffer.concat([read, later.subarray(0, 7)]))
    frames.feed(later.subarray(7))
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([noted, ready, later]))
  })

  test.each([0, 3, -1])('are none where a message says that it has %i bytes', (length) => {
    const { heard, passed } = handler({})
    const frames = new AnswerFrames(heard)
    expect(() => frames.feed(Buffer.concat([Buffer.from('D'), word(length, 4), Buffer.from('rest')]))).toThrow('is none')
    expect(passed).toEqual([])
  })

  test.each([
    ['has fewer cells than it says', message('D', word(2_000, 2))],
    ['describes fewer fields than it says', message('T', Buffer.concat([word(3, 2), Buffer.from('id')]))],
  ])('are none where a message %s', (_case, bytes) => {
    const { heard } = handler({ row: () => {}, described: () => {} })
    expect(() => new AnswerFrames(heard).feed(bytes)).toThrow(RangeError)
  })
})
