// Search, pages, export and appends of a record with many entries, next to one with few, in turns.
// node scripts/start.mjs run bench/load/record-search.ts [entries]
import { newId } from '../../src/domain/index.ts'
import type { EmbeddedServer } from '../../src/platform/store/index.ts'
import { answered, question, recordRig, type RecordRig } from '../../test/support/record-rig.ts'
import { execute, startScratchServer } from '../../test/support/postgres-server.ts'
import { median, round } from '../figures.ts'
import { about, saveResult } from '../report.ts'

const many = Number(process.argv[2] ?? 10_000_000)
const few = 1_000
const rounds = 15
const members = 50
const connections = 20

interface Shelf {
  readonly rig: RecordRig
  readonly memberId: string
  readonly middle: { readonly at: string; readonly sequence: string }
}

/** Entries as questions leave them, an intent and an outcome each; they stand in no chain, for nobody verifies them here. */
async function fill(server: EmbeddedServer, entries: number): Promise<Shelf> {
  const rig = await recordRig({}, server)
  const asked = question('how many orders were shipped by carrier seven?')
  const intent = await rig.record.begin(rig.actor, { question: asked, connection: 'shop', firstAttempt: null })
  await rig.record.end(rig.actor, intent, answered)
  const { superuser } = rig.address
  const { rows: indexes } = await execute(
    superuser,
    `SELECT indexname AS name, indexdef AS text FROM pg_indexes WHERE tablename = 'record_link' AND indexname <> 'record_link_pkey'`,
  )
  for (const { name } of indexes as { name: string }[]) await execute(superuser, `DROP INDEX ${name}`)
  const tenant = rig.actor.tenantId
  const template = (kind: string): string => `(SELECT body FROM record_link WHERE tenant_id = '${tenant}' AND kind = '${kind}' LIMIT 1)`
  const own = `(SELECT entry_id::text FROM record_link WHERE tenant_id = '${tenant}' LIMIT 1)`
  // Ids grow with time, as the real ones do (UUID version 7).
  const id = `(lpad(to_hex((1700000000000 + g * 20)::bigint), 12, '0') || '7000800000000000' || lpad(to_hex(g % 65536), 4, '0'))::uuid`
  await execute(
    superuser,
    `SET synchronous_commit = off; INSERT INTO record_link (tenant_id, sequence, entry_id, kind, at, member_id, connection, body, mac)
     SELECT '${tenant}', 10 + g * 2 + k.n, ${id}, k.kind, now() - make_interval(secs => (${entries} - g) * 0.02),
       CASE WHEN k.n = 0 THEN lpad(to_hex(g % ${members}), 32, '0')::uuid END, CASE WHEN k.n = 0 THEN 'shop-' || g % ${connections} END,
       replace(replace(k.body, k.own, ${id}::text), 'carrier seven', 'carrier ' || g % 1000), decode(md5(g::text), 'hex')
     FROM generate_series(1, ${entries}) g,
       (SELECT 0 AS n, 'intent' AS kind, ${template('intent')} AS body, ${own} AS own
        UNION ALL SELECT 1, 'outcome', ${template('outcome')}, ${own}) k;
     UPDATE record_head SET sequence = 100 + ${entries} * 2 WHERE tenant_id = '${tenant}'`,
  )
  for (const { text } of indexes as { text: string }[]) await execute(superuser, text)
  await execute(superuser, 'VACUUM ANALYZE record_link')
  const { rows } = await execute(
    superuser,
    `SELECT at, sequence::text FROM record_link WHERE tenant_id = '${tenant}' AND sequence = ${10 + Math.floor(entries / 2) * 2}`,
  )
  const [found] = rows as { at: Date; sequence: string }[]
  if (found === undefined) throw new Error('the record was not filled')
  return { rig, memberId: '00000000-0000-0000-0000-000000000007', middle: { at: found.at.toISOString(), sequence: found.sequence } }
}

const asks: Readonly<Record<string, (shelf: Shelf) => Promise<unknown>>> = {
  'the newest page': ({ rig }) => rig.record.list(rig.actor, { limit: 50 }),
  'a page in the middle, by its cursor': ({ rig, middle }) => rig.record.list(rig.actor, { limit: 50, after: middle.sequence }),
  'a member’s newest page': ({ rig, memberId }) => rig.record.list(rig.actor, { limit: 50, memberId }),
  'a connection’s newest page': ({ rig }) => rig.record.list(rig.actor, { limit: 50, connection: 'shop-3' }),
  'a page of a time in the middle': ({ rig, middle }) => rig.record.list(rig.actor, { limit: 50, to: middle.at }),
  'a page by words': ({ rig }) => rig.record.list(rig.actor, { limit: 1, text: 'carrier 17' }),
  '400 entries exported from the middle on': async ({ rig, middle }) => {
    let left = 400
    for await (const _ of rig.record.exportEntries(rig.actor, 'ndjson', { after: middle.sequence })) if (--left === 0) break
  },
  'an intent appended': ({ rig }) =>
    rig.record.begin(rig.actor, { question: { ...question('how many?'), id: newId() }, connection: 'shop-1', firstAttempt: null }),
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await ask()
  return performance.now() - startedMs
}

const servers = [await startScratchServer(true), await startScratchServer(true)] as const
const [small, large] = [await fill(servers[0], few), await fill(servers[1], many)]
const seen: Record<string, object> = {}
for (const [what, ask] of Object.entries(asks)) {
  for (const shelf of [small, large]) for (let warm = 0; warm < 3; warm++) await ask(shelf)
  const pairs: { readonly few: number; readonly many: number }[] = []
  for (let turn = 0; turn < rounds; turn++) pairs.push({ few: await timed(() => ask(small)), many: await timed(() => ask(large)) })
  const ratios = pairs.map((pair) => pair.many / pair.few)
  seen[what] = {
    fewMs: round(median(pairs.map((pair) => pair.few))),
    manyMs: round(median(pairs.map((pair) => pair.many))),
    ratio: { median: round(median(ratios)), min: round(Math.min(...ratios)), max: round(Math.max(...ratios)) },
  }
}
const result = {
  what: `a record of ${many} entries (an intent and an outcome each) against one of ${few}, each on a server of its own`,
  ...about(`node scripts/start.mjs run bench/load/record-search.ts ${many}`),
  rounds,
  seen,
}
saveResult('record-search', result)
console.log(JSON.stringify(result, null, 2))
for (const { rig } of [small, large]) await rig.close()
for (const server of servers) await server.stop()
