import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { Secret } from '../../src/domain/index.ts'
import { createStore, migrate, type Store } from '../../src/platform/store/index.ts'
import { execute, freshDatabase, freshStore } from '../support/postgres-server.ts'

const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

test('two servers that start together on an empty store migrate it once', async () => {
  const empty = await freshDatabase()
  const applied = await Promise.all([migrate(empty), migrate(empty), migrate(empty)])
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1)
  expect(await migrate(empty)).toEqual([])
})

test('a store is ready once all migrations are in, and behind before', async () => {
  const address = await freshStore()
  const store = createStore({ address, poolMax: 1 })
  opened.push(store)
  await store.check()
  await execute(address, 'DELETE FROM schema_migration')
  await expect(store.check()).rejects.toMatchObject({ code: 'store.behind' })
})

test('a store that a newer version has migrated is left alone', async () => {
  const address = await freshStore()
  await execute(address, `INSERT INTO schema_migration (name, digest) VALUES ('9999-future', 'x')`)
  await expect(migrate(address)).rejects.toMatchObject({ code: 'store.newer', message: expect.stringContaining('9999-future') as string })
})

test('a migration that was edited after it had been applied is noticed', async () => {
  const address = await freshStore()
  await execute(address, `UPDATE schema_migration SET digest = 'another'`)
  await expect(migrate(address)).rejects.toMatchObject({ code: 'store.migration-edited' })
})

/** A database whose owner may do nothing beyond it. */
async function plainOwner(): Promise<{
  address: Parameters<typeof migrate>[0]
  superuser: Awaited<ReturnType<typeof freshDatabase>>
  name: string
}> {
  const superuser = await freshDatabase()
  const name = `plain_${randomBytes(6).toString('hex')}`
  const password = new Secret(randomBytes(12).toString('hex'))
  await superuser.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password.reveal()}'`)
  await superuser.query(`ALTER DATABASE ${superuser.database} OWNER TO ${name}`)
  return { address: { ...superuser, user: name, password }, superuser, name }
}

test('a user that may make no roles is told what an administrator has to run', async () => {
  const { address, superuser, name } = await plainOwner()
  await superuser.query(
    'DO $$ BEGIN CREATE ROLE aishell_runtime NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$',
  )
  await expect(migrate(address)).rejects.toMatchObject({
    code: 'store.role-missing',
    hint: expect.stringContaining('GRANT aishell_runtime TO') as string,
  })
  await superuser.query(`GRANT aishell_runtime TO ${name}`)
  expect(await migrate(address)).not.toEqual([])
  const store = createStore({ address, poolMax: 1 })
  opened.push(store)
  await store.check()
})

test('a store that cannot be reached is named, without its password', async () => {
  const { address } = await plainOwner()
  const error = await migrate({ ...address, password: new Secret('wrong-password') }).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'store.unreachable' })
  expect(String(error)).not.toContain('wrong-password')
})
