import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId, type Scope } from '../../src/domain/index.ts'
import { createStore, type Store } from '../../src/platform/store/index.ts'
import { Quotas } from '../../src/platform/tenancy/index.ts'
import { freshStore } from '../support/postgres-server.ts'
import { addTenant } from '../support/record-rig.ts'

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
