import { expect, test } from 'vitest'
import { freshDatabase, freshStore } from '../support/postgres-server.ts'
import { rotateUnderLoad } from '../support/rotation.ts'

test('SECRET_KEY rotates while every tenant asks, with rotate-keys killed on the way, and nothing fails', async () => {
  const [store, shop] = await Promise.all([freshStore(), freshDatabase()])
  const seen = await rotateUnderLoad(store, shop, { tenants: 6, kills: 2 })
  expect(seen.failed).toEqual([])
  expect(seen.wrappedAfterEachKill).toEqual([2, 4]) // each was killed on the way
  expect(seen.last).toMatchObject({ tenants: 7, rewrapped: 3, failed: 0 }) // with `default`
  expect(seen.answeredByNewKeyAlone).toBe(6)
  expect(seen.requests).toBeGreaterThan(6)
}, 180_000)
