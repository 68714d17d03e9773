import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defaultLimits, newId, openPolicy, Secret, type Actor, type Catalog, type Question } from '../../src/domain/index.ts'
import { createPostgresEngine, type EnginePool } from '../../src/platform/engines/index.ts'
import { createKeyring, createStore } from '../../src/platform/store/index.ts'
import { createGuard, type Guarded } from '../../src/question/guard/index.ts'
import { createRecord, type Record } from '../../src/question/record/index.ts'
import { actorOf, addTenant } from '../../test/support/record-rig.ts'

/**
 * AI-Shell's duties with no house around them: a credential is looked up by its digest, the guard judges, the statement runs
 * in a read-only transaction with its limits, and where `record` is asked for its intent is on disk before. No routes, no
 * rates, roles, events, limits of a tenant, metrics or traces: what is left of the bare server's speed here is the most that
 * the whole program can reach on this machine with this store.
 * Arguments: `run` or `record`, the port of PostgreSQL, the token.
 */
const [duties = '', port = '', token = ''] = process.argv.slice(2)
const at = { host: '127.0.0.1', port: Number(port), sslmode: 'disable' as const, password: new Secret('bench') }
const pool: EnginePool = createPostgresEngine({ allowPrivateHosts: true, allowedHosts: [] }).open(
  { engine: 'postgres', ...at, database: 'bench_data', user: 'bench_reader' },
  { maxLeases: 16, maxWaiting: 64, connectTimeoutMs: 3_000 },
)
const guard = createGuard()
const actor = actorOf(newId())
const tokens = new Map([[hash('sha256', token), actor]])
const catalog: Catalog = await pool.readCatalog({ disclosure: 'schema' })
const record = duties === 'record' ? await openRecord() : null

async function openRecord(): Promise<Record> {
  const store = createStore({ address: { ...at, database: 'bench_store', user: 'bench_owner' }, poolMax: 8 })
  await addTenant(store, actor.tenantId)
  const keyring = createKeyring({ store, secretKey: new Secret('a secret key for benches, long enough') })
  return createRecord({ store, keyring, observe: () => undefined, serverId: newId(), isEnabled: true })
}

async function answer(who: Actor, sql: string, params: readonly string[]): Promise<string> {
  const startedMs = performance.now()
  const judged = await judge(sql, params)
  const question: Question = {
    ...{ id: newId(), connection: 'bench', input: { kind: 'sql' as const, sql, params }, conversation: null },
    ...{ limits: {}, askedAt: new Date(), purpose: 'run' as const },
  }
  const draft = { kind: 'drafted', drafter: 'verbatim', sql, params, explanation: '', assumptions: [] } as const
  const firstAttempt = { attempt: 1, draft, verdict: judged.verdict, contextDigest: catalog.version }
  const intent = await record?.begin(who, { question, connection: 'bench', firstAttempt })
  const { columns, rows } = await run(judged, { entryId: question.id, actor: who.name })
  const cells = JSON.stringify(rows)
  if (record !== null && intent !== undefined) {
    const totalMs = performance.now() - startedMs
    void record.end(who, intent, {
      ...{ state: 'answered', failureCode: null, rows: rows.length, bytes: cells.length, resultDigest: hash('sha256', cells) },
      ...{ truncated: null, timings: { askMs: 0, guardMs: 0, runMs: totalMs, totalMs } },
    })
  }
  return `{"id":"${question.id}","draft":${JSON.stringify(draft)},"verdict":${JSON.stringify(judged.verdict)},"columns":${JSON.stringify(columns)},"data":${cells},"outcome":"answered"}`
}

async function judge(sql: string, params: readonly string[]): Promise<Guarded> {
  return guard.guard(
    { sql, params },
    {
      ...{ catalog, dialect: 'postgres', policy: openPolicy, roles: ['reader'], maskActor: { attributes: {}, key: '' } },
      ...{ isExplained: false, connectionId: 'bench', limits: defaultLimits, now: new Date(), approval: null },
    },
  )
}

async function run({ approved }: Guarded, mark: { readonly entryId: string; readonly actor: string }) {
  if (approved === null) throw new Error('The guard refused the bench')
  const { signal } = new AbortController()
  const lease = await pool.lease({ signal, waitMs: 5_000, access: 'read' })
  try {
    const { columns, batches } = await lease.read(approved, { signal, mark, batchRows: 1_000 })
    const rows = []
    for await (const batch of batches) rows.push(...batch)
    return { columns, rows }
  } finally {
    await lease.release()
  }
}

const server = createServer((request, response) => {
  const who = tokens.get(hash('sha256', request.headers.authorization?.slice('Bearer '.length) ?? ''))
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    if (who === undefined) {
      response.writeHead(401).end()
      return
    }
    const { sql, params = [] } = JSON.parse(body) as { sql: string; params?: string[] } // sent by the bench
    answer(who, sql, params).then(
      (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
})
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
