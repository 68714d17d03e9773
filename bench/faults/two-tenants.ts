// Two tenants at once, over the HTTP API and straight on the store as the serving role, each trying to reach the other. Promised: no foreign row.
// node scripts/start.mjs run bench/faults/two-tenants.ts --operations 1000000 --requests 50000 --minutes 60 --seed 1 [--record]
import { parseArgs } from 'node:util'
import { Client } from '../../src/contract/index.ts'
import { diceOf } from '../../test/support/dice.ts'
import { execute, freshDatabase, freshStore, startScratchServer } from '../../test/support/postgres-server.ts'
import { connectTo, startServing } from '../../test/support/serving-process.ts'
import { tryApi, type Party } from './two-tenants/api-side.ts'
import { tryStore } from './two-tenants/store-side.ts'
import { Tally } from './two-tenants/tally.ts'
import { about, saveResult } from '../report.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '50000' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
})
const [operations, requests] = [Number(values.operations), Number(values.requests)]
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
const server = await startScratchServer()
const store = await freshStore(server)
const serving = await startServing(store, { env: { MULTI_TENANCY_ENABLED: 'true', LOG_LEVEL: 'error' } })
const parties: [Party, Party] = [await open('acme'), await open('bolt')]
const before = await rowsByTenant()

const tally = new Tally({ minutes, operations, requests })
const sides = parties.map(({ id }, at) => ({ id, other: parties[1 - at]?.id ?? '' }))
await Promise.all([
  tryStore(store, sides, diceOf(seed), tally),
  tryStore(store, sides, diceOf(seed + 1), tally),
  ...[2, 3, 4].map((more) => tryApi(serving.url, parties, diceOf(seed + more), tally)),
])
const lost = (await rowsByTenant()).filter(({ tenant, count }, at) => tenant === before[at]?.tenant && count < (before[at]?.count ?? 0))
const verified = await Promise.all(parties.map(({ token }) => new Client({ baseUrl: serving.url, token }).auditVerify()))
await serving.kill('SIGTERM')
await server.stop()

const result = {
  ...about(
    `node scripts/start.mjs run bench/faults/two-tenants.ts --operations ${operations} --requests ${requests} --minutes ${minutes} --seed ${seed}`,
  ),
  promised: { foreignRows: 0, rowsLost: 0 },
  seen: { foreignRows: tally.foreign, ofThemOverTheApi: tally.breaches.length, rowsLost: lost.length },
  operations: { api: tally.api, store: tally.stored, total: tally.api + tally.stored },
  ownRowsSeenInTheStore: tally.own,
  requestsRefused: tally.refused,
  statuses: tally.statuses,
  chainsIntact: verified.every(({ isIntact }) => isIntact),
}
console.log(JSON.stringify(result, null, 2))
for (const breach of tally.breaches.slice(0, 20)) console.log(breach)
if (values.record) saveResult('two-tenants', result)
process.exit(tally.foreign === 0 && lost.length === 0 ? 0 : 1)

/** A tenant with a database in which every row says whose it is. */
async function open(name: string): Promise<Party> {
  const shop = await freshDatabase(server)
  await shop.query(
    `CREATE TABLE item (id int PRIMARY KEY, owner text); INSERT INTO item SELECT g, 'mark-${name}-row' FROM generate_series(1, 20) g; GRANT UPDATE ON item TO ${shop.reader.user}`,
  )
  const { id, adminToken } = await serving.admin.createTenant({ name, adminName: `mark-${name}-row-admin` })
  const admin = new Client({ baseUrl: serving.url, token: adminToken })
  await connectTo(admin, 'shop', shop)
  const [connection] = await admin.connections()
  await admin.json('PUT', `/api/v1/connections/${connection?.id}/policy`, { writers: ['admin'], approvers: [] })
  return {
    id,
    name,
    token: adminToken,
    ids: { members: [], tokens: [], connections: [connection?.id ?? ''], history: [], approvals: [], groups: [], roles: [] },
    typed: new Set(),
  }
}

/** Past all walls: what each tenant has. Only its own people add to it, and nobody takes away what was there at the start. */
async function rowsByTenant(): Promise<readonly { readonly tenant: string; readonly count: number }[]> {
  const { rows } = await execute(
    store.superuser,
    `SELECT t.tenant_id AS tenant, (SELECT count(*) FROM member m WHERE m.tenant_id = t.tenant_id) + (SELECT count(*) FROM token k WHERE k.tenant_id = t.tenant_id)
       + (SELECT count(*) FROM connection c WHERE c.tenant_id = t.tenant_id) + (SELECT count(*) FROM record_link l WHERE l.tenant_id = t.tenant_id) AS count
     FROM tenant t ORDER BY 1`,
  )
  return rows.map((row) => ({ tenant: String(row.tenant), count: Number(row.count) }))
}
