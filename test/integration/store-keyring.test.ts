import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId, Secret } from '../../src/domain/index.ts'
import { createKeyring, createStore, type Keyring, type Store } from '../../src/platform/store/index.ts'
import { freshStore } from '../support/postgres-server.ts'

let store: Store
let keyring: Keyring
const [mine, theirs] = [{ tenantId: newId() }, { tenantId: newId() }]
const secretKey = new Secret('a secret key of the operator, long enough')
const field = { connectionId: newId(), field: 'password', version: 1 }

beforeAll(async () => {
  store = createStore({ address: await freshStore(), poolMax: 4 })
  for (const { tenantId } of [mine, theirs]) await makeTenant(tenantId)
  keyring = createKeyring({ store, secretKey })
})
afterAll(() => store.close())

async function makeTenant(tenantId: string): Promise<void> {
  await store.within({ tenantId }, (query) =>
    query.insertInto('tenant').values({ tenant_id: tenantId, name: tenantId, wrapped_key: null }).execute(),
  )
}

test('what was sealed opens again, also in another process with the same key', async () => {
  const sealed = await keyring.seal(mine, field, 'päss wörd')
  expect(await keyring.open(mine, field, sealed)).toBe('päss wörd')
  expect(await createKeyring({ store, secretKey }).open(mine, field, sealed)).toBe('päss wörd')
  expect(Buffer.from(sealed).includes('wörd')).toBe(false)
})

test('the same text is never sealed twice alike', async () => {
  expect(await keyring.seal(mine, field, 'x')).not.toEqual(await keyring.seal(mine, field, 'x'))
})

test.each([
  ['another tenant', theirs, field],
  ['another connection', mine, { ...field, connectionId: newId() }],
  ['another field', mine, { ...field, field: 'token' }],
  ['another version', mine, { ...field, version: 2 }],
])('bytes moved to %s do not open', async (_where, scope, place) => {
  const sealed = await keyring.seal(mine, field, 'secret')
  await expect(keyring.open(scope, place, sealed)).rejects.toMatchObject({ code: 'store.seal-broken' })
})

test('bytes changed anywhere do not open', async () => {
  const sealed = Buffer.from(await keyring.seal(mine, field, 'secret'))
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed)
    changed[index] = sealed[index]! ^ 1 // the index is inside
    await expect(keyring.open(mine, field, changed)).rejects.toMatchObject({ code: 'store.seal-broken' })
  }
  await expect(keyring.open(mine, field, sealed.subarray(0, 5))).rejects.toMatchObject({ code: 'store.seal-broken' })
})

test('another SECRET_KEY is refused with a hint', async () => {
  const other = createKeyring({ store, secretKey: new Secret('another key, which is as long as the first') })
  await keyring.auditKey(mine)
  await expect(other.auditKey(mine)).rejects.toMatchObject({
    code: 'store.wrong-secret-key',
    hint: expect.stringContaining('SECRET_KEY') as string,
  })
})

test('many servers that meet a new tenant agree on one key', async () => {
  const scope = { tenantId: newId() }
  await makeTenant(scope.tenantId)
  const keys = await Promise.all(Array.from({ length: 8 }, () => createKeyring({ store, secretKey }).auditKey(scope)))
  expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
  expect(keys[0]).toHaveLength(32)
})

test('each tenant has a chain key of its own', async () => {
  expect(await keyring.auditKey(mine)).not.toEqual(await keyring.auditKey(theirs))
})

test('a tenant that is not there has no key', async () => {
  await expect(keyring.auditKey({ tenantId: newId() })).rejects.toMatchObject({ code: 'store.no-tenant-key' })
})
