import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { ask, recordRig } from '../support/record-rig.ts'

const entries = 4_000

test('a page of a long record reads the links of its own entries', async () => {
  const rig = await recordRig()
  await ask(rig)
  await rig.tamper(
    `INSERT INTO record_link SELECT l.tenant_id, l.sequence + g * 10, md5(g::text)::uuid, l.kind, l.at, l.member_id, l.connection,
       replace(l.body, l.entry_id::text, md5(g::text)::uuid::text), l.mac FROM record_link l, generate_series(1, ${entries}) g`,
  )
  await rig.tamper('ANALYZE record_link')
  await rig.tamper('SELECT pg_stat_reset()')
  const page = await rig.record.list(rig.actor, { limit: 10 })
  expect(page.items.map(({ state, sql }) => [state, sql])).toEqual(Array.from({ length: 10 }, () => ['answered', 'SELECT 1']))
  const read = async (): Promise<number> => {
    const [row] = await rig.tamper(
      `SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_user_tables WHERE relname = 'record_link'`,
    )
    return row?.['read'] as number // the query's own column
  }
  await sleep(1_100) // a session tells what it has read once a second at most
  await rig.record.list(rig.actor, { limit: 10 })
  await vi.waitUntil(async () => (await read()) > 0, { timeout: 20_000, interval: 100 })
  expect(await read()).toBeLessThan(entries / 4)
  await rig.close()
})
