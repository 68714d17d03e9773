import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProgressBody } from '../contract/index.ts'
import { RunMeter } from './run/index.ts'
import type { Walk } from './stages.ts'
import { Watch, watchOf } from './watch.ts'

const meter = new RunMeter()
const walk = { signal: new AbortController().signal, ledger: { meter }, delivery: { hasProgress: true } } as unknown as Walk // all a watch looks at

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const after = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('done'), ms))

async function wordsOf(generator: AsyncGenerator<ProgressBody, unknown>): Promise<readonly number[]> {
  const words: number[] = []
  const all = (async () => {
    for await (const word of generator) words.push(word.elapsedMs)
  })()
  await vi.runAllTimersAsync()
  await all
  return words
}

test('short work is done without a word', async () => {
  expect(await wordsOf(new Watch(walk, 'read').result(after(999)))).toEqual([])
})

test('long work has a word a second', async () => {
  expect(await wordsOf(new Watch(walk, 'read').result(after(3_500)))).toEqual([1_000, 2_000, 3_000])
})

test('work that gives much all the time has no more words than that', async () => {
  async function* steps(): AsyncGenerator<'step'> {
    for (let step = 0; step < 350; step++) {
      await after(10)
      yield 'step'
    }
  }
  const events: (ProgressBody | 'step')[] = []
  const all = (async () => {
    for await (const event of new Watch(walk, 'read').steps(steps())) events.push(event)
  })()
  await vi.runAllTimersAsync()
  await all
  const words = events.filter((event) => event !== 'step')
  expect(words.map((word) => Math.floor(word.elapsedMs / 1000))).toEqual([1, 2, 3])
  expect(events.length - words.length).toBe(350)
})

test('what fails is thrown as it came, and what comes after the reader left is handed over', async () => {
  const failing = new Watch(walk, 'write').result(after(1).then(() => Promise.reject(new Error('as it came'))))
  const caught = failing.next().catch((error: Error) => error.message)
  await vi.runAllTimersAsync()
  expect(await caught).toBe('as it came')
  const watch = new Watch(walk, 'queue')
  const late: string[] = []
  const leaving = watch.result(after(5_000), async (result) => void late.push(result))
  const first = leaving.next()
  await vi.advanceTimersByTimeAsync(1_000)
  expect((await first).value).toMatchObject({ phase: 'queue', elapsedMs: 1_000 })
  const left = leaving.return('left')
  await vi.runAllTimersAsync()
  await left
  expect(watch.signal.aborted).toBe(true)
  expect(late).toEqual(['done'])
})

test('leaving between two words ends the steps, which may be waiting for the database', async () => {
  const watch = new Watch(walk, 'read')
  let isClean = false
  async function* steps(): AsyncGenerator<'step'> {
    try {
      await new Promise((_resolve, reject) => watch.signal.addEventListener('abort', () => reject(new Error('cancelled'))))
      yield 'step'
    } finally {
      isClean = true
    }
  }
  const events = watch.steps(steps())
  const first = events.next()
  await vi.advanceTimersByTimeAsync(1_000)
  expect((await first).value).toMatchObject({ type: 'progress' })
  await events.return('left')
  expect(isClean).toBe(true)
})

test('nobody is watched who did not ask for it', () => {
  expect(watchOf({ ...walk, delivery: { format: null, batchRows: 1 } }, 'read')).toBeNull()
})
