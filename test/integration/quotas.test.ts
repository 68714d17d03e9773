import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId, type Actor, type Question, type Scope } from '../../src/domain/index.ts'
import { createStore, type Store } from '../../src/platform/store/index.ts'
import { Quotas, type Ticket } from '../../src/platform/tenancy/index.ts'
import { RunningAnswers } from '../../src/surfaces/http/index.ts'
import { attendants } from '../../src/attendants.ts'
import { freshStore } from '../support/postgres-server.ts'
import { actorOf, addTenant } from '../support/record-rig.ts'

const scope: Scope = { tenantId: newId() }
const noLimit = { questionsPerDay: null, rowsPerDay: null, modelTokensPerDay: null, concurrentQuestions: null }
let store: Store

beforeAll(async () => {
  const address = await freshStore()
  store = createStore({ address, poolMax: 2 })
  await addTenant(store, scope.tenantId)
})
afterAll(() => store.close())

test('what is on its way to the store counts', async () => {
  const quotas = new Quotas({ store, observe: () => undefined, quotasOf: async () => ({ ...noLimit, questionsPerDay: 3 }) })
  for (let question = 0; question < 3; question++) (await quotas.begin(scope)).end(1)
  const brought = quotas.flush()
  await Promise.resolve() // the flush has taken what it brings
  await expect(quotas.begin(scope)).rejects.toMatchObject({ code: 'tenancy.quota-questions' })
  await brought
  await expect(quotas.begin(scope)).rejects.toMatchObject({ code: 'tenancy.quota-questions' })
  expect((await quotas.usage(scope)).days).toMatchObject([{ questions: 3, rows: 3 }])
  await quotas.close()
})

test('of many questions at once no more begin than there are left', async () => {
  const mine: Scope = { tenantId: newId() }
  await addTenant(store, mine.tenantId)
  const quotas = new Quotas({ store, observe: () => undefined, quotasOf: async () => ({ ...noLimit, questionsPerDay: 5 }) })
  const burst = async (): Promise<number> => {
    const begun = await Promise.allSettled(Array.from({ length: 20 }, async () => quotas.begin(mine)))
    return begun.filter((one) => one.status === 'fulfilled').length
  }
  await quotas.begin(mine) // what was used is known from here on
  expect(await burst()).toBe(4)
  expect(await burst()).toBe(0)
  await quotas.close()
})

describe('an answer that is attended', () => {
  const actor: Actor = { ...actorOf(newId()), memberId: newId() }
  const request = (id: string) => ({ questionId: id, tenantId: actor.tenantId, memberId: actor.memberId, isOverseer: false })
  const questionOf = (id: string): Question => ({
    ...{ id, connection: 'c', input: { kind: 'sql', sql: 'SELECT 1', params: [] }, conversation: null },
    ...{ limits: {}, askedAt: new Date(), purpose: 'run' },
  })

  test('can be stopped by its id while its quotas are looked up', async () => {
    const running = new RunningAnswers()
    const { promise, resolve } = Promise.withResolvers<Ticket>()
    const stop = new AbortController()
    const entered = attendants(running, { begin: () => promise })(actor, questionOf('q1'), stop)
    expect(running.cancelHere(request('q1'))).toBe(true)
    expect(stop.signal.aborted).toBe(true)
    const ended: number[] = []
    resolve({ maxRows: 7, end: (rows) => ended.push(rows) })
    const attended = await entered
    expect(attended.question.rowsLeft).toBe(7)
    attended.leave(3)
    expect([running.size, ended]).toEqual([0, [3]])
  })

  test.each([
    ['at once', () => fail()],
    ['later', async () => fail()],
  ])('leaves nothing behind where a quota refuses it %s', async (_when, begin) => {
    const running = new RunningAnswers()
    const attend = attendants(running, { begin })
    await expect((async () => attend(actor, questionOf('q2'), new AbortController()))()).rejects.toThrow('used up')
    expect(running.size).toBe(0)
  })
})

function fail(): never {
  throw new Error('used up')
}
