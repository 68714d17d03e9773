import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createStore, openListener, runtimeRole, sql } from '../../src/platform/store/index.ts'
import { execute, freshStore } from '../support/postgres-server.ts'

test('a connection that dies in the middle of a transaction fails that transaction and nothing else', async () => {
  const address = await freshStore()
  const store = createStore({ address, poolMax: 2 })
  const work = store.withoutTenant(async (query) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(query)
    await execute(address.superuser, `SELECT pg_terminate_backend(${rows[0]?.pid ?? 0})`)
    await sleep(200) // nobody asks anything while it dies
    return await sql`SELECT 1`.execute(query)
  })
  await expect(work).rejects.toMatchObject({ code: 'store.unreachable' })
  await store.check()
  await store.close()
})

test('a connection on which the runtime role was refused serves again once the role may be entered', async () => {
  const address = await freshStore()
  const store = createStore({ address, poolMax: 1 })
  await store.check()
  await execute(address.superuser, `REVOKE ${runtimeRole} FROM ${address.user}`)
  await expect(store.check()).rejects.toMatchObject({
    code: 'store.role-refused',
    hint: expect.stringContaining(`GRANT ${runtimeRole}`) as string,
  })
  await execute(address.superuser, `GRANT ${runtimeRole} TO ${address.user}`)
  await store.check()
  expect(await store.call('SELECT 1 AS one', [])).toEqual({ one: 1 })
  await store.close()
})

test('behind a pooler that lends sessions by the statement, what is called is no longer kept parsed', async () => {
  const address = await freshStore()
  const store = createStore({ address, poolMax: 2 })
  const call = () => store.call('SELECT $1::int + 1 AS two FROM pg_sleep(0.1)', [1])
  const kept = () => store.call<{ kept: string[] }>('SELECT array_agg(name ORDER BY name) AS kept FROM pg_prepared_statements', [])
  const atOnce = <Result>(work: () => Promise<Result>) => Promise.all([work(), work()]) // on both of its sessions
  expect(await atOnce(call)).toEqual([{ two: 2 }, { two: 2 }])
  expect((await kept()).kept).toHaveLength(2)
  await atOnce(() => store.withoutTenant((query) => sql`DEALLOCATE ALL`.execute(query))) // as if they were others' by now
  expect(await atOnce(call)).toEqual([{ two: 2 }, { two: 2 }])
  expect((await kept()).kept).toBeNull()
  await store.close()
})

test('behind such a pooler, a session on which that name is taken already does no harm', async () => {
  const address = await freshStore()
  const [first, second] = [createStore({ address, poolMax: 1 }), createStore({ address, poolMax: 1 })]
  await first.call('SELECT 1 AS one', [])
  const { name } = await first.call<{ name: string }>(`SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT 1 AS one'`, [])
  await second.withoutTenant((query) => sql.raw(`PREPARE ${name} AS SELECT 2 AS one`).execute(query))
  expect(await second.call('SELECT 1 AS one', [])).toEqual({ one: 1 })
  await first.close()
  await second.close()
})

test('a listener that is told much at once hears all of it in order, and asks its connection for one thing at a time', async () => {
  const warned: string[] = []
  const onWarning = ({ name, message }: Error): void => void warned.push(`${name}: ${message}`)
  process.on('warning', onWarning)
  const heard: string[] = []
  const listener = openListener({
    address: await freshStore(),
    channel: 'test_many',
    heard: (text) => heard.push(text),
    returned: () => {},
  })
  while (!(await listener.lead())) await sleep(20)
  const sent = Array.from({ length: 50 }, (_, at) => String(at))
  for (const text of sent) expect(listener.notify(text)).toBe(true)
  expect(await listener.lead()).toBe(true)
  while (heard.length < sent.length) await sleep(20)
  expect(heard).toEqual(sent)
  expect(warned).toEqual([])
  process.off('warning', onWarning)
  await listener.close()
})

test('a listener whose connection dies listens again, says that it may have missed something, and has lost its lead', async () => {
  const address = await freshStore()
  const heard: string[] = []
  let returned = (): void => {}
  const back = new Promise<void>((resolve) => {
    returned = resolve
  })
  const listener = openListener({ address, channel: 'test_signals', heard: (text) => heard.push(text), returned: () => returned() })
  const other = openListener({ address, channel: 'test_signals', heard: () => {}, returned: () => {} })
  while (!(await listener.lead())) await sleep(20)
  expect(await other.lead()).toBe(false)
  await execute(
    address.superuser,
    `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  while (!(await other.lead())) await sleep(20)
  await back
  expect(await listener.lead()).toBe(false)
  while (!heard.includes('again')) {
    listener.notify('again')
    await sleep(20)
  }
  await Promise.all([listener.close(), other.close()])
})
