import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { ShellError } from '../../src/domain/index.ts'
import type { Store } from '../../src/platform/store/index.ts'
import { answered, begin, openStore, question, recordRig, type RecordRig } from '../support/record-rig.ts'

const writers = 64
/** A store that is slower than a turn of the event loop, also on a machine that is starved of time: a second batch finds the first under way. */
const slowMs = 20

let rig: RecordRig
beforeEach(async () => {
  rig = await recordRig()
})
afterEach(() => rig.close())

/** The rig's store, with a hand on what is written at once. */
function watched(around: (write: () => Promise<unknown>, underWay: number) => Promise<unknown>): Store {
  let underWay = 0
  const call = async (text: string, values: readonly unknown[]): Promise<unknown> => {
    underWay++
    try {
      return await around(async () => {
        await sleep(slowMs)
        return await rig.store.call(text, values)
      }, underWay)
    } finally {
      underWay--
    }
  }
  return { ...rig.store, call: call as Store['call'] } // gives what the rig's gives
}

async function everyWriter(record = rig.record): Promise<PromiseSettledResult<{ readonly entryId: string }>[]> {
  return await Promise.allSettled(Array.from({ length: writers }, (_, at) => begin(rig, `question ${at}`, record)))
}

async function chain(): Promise<{ readonly isIntact: boolean; readonly checked: number; readonly openIntents: number }> {
  return await rig.another().verify(rig.actor) // one that has written nothing itself
}

test('where many write, a second batch goes out before the first is durable, and both are in one chain', async () => {
  let most = 0
  const record = rig.another({
    store: watched((write, underWay) => {
      most = Math.max(most, underWay)
      return write()
    }),
  })
  await begin(rig, 'the first', record)
  for (let round = 0; round < 5; round++) {
    const begun = await everyWriter(record)
    expect(begun.map(({ status }) => status)).toEqual(Array.from({ length: writers }, () => 'fulfilled'))
  }
  expect(most).toBe(2)
  expect(await chain()).toMatchObject({ isIntact: true, checked: 1 + 5 * writers })
})

test('a lone writer has one batch under way', async () => {
  let most = 0
  const record = rig.another({ store: watched((write, underWay) => ((most = Math.max(most, underWay)), write())) })
  for (let round = 0; round < 20; round++) await begin(rig, 'alone', record)
  expect(most).toBe(1)
})

test('whoever comes within a few turns of the event loop goes to the store in the same batch', async () => {
  const batches: number[] = []
  const record = rig.another({ observe: (one) => void (one.type === 'record-committed' && batches.push(one.entries)) })
  await begin(rig, 'the first', record)
  const second = begin(rig, 'the second', record)
  await setImmediate()
  await setImmediate()
  await Promise.all([second, begin(rig, 'the third', record)])
  expect(batches).toEqual([1, 2])
})

test('an outcome goes to the store with the next intent, and by itself where none comes', async () => {
  const batches: number[] = []
  const record = rig.another({ observe: (one) => void (one.type === 'record-committed' && batches.push(one.entries)) })
  const first = await begin(rig, 'the first', record)
  await record.verify(rig.actor) // a reader, who waits for nothing here, changes nothing
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const ended = record.end(rig.actor, first, answered)
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  const second = await begin(rig, 'the second', record)
  await ended
  expect(batches).toEqual([1, 2])
  const endedAlone = record.end(rig.actor, second, answered)
  await setImmediate() // the batch before it is over by then
  await vi.advanceTimersByTimeAsync(5)
  await endedAlone
  expect(batches).toEqual([1, 2, 1])
  expect(await chain()).toMatchObject({ isIntact: true, checked: 4, openIntents: 0 })
})

test('whoever was in a batch the store did not take is told, and the batch behind it is written all the same', async () => {
  let failures = 0
  const record = rig.another({
    store: watched(async (write, underWay) => {
      if (failures === 0 && underWay === 2) {
        failures++
        throw new ShellError({ code: 'store.unreachable', kind: 'failed', message: 'gone' })
      }
      return await write()
    }),
  })
  await begin(rig, 'the first', record)
  const begun = await everyWriter(record)
  const refused = begun.filter((one) => one.status === 'rejected')
  expect(failures).toBe(1)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.map(({ reason }) => (reason as ShellError).code)).toEqual(refused.map(() => 'record.unavailable'))
  expect((await everyWriter(record)).filter(({ status }) => status === 'rejected')).toEqual([])
  expect(await chain()).toMatchObject({ isIntact: true, checked: 1 + 2 * writers - refused.length })
})

test('the batch behind one that fails is placed anew where the chain ends', async () => {
  let failures = 0
  const record = rig.another({
    store: watched(async (write, underWay) => {
      if (failures > 0 || underWay !== 1) return await write()
      failures++
      await sleep(50) // the one behind is placed meanwhile
      throw new ShellError({ code: 'store.unreachable', kind: 'failed', message: 'gone' })
    }),
  })
  await begin(rig, 'the first', rig.record)
  await record.note(rig.actor, 'test.first', 'x').catch(() => undefined) // learns where the chain ends
  failures = 0
  const begun = await everyWriter(record)
  const written = begun.filter(({ status }) => status === 'fulfilled').length
  expect(written).toBeGreaterThan(0)
  expect(written).toBeLessThan(writers)
  expect(await chain()).toMatchObject({ isIntact: true, openIntents: 1 + written })
})

test('two servers that write as much as they can write one chain', async () => {
  const servers = [rig.another(), rig.another()]
  for (let round = 0; round < 4; round++) {
    const begun = await Promise.all(servers.map((record) => everyWriter(record)))
    expect(begun.flat().filter(({ status }) => status === 'rejected')).toEqual([])
  }
  expect(await chain()).toMatchObject({ isIntact: true, checked: 8 * writers })
})

test('a store whose transactions are REPEATABLE READ takes them all the same', async () => {
  await rig.tamper(`ALTER ROLE ${rig.address.user} SET default_transaction_isolation TO 'repeatable read'`)
  const store = openStore(rig.address)
  const record = rig.another({ store })
  await begin(rig, 'the first', record)
  for (let round = 0; round < 3; round++) expect((await everyWriter(record)).filter(({ status }) => status === 'rejected')).toEqual([])
  expect(await chain()).toMatchObject({ isIntact: true, checked: 1 + 3 * writers })
  await record.close()
  await store.close()
})

test('beginnings and ends that overtake one another leave nothing open', async () => {
  const whole = async (at: number): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      const intent = await rig.record.begin(rig.actor, { question: question(`${at}`), connection: 'x', firstAttempt: null })
      await rig.record.end(rig.actor, intent, answered)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, at) => whole(at)))
  expect(await chain()).toMatchObject({ isIntact: true, checked: 10 * writers, openIntents: 0 })
  expect(await rig.tamper('SELECT 1 FROM record_open')).toEqual([])
})

test('a reader sees all that was handed in before, in whichever batch it is', async () => {
  await begin(rig)
  const begun = everyWriter()
  await setImmediate() // all of them have handed theirs in
  expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 1 + writers })
  await begun
})
