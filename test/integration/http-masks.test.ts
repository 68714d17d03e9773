import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PolicyBody } from '../../src/contract/index.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'

let house: ServedHouse
let shopId: string
let open: PolicyBody

beforeAll(async () => {
  house = await servedHouse()
  shopId = (await house.admin.connections()).find((one) => one.name === 'shop')?.id ?? ''
  open = await house.admin.policy(shopId)
})
afterAll(() => house.close())

const post = async (body: object, accept: string): Promise<Response> => house.admin.send('POST', '/api/v1/questions', { body, accept })

test('a masked answer says so, in cells and as a file, and the history keeps what was asked', async () => {
  await house.admin.setPolicy(shopId, {
    ...open,
    masks: [{ roles: [], tables: ['item'], columns: ['secret_note'], mask: { kind: 'hash' } }],
    filters: [{ roles: [], tables: ['item'], where: 'id <= 2 AND actor.kind <> name' }],
  })
  const sql = "SELECT id, secret_note FROM item WHERE secret_note NOT LIKE 'note%' ORDER BY id"
  const answer = (await (await post({ connection: 'shop', sql }, 'application/json')).json()) as {
    data: string[][]
    draft: { sql: string }
    verdict: { masked: string[]; filtered: string[] }
  }
  expect(answer.data.map(([id]) => id)).toEqual(['1', '2'])
  expect(answer.data[0]?.[1]).toMatch(/^[0-9a-f]{32}$/)
  expect(answer.draft.sql).toBe(sql)
  expect(answer.verdict).toMatchObject({ masked: ['public.item.secret_note'], filtered: ['public.item'] })
  const file = await (await post({ connection: 'shop', sql }, 'text/csv')).text()
  expect(file).toBe(`id,secret_note\n${answer.data.map((row) => row.join(',')).join('\n')}\n`)
  expect((await house.admin.history({ limit: 1 })).items[0]).toMatchObject({ sql, state: 'answered' })
  const plan = (await (await house.admin.send('POST', '/api/v1/drafts', { body: { connection: 'shop', sql, explain: true } })).json()) as {
    outcome: string
    verdict: { reasons: { code: string }[] }
  }
  expect([plan.outcome, plan.verdict.reasons[0]?.code]).toEqual(['refused', 'guard.explain-masked'])
  await house.admin.setPolicy(shopId, open)
})

test('formulas are escaped in CSV on request', async () => {
  const sql = `SELECT '=1+1' AS "@a", -5 AS b, 'plain' AS c`
  const csv = async (more: object): Promise<string> => (await post({ connection: 'shop', sql, ...more }, 'text/csv')).text()
  expect(await csv({})).toBe('@a,b,c\n=1+1,-5,plain\n')
  expect(await csv({ escapeFormulas: true })).toBe("'@a,b,c\n'=1+1,-5,plain\n")
})

test.each(['text/csv', 'application/x-ndjson'])('a slow reader of a large file costs no heap (%s)', async (accept) => {
  const sql = "SELECT n, repeat('x', 500) AS filling FROM generate_series(1, 2000000) AS t(n)"
  const body = JSON.stringify({ connection: 'shop', sql, limits: { maxRows: 10_000_000, maxBytes: 2 ** 30 } })
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  const headers = { accept, authorization: `Bearer ${house.adminToken}`, 'content-type': 'application/json' }
  const asking = request(`${house.url}/api/v1/questions`, { method: 'POST', headers })
  asking.end(body)
  const response = await new Promise<NodeJS.ReadableStream & { statusCode?: number; destroy(): void }>((resolve, reject) => {
    asking.once('response', resolve)
    asking.once('error', reject)
  })
  expect(response.statusCode).toBe(200)
  response.pause()
  const before = held()
  // What is held stays; what only waits for the collector comes and goes, so the least of the later looks counts.
  const looks: number[] = []
  for (let look = 0; look < 10; look++) {
    await sleep(200)
    looks.push(held() - before)
  }
  response.destroy()
  expect(Math.min(...looks.slice(5))).toBeLessThan(48 * 1024 * 1024) // of a gigabyte
})
