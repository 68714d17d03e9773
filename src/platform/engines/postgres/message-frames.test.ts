import { describe, expect, test } from 'vitest'
import { ByteGatherer } from './gather-bytes.ts'
import { MessageFrames, type MessageHandler } from './message-frames.ts'
import { readAnswer, type AnswerHandler } from './read-answer.ts'
import { assertSound } from './sound-messages.ts'

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

interface Heard extends AnswerHandler, Omit<MessageHandler, 'message'> {}

/** Writes down what it hears; what it is not asked for it refuses. */
function listener(wanted: Partial<Heard>): { readonly frames: MessageFrames; readonly passed: Buffer[]; readonly tags: string[] } {
  const passed: Buffer[] = []
  const tags: string[] = []
  const unasked = (): never => {
    throw new Error('That was not sent')
  }
  const heard: Heard = {
    ...{ takesCopies: () => false, begin: () => {}, add: unasked, described: unasked, row: unasked },
    ...{ done: (tag) => tags.push(tag) },
    ...wanted,
  }
  const frames = new MessageFrames({
    ...heard,
    message: (bytes, at, body, end) => {
      if (!readAnswer(bytes, at, body, end, heard)) passed.push(Buffer.from(bytes.subarray(at, end)))
    },
  })
  return { frames, passed, tags }
}

function feed(frames: MessageFrames, bytes: Buffer, chunkBytes: number, after = (): void => {}): void {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    frames.feed(Buffer.from(bytes.subarray(at, at + chunkBytes)))
    after()
  }
}

function gather(chunkBytes: number, isTakenAlong: boolean) {
  const gatherer = new ByteGatherer(1)
  const { frames, passed, tags } = listener({
    takesCopies: () => true,
    begin: (bytes, isCopied) => void (isCopied && gatherer.begin(bytes)),
    add: (chunk, start, end) => gatherer.add(chunk, start, end),
  })
  const pieces: { text: string; rows: number | null }[] = []
  const takeAll = (): void => {
    for (let piece = gatherer.take(); piece !== null; piece = gatherer.take())
      pieces.push({ text: Buffer.from(piece.bytes).toString(), rows: piece.rows })
  }
  feed(frames, copied, chunkBytes, isTakenAlong ? takeAll : undefined)
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
    const { frames, passed, tags } = listener({ row: (one) => rows.push(one), described: (all) => described.push(...all) })
    feed(frames, read, chunkBytes)
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
    const { frames, passed, tags } = listener({})
    frames.feed(Buffer.concat([copied, message('s', '')]))
    expect([passed, tags]).toEqual([[opened, ready], ['COPY 4']])
  })

  test('tell of their length before they are whole', () => {
    const begun: number[] = []
    const { frames } = listener({ begin: (bytes) => begun.push(bytes), row: () => {} })
    frames.feed(row(['x'.repeat(1_000)]).subarray(0, 100))
    expect(begun).toEqual([1_010])
  })

  test.each([0, 3, -1])('are none where a message says that it has %i bytes', (length) => {
    const { frames, passed } = listener({})
    expect(() => frames.feed(Buffer.concat([Buffer.from('D'), word(length, 4), Buffer.from('rest')]))).toThrow('is none')
    expect(passed).toEqual([])
  })

  test.each([
    ['has fewer cells than it says', message('D', word(2_000, 2))],
    ['describes fewer fields than it says', message('T', Buffer.concat([word(3, 2), Buffer.from('id')]))],
  ])('are none where a message %s', (_case, bytes) => {
    const { frames } = listener({ row: () => {}, described: () => {} })
    expect(() => frames.feed(bytes)).toThrow(RangeError)
  })
})

describe('a message for the driver', () => {
  const isSound = (bytes: Buffer): boolean => {
    try {
      assertSound(bytes, 0, 5, bytes.length)
      return true
    } catch {
      return false
    }
  }
  const texts = (...parts: readonly string[]): string => parts.map((part) => `${part}\0`).join('')

  test.each([
    ['an error', message('E', `${texts('SFATAL', 'C57P01', 'Mgone')}\0`)],
    ['a notice of nothing', message('N', '\0')],
    ['a setting', message('S', texts('TimeZone', 'UTC'))],
    ['word of a channel', message('A', Buffer.concat([word(7, 4), Buffer.from(texts('channel', ''))]))],
    ['mechanisms', message('R', Buffer.concat([word(10, 4), Buffer.from(`${texts('SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS')}\0`)]))],
    ['a challenge', message('R', Buffer.concat([word(11, 4), Buffer.from('r=abc,s=def,i=4096')]))],
    ['signed in', message('R', word(0, 4))],
    ['its key', message('K', Buffer.concat([word(1, 4), word(2, 4)]))],
    ['columns', message('T', Buffer.concat([word(1, 2), field('id', 23, -1)]))],
    ['no columns', message('T', word(0, 2))],
    ['cells', row(['a', null, ''])],
    ['its end', message('C', texts('SELECT 1'))],
    ['ready', ready],
  ])('is sound, and no longer where it ends too soon: %s', (what, bytes) => {
    expect(isSound(bytes)).toBe(true)
    const isLonger = what === 'a challenge' // its text ends with the message
    for (let length = 5; length < bytes.length; length++)
      expect([length, isSound(bytes.subarray(0, length))]).toEqual([length, isLonger && length >= 9])
  })

  test.each(['?', '\0', 'v', 'W', 'p'])('of the unknown kind %j is not', (letter) => {
    expect(isSound(message(letter, 'text'))).toBe(false)
  })
})
