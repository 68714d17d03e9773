import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Secret, ShellError } from '../../domain/index.ts'
import { createObserver, metricsTable, type Observation, type Observer } from './index.ts'

const every: readonly Observation[] = [
  { type: 'server-started', url: 'http://127.0.0.1:8000', version: '1' },
  { type: 'warning', code: 'config.audit-off', message: 'no trail' },
  { type: 'failure', code: 'internal', requestId: 'r1', error: new Error('broken') },
  {
    type: 'request-ended',
    requestId: 'r1',
    method: 'POST',
    route: '/api/v1/questions',
    status: 200,
    elapsedMs: 12,
    actorId: 'a',
    tenantId: 't',
  },
  { type: 'credential-refused', code: 'identity.token-unknown', surface: 'http' },
  { type: 'draft-made', drafter: 'builtin', kind: 'drafted', elapsedMs: 3 },
  { type: 'verdict-reached', decision: 'refuse', class: 'write', codes: ['guard.class'], dialect: 'postgres', elapsedMs: 0.2 },
  { type: 'run-ended', dialect: 'postgres', rows: 7, bytes: 99, elapsedMs: 5, code: null },
  { type: 'answer-ended', outcome: 'answered', drafter: 'builtin', elapsedMs: 20 },
  { type: 'leases-changed', dialect: 'postgres', used: 2, waiting: 1 },
  { type: 'model-called', provider: 'ollama', outcome: 'ok', inputTokens: 10, outputTokens: 4, elapsedMs: 800 },
  { type: 'record-committed', entries: 3, elapsedMs: 2 },
  { type: 'redis-changed', kind: 'standalone', isUp: false, detail: 'does not answer' },
  { type: 'leader-changed', leads: true },
  { type: 'password-hashed', work: 'check' },
  { type: 'rate-refused', holder: 'actor', group: 'questions' },
  { type: 'intents-lost', count: 2 },
  { type: 'catalog-read', dialect: 'sqlite', relations: 9, elapsedMs: 40 },
  { type: 'server-draining', graceMs: 1000 },
  { type: 'server-stopped' },
]

async function observer(options: { level?: 'trace' | 'info' | 'silent'; secrets?: readonly string[] } = {}) {
  const lines: string[] = []
  const made = await createObserver({
    version: '1.2.3',
    level: options.level ?? 'trace',
    tracing: null,
    destination: { write: (line) => lines.push(line) },
    secrets: (options.secrets ?? []).map((value) => new Secret(value)),
  })
  return { ...made, lines }
}

async function metricLines(made: Pick<Observer, 'metricsText'>): Promise<readonly string[]> {
  return (await made.metricsText()).body.split('\n').filter((line) => line.startsWith('aishell_'))
}

describe('the log', () => {
  test('has one JSON line for each observation, with level, time and version', async () => {
    const made = await observer()
    every.forEach(made.observe)
    const parsed = made.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(parsed).toHaveLength(every.length)
    expect(parsed[3]).toMatchObject({ level: 'info', message: 'request-ended', requestId: 'r1', service: 'aishell', version: '1.2.3' })
    expect(parsed[7]).toMatchObject({ rows: 7 })
    expect(parsed.every((line) => !Number.isNaN(Date.parse(String(line['time']))))).toBe(true)
  })

  test('keeps still below its level, and altogether when silent', async () => {
    const info = await observer({ level: 'info' })
    const silent = await observer({ level: 'silent' })
    every.forEach(info.observe)
    every.forEach(silent.observe)
    expect(info.lines.join('')).not.toContain('leases-changed')
    expect(silent.lines).toEqual([])
  })

  test('keeps probes at debug and server errors at error', async () => {
    const made = await observer()
    const request = { type: 'request-ended', requestId: 'r', method: 'GET', elapsedMs: 1 } as const
    made.observe({ ...request, route: '/health', status: 200 })
    made.observe({ ...request, route: '/api/v1/history', status: 500 })
    expect(made.lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['debug', 'error'])
  })

  test('goes to a file in a folder of its own when told to', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'aishell-log-')), 'logs', 'server.log')
    const made = await createObserver({ version: '1', level: 'info', tracing: null, destination: path })
    made.observe({ type: 'server-stopped' })
    expect(existsSync(path)).toBe(true)
    expect(readFileSync(path, 'utf8')).toContain('server-stopped')
    await made.shutdown()
  })
})

describe('redaction', () => {
  const canary = 'canary-7f3a9c'
  const databaseError = Object.assign(new Error(`invalid input syntax for type integer: "${canary}"`), {
    code: '22P02',
    detail: canary,
    where: canary,
    internalQuery: `SELECT '${canary}'`,
  })

  test.each<readonly [string, (made: Observer) => void]>([
    ['a known secret in an error', (made) => made.observe({ type: 'failure', code: 'x', error: new Error(`login as ${canary}`) })],
    ['a known secret in a warning', (made) => made.observe({ type: 'warning', code: 'x', message: `the key ${canary}` })],
    [
      'an authorization header',
      (made) => made.logger.info({ req: { headers: { authorization: `Custom ${canary}`, cookie: canary } } }, 'in'),
    ],
    ['a password anywhere near the top', (made) => made.logger.info({ password: canary, target: { password: canary } }, 'in')],
    ['a statement', (made) => made.logger.info({ sql: `SELECT '${canary}'` }, 'in')],
  ])('%s is not written', async (_name, act) => {
    const made = await observer({ secrets: [canary] })
    act(made)
    expect(made.lines).toHaveLength(1)
    expect(made.lines.join('')).not.toContain(canary)
  })

  test.each<readonly [string, (made: Observer) => void]>([
    ['a password in an address', (made) => made.observe({ type: 'warning', code: 'x', message: `postgres://me:${canary}@host/db` })],
    ['a token of ours', (made) => made.observe({ type: 'warning', code: 'x', message: `ais_${canary.repeat(3)}` })],
    ['a bearer header', (made) => made.observe({ type: 'warning', code: 'x', message: `Bearer ${canary}` })],
    ['an API key', (made) => made.observe({ type: 'warning', code: 'x', message: `sk-${canary}` })],
    ['a database’s own words', (made) => made.observe({ type: 'failure', code: 'internal', error: databaseError })],
    [
      'a database’s own words as the cause',
      (made) =>
        made.observe({
          type: 'failure',
          code: 'x',
          error: new ShellError({ code: 'engines.failed', kind: 'failed', message: 'No.', cause: databaseError }),
        }),
    ],
    ['a header of the framework', (made) => made.logger.info({ req: { headers: { authorization: canary } } }, 'in')],
  ])('%s is not written though nobody named it a secret', async (_name, act) => {
    const made = await observer()
    act(made)
    expect(made.lines).toHaveLength(1)
    expect(made.lines.join('')).not.toContain(canary)
  })

  test('the operator still sees the code and the place of a database error', async () => {
    const made = await observer()
    made.observe({ type: 'failure', code: 'internal', requestId: 'r', error: databaseError })
    expect(JSON.parse(made.lines[0] ?? '')).toMatchObject({
      requestId: 'r',
      err: { code: '22P02', stack: expect.arrayContaining([expect.stringContaining('observer.test')]) },
    })
  })
})

describe('metrics', () => {
  test('every observation leaves its trace in them', async () => {
    const made = await observer({ level: 'silent' })
    every.forEach(made.observe)
    const lines = await metricLines(made)
    for (const line of [
      'aishell_build_info{version="1.2.3"} 1',
      'aishell_draining 1',
      'aishell_http_requests_total{method="POST",route="/api/v1/questions",status="2xx"} 1',
      'aishell_http_request_duration_seconds_sum{method="POST",route="/api/v1/questions"} 0.012',
      'aishell_credentials_refused_total{surface="http",code="identity.token-unknown"} 1',
      'aishell_drafts_total{drafter="builtin",kind="drafted"} 1',
      'aishell_verdicts_total{decision="refuse",class="write",dialect="postgres"} 1',
      'aishell_verdict_reasons_total{code="guard.class"} 1',
      'aishell_runs_total{dialect="postgres",code="ok"} 1',
      'aishell_run_rows_total{dialect="postgres"} 7',
      'aishell_answers_total{outcome="answered",drafter="builtin"} 1',
      'aishell_leases_used{dialect="postgres"} 2',
      'aishell_model_tokens_total{provider="ollama",direction="input"} 10',
      'aishell_record_links_total 3',
      'aishell_intents_lost_total 2',
      'aishell_catalog_reads_total{dialect="sqlite"} 1',
      'aishell_failures_total{code="internal"} 1',
    ])
      expect(lines).toContain(line)
  })

  test('labels that take turns are counted apart', async () => {
    const made = await observer({ level: 'silent' })
    for (let i = 0; i < 6; i++)
      made.observe({
        type: 'draft-made',
        drafter: i % 2 === 0 ? 'verbatim' : 'builtin',
        kind: i % 3 === 0 ? 'abstained' : 'drafted',
        elapsedMs: 1,
      })
    const lines = await metricLines(made)
    for (const line of [
      'aishell_drafts_total{drafter="verbatim",kind="abstained"} 1',
      'aishell_drafts_total{drafter="verbatim",kind="drafted"} 2',
      'aishell_drafts_total{drafter="builtin",kind="abstained"} 1',
      'aishell_drafts_total{drafter="builtin",kind="drafted"} 2',
    ])
      expect(lines).toContain(line)
  })

  test('a label cannot explode: wild values become `other`', async () => {
    const made = await observer({ level: 'silent' })
    for (let i = 0; i < 5_000; i++) {
      made.observe({
        type: 'request-ended',
        requestId: `r${i}`,
        method: `M${i}`,
        route: `/wild/${i}`,
        status: i,
        elapsedMs: 1,
        actorId: `a${i}`,
        tenantId: `t${i}`,
      })
      made.observe({ type: 'credential-refused', code: `c${i}`, surface: `s${i}` })
      made.observe({ type: 'model-called', provider: `p${i}`, outcome: 'ok', inputTokens: 1, outputTokens: 1, elapsedMs: 1 })
      made.observe({ type: 'verdict-reached', decision: 'refuse', class: 'read', codes: [`guard.${i}`], dialect: 'postgres', elapsedMs: 1 })
    }
    const lines = await metricLines(made)
    expect(lines.length).toBeLessThan(10_000)
    expect(lines.some((line) => line.includes('route="other"'))).toBe(true)
    expect(lines.join('\n')).not.toMatch(/"(r|a|t)4999"|route="\/wild\/4999"/)
  })

  test('no metric carries a label that is an id', () => {
    for (const definition of Object.values(metricsTable))
      for (const label of definition.labels) expect(label).not.toMatch(/id$|actor|tenant|member|connection|question|sql/i)
  })

  test('the process is measured too', async () => {
    const { body, contentType } = await (await observer({ level: 'silent' })).metricsText()
    expect(body).toContain('process_resident_memory_bytes')
    expect(body).toContain('nodejs_eventloop_lag_seconds')
    expect(contentType).toContain('text/plain')
  })

  test('two observers in one process do not disturb each other', async () => {
    const [one, two] = [await observer({ level: 'silent' }), await observer({ level: 'silent' })]
    one.observe({ type: 'intents-lost', count: 5 })
    expect(await metricLines(two)).toContain('aishell_intents_lost_total 0')
  })
})

interface SeenSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

/** A collector that takes OTLP over HTTP and remembers the spans. */
async function collector() {
  const spans: SeenSpan[] = []
  const seen: { headers: Record<string, unknown>[]; paths: string[] } = { headers: [], paths: [] }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8')
      const body = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: SeenSpan[] }[] }[] }
      spans.push(...body.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)))
      seen.headers.push(request.headers)
      seen.paths.push(request.url ?? '')
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP, so it has one
  return { spans, seen, url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}

function tracing(endpoint: string) {
  return {
    isDisabled: false,
    endpoint,
    tracesEndpoint: null,
    headers: new Secret('x-key=se%20cret'),
    serviceName: 'aishell',
    resourceAttributes: 'deployment.environment=test',
    sampleRatio: '1',
  }
}

describe('traces', () => {
  const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('spans reach the collector, nested under the request and the caller’s trace', async () => {
    const collecting = await collector()
    const lines: string[] = []
    const made = await createObserver({
      version: '1',
      level: 'info',
      tracing: tracing(collecting.url),
      destination: { write: (line) => lines.push(line) },
    })
    await new Promise<void>((resolve, reject) => {
      made.openRequest({ method: 'POST', traceparent: caller }, (request) => {
        const work = made.span('ask', { drafter: 'builtin' }, async () => {
          await made.span('guard', {}, async () => undefined)
          made.observe({ type: 'warning', code: 'x', message: 'inside' })
        })
        Promise.resolve(work)
          .then(() => request.end('/api/v1/questions', 200))
          .then(resolve, reject)
      })
    })
    await expect(
      made.span('run', {}, async () => Promise.reject(new ShellError({ code: 'run.timeout', kind: 'failed', message: 'value 42' }))),
    ).rejects.toThrow('value 42')
    await made.shutdown()
    await collecting.close()

    const byName = new Map(collecting.spans.map((span) => [span.name, span]))
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    expect(byName.get('request')).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331' })
    expect(byName.get('ask')).toMatchObject({ traceId, parentSpanId: byName.get('request')?.spanId })
    expect(byName.get('guard')).toMatchObject({ traceId, parentSpanId: byName.get('ask')?.spanId })
    expect(byName.get('request')?.attributes).toContainEqual({ key: 'http.route', value: { stringValue: '/api/v1/questions' } })
    expect(byName.get('run')?.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'run.timeout' } })
    expect(JSON.stringify(collecting.spans)).not.toContain('value 42')
    expect(collecting.seen.paths).toContain('/v1/traces')
    expect(collecting.seen.headers[0]).toMatchObject({ 'x-key': 'se cret' })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'inside', traceId })
  })

  test('a header that is no traceparent starts a trace of its own', async () => {
    const collecting = await collector()
    const made = await createObserver({ version: '1', level: 'silent', tracing: tracing(collecting.url) })
    for (const traceparent of [undefined, 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff${caller.slice(2)}`])
      made.openRequest({ method: 'GET', traceparent }, (request) => request.end('/health', 200))
    await made.shutdown()
    await collecting.close()
    expect(new Set(collecting.spans.map((span) => span.traceId)).size).toBe(4)
    expect(collecting.spans.every((span) => !span.parentSpanId)).toBe(true)
  })

  test('a collector that is away neither fails the work nor the end', async () => {
    const made = await createObserver({ version: '1', level: 'silent', tracing: tracing('http://127.0.0.1:9') })
    await expect(made.span('ask', {}, async () => 'done')).resolves.toBe('done')
    await made.shutdown()
  })

  test('without an endpoint the work simply runs', async () => {
    const made = await observer({ level: 'silent' })
    let seen: string | null = 'unset'
    made.openRequest({ method: 'GET', traceparent: caller }, (request) => (seen = request.traceId))
    expect(seen).toBeNull()
    await expect(made.span('ask', {}, async () => 3)).resolves.toBe(3)
  })
})
