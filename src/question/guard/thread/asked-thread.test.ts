import { afterAll, describe, expect, test } from 'vitest'
import { AskedThread } from './asked-thread.ts'

interface Said {
  readonly id: number
  readonly text: string
}

/** A thread that answers with what it was told, and does what some words say. */
const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ id, text }) => {
      if (text === 'die') process.exit(1)
      if (text === 'throw') throw new Error('no')
      if (text === 'never') return
      parentPort.postMessage({ id: text === 'other' ? id + 1 : id, text: text + '!' })
      if (text === 'twice') parentPort.postMessage({ id, text: 'once more' })
    })
    parentPort.postMessage('ready')`)}`,
)

function opened(): AskedThread<Said, Said> {
  return new AskedThread<Said, Said>({
    script,
    lost: ({ id }) => ({ id, text: 'lost' }),
    isBroken: ({ text }) => text === 'break!',
    askMore: ({ text }, request) => (text === 'again!' ? { ...request, text: 'answered' } : null),
  })
}

describe('a thread that hostile text may break', () => {
  const thread = opened()
  afterAll(() => thread.close())
  let id = 0
  const ask = async (text: string): Promise<string> => (await thread.ask({ id: ++id, text })).text

  test('answers one after another, and is asked again where an answer wants more', async () => {
    expect(await Promise.all(['a', 'b', 'again'].map(ask))).toEqual(['a!', 'b!', 'answered!'])
  })

  test.each(['die', 'throw', 'break', 'other'])('is replaced when it says “%s”: that question alone is lost', async (text) => {
    expect(await Promise.all([ask('before'), ask(text), ask('behind')])).toEqual(['before!', 'lost', 'behind!'])
  })

  test('is not believed when it says more than it was asked', async () => {
    expect(await ask('twice')).toBe('twice!')
    expect(await Promise.all([ask('next'), ask('after')])).toContain('after!')
    expect(await ask('later')).toBe('later!')
  })

  test('loses what it was at and what waited when it is closed, and opens again when it is asked', async () => {
    const closing = opened()
    const asked = ['never', 'behind'].map((text, at) => closing.ask({ id: at, text }))
    await closing.close()
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(['lost', 'lost'])
    expect((await closing.ask({ id: 5, text: 'anew' })).text).toBe('anew!')
    await closing.close()
    await closing.close()
  })
})
