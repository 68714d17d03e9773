// SECRET_KEY is rotated while every tenant asks; rotate-keys is killed with -9 while it wraps a key. Promised: no request fails, no key is lost.
// node scripts/start.mjs run bench/faults/rotation.ts --tenants 40 --kills 10 [--record]
import { parseArgs } from 'node:util'
import { freshDatabase, freshStore, startScratchServer } from '../../test/support/postgres-server.ts'
import { rotateUnderLoad } from '../../test/support/rotation.ts'
import { about, saveResult } from '../report.ts'

const { values } = parseArgs({
  options: {
    tenants: { type: 'string', default: '40' },
    kills: { type: 'string', default: '10' },
    record: { type: 'boolean', default: false },
  },
})
const [tenants, kills] = [Number(values.tenants), Number(values.kills)]
const server = await startScratchServer(true)
const [store, shop] = await Promise.all([freshStore(server), freshDatabase(server)])
const seen = await rotateUnderLoad(store, shop, { tenants, kills })
await server.stop()
const result = {
  ...about(`node scripts/start.mjs run bench/faults/rotation.ts --tenants ${tenants} --kills ${kills}`),
  promised: { failedRequests: 0, keysNotOpened: 0, tenantsWithoutAnswer: 0 },
  seen: { failedRequests: seen.failed.length, keysNotOpened: seen.last.failed, tenantsWithoutAnswer: tenants - seen.answeredByNewKeyAlone },
  requests: seen.requests,
  keys: seen.last.tenants,
  runsKilled: seen.wrappedAfterEachKill.length,
  wrappedAfterEachKill: seen.wrappedAfterEachKill,
  wrappedByTheLastRun: seen.last.rewrapped,
}
console.log(JSON.stringify(result, null, 2))
for (const one of seen.failed.slice(0, 10)) console.log(one)
if (values.record) saveResult('rotation', result)
process.exit(seen.failed.length + seen.last.failed === 0 && seen.answeredByNewKeyAlone === tenants ? 0 : 1)
