import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { execute, freshDatabase, freshStore, type TestDatabase } from '../support/postgres-server.ts'
import { connectTo, startServing, type ServingProcess } from '../support/serving-process.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const questions = 100
const folder = mkdtempSync(join(tmpdir(), 'aishell-served-'))

let store: Awaited<ReturnType<typeof freshStore>>
let shop: TestDatabase
let server: ServingProcess

beforeAll(async () => {
  ;[store, shop] = await Promise.all([freshStore(), freshDatabase()])
  await shop.query('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 3000); ANALYZE item')
  server = await startServing(store)
  await connectTo(server.admin, 'shop', shop)
})
afterAll(() => server.kill('SIGTERM'))

/** The program as people run it, against the server. */
function aishell(args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, AISHELL_SERVER: server.url, AISHELL_TOKEN: server.adminToken }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

describe('a server killed with -9 while it answers over HTTP', () => {
  test('leaves a chain that verifies, and open entries that become lost', async () => {
    // Some are over in a moment, some run until the end.
    const statements = ['SELECT count(*) FROM item', 'SELECT count(*) FROM item a, item b, item c WHERE a.id + b.id + c.id = 4']
    const asked = Array.from({ length: questions }, (_, place) =>
      fetch(`${server.url}/api/v1/questions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ connection: 'shop', sql: statements[place % 2] }),
      })
        .then((response) => response.text())
        .catch(() => null),
    )
    await vi.waitUntil(async () => (await statesIn()).outcomes > 0 && (await statesIn()).open > 3, { timeout: 50_000, interval: 20 })
    await server.kill('SIGKILL')
    const heard = (await Promise.all(asked)).filter((answer) => answer !== null && answer.includes('"answered"'))
    await vi.waitUntil(async () => (await storeSessions()) === 0, { timeout: 50_000, interval: 20 }) // what it had sent is in now, or never will be
    const before = await statesIn()
    expect(before.open).toBeGreaterThan(0)

    await execute(store.superuser, `UPDATE server_instance SET beat_at = now() - interval '31 seconds'`)
    server = await startServing(store, { adminToken: server.adminToken, dataDir: server.dataDir })
    await vi.waitUntil(async () => (await statesIn()).open === 0, { timeout: 50_000, interval: 50 })
    const found = await server.admin.auditVerify()
    expect(found).toMatchObject({ isIntact: true, openIntents: 0, findings: [] })
    expect(found.lostIntents).toBe(before.open)
    const after = await statesIn()
    expect(after.twice).toBe(0)
    expect(after.intents).toBe(after.outcomes)
    expect(after.intents).toBeGreaterThanOrEqual(heard.length) // nobody got an answer that the record has not heard of
  })
})

describe('an export', () => {
  const [trail, key, pem] = [join(folder, 'trail.ndjson'), join(folder, 'chain.key'), join(folder, 'trail.pem')]

  test('is checked without a server, with the public key or with the secret one that an admin fetched', async () => {
    const fetched = await aishell(['audit', 'key', '-o', key])
    expect(fetched).toMatchObject({ code: 0, out: '' })
    expect(fetched.err).toContain('this key can forge the chain')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    expect((await aishell(['audit', 'public-key', '-o', pem])).code).toBe(0)
    expect((await aishell(['audit', 'export', '-o', trail])).code).toBe(0)
    expect(readFileSync(trail, 'utf8')).toContain('"action":"audit-key"')
    const intact = { code: 0, out: expect.stringContaining('Intact') as string }
    const changed = { code: 1, out: expect.stringContaining('record.link-changed') as string }
    const ways = [
      ['--key-file', key],
      ['--public-key', pem],
    ]
    for (const way of ways) expect(await aishell(['audit', 'verify', '--file', trail, ...way])).toMatchObject(intact)
    writeFileSync(trail, readFileSync(trail, 'utf8').replace('count(*)', 'count(1)'))
    for (const way of ways) expect(await aishell(['audit', 'verify', '--file', trail, ...way])).toMatchObject(changed)
  })
})

async function statesIn(): Promise<{ intents: number; outcomes: number; open: number; twice: number }> {
  const { rows } = await execute(
    store.superuser,
    `SELECT count(*) FILTER (WHERE kind = 'intent')::int AS intents, count(*) FILTER (WHERE kind = 'outcome')::int AS outcomes,
      (SELECT count(*)::int FROM record_open) AS open,
      (SELECT count(*)::int FROM (SELECT 1 FROM record_link WHERE kind = 'outcome' GROUP BY entry_id HAVING count(*) > 1) d) AS twice
     FROM record_link`,
  )
  return rows[0] as { intents: number; outcomes: number; open: number; twice: number } // the query's own columns
}

/** Sessions on the store that are at work, this one apart. */
async function storeSessions(): Promise<number> {
  const { rows } = await execute(
    store.superuser,
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`,
  )
  return rows.length
}
