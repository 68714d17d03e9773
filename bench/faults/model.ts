import { parseArgs } from 'node:util'
import { startModelServer, type Behaviour } from '../../test/support/model-server.ts'
import { startScratchServer } from '../../test/support/postgres-server.ts'
import { about, saveResult } from '../report.ts'
import { askOnce, closedLoop, isAnswered, newAgent, openHouse, quantile, round } from './house.ts'

/**
 * `bench/faults/model.ts [--runs 5] [--record]`: a model that hangs, floods or gives garbage. When does the asker hear of it, and
 * what does SQL by hand feel of it?
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, record: { type: 'boolean', default: false } } })
const runs = Number(values.runs)
const timeoutMs = 2_000
const model = await startModelServer()
const postgres = await startScratchServer(true)
const env = { LLM_PROVIDER: 'openai-compatible', LLM_BASE_URL: model.url, LLM_MODEL: 'scripted', LLM_TIMEOUT_MS: String(timeoutMs) }
const agent = newAgent()

async function ask(url: string, token: string): Promise<{ readonly ms: number; readonly outcome: string; readonly code: string }> {
  const startedMs = performance.now()
  const response = await fetch(`${url}/api/v1/questions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ connection: 'shop', text: 'Which accounts have the greatest balance of all?' }),
  })
  const body = (await response.json()) as {
    readonly outcome?: string
    readonly code?: string
    readonly failure?: { readonly code: string }
  }
  return {
    ms: performance.now() - startedMs,
    outcome: body.outcome ?? String(response.status),
    code: body.failure?.code ?? body.code ?? '',
  }
}

const faults: readonly (readonly [string, Behaviour])[] = [
  ['hangs', { kind: 'hang' }],
  ['stalls in the middle', { kind: 'stall', text: '{"sql": "SEL' }],
  ['floods', { kind: 'flood' }],
  ['gives garbage', { kind: 'bytes', bytes: '\u0000\u0001 no such wire \uffff\n\n' }],
  ['gives 500', { kind: 'status', status: 500 }],
]

/** A server of its own: the breaker of one fault must not speak for the next. */
async function look(what: string, behaviour: Behaviour) {
  const house = await openHouse(postgres, { env })
  const [server] = house.servers
  if (server === undefined) throw new Error('no server')
  const sql = () => askOnce(server.url, house.token, 'SELECT * FROM account WHERE id = 7', agent)
  try {
    model.script(behaviour)
    await closedLoop(sql, { clients: 2, ms: 500 })
    const before = await closedLoop(sql, { clients: 2, ms: 2_000 })
    const asked = []
    const over = new AbortController()
    const beside = (async () => {
      const replies = []
      while (!over.signal.aborted) replies.push(...(await closedLoop(sql, { clients: 2, ms: 200 })))
      return replies
    })()
    for (let run = 0; run < runs; run++) asked.push(await ask(server.url, house.token))
    over.abort()
    const during = await beside
    return {
      what,
      longestMs: round(Math.max(...asked.map((one) => one.ms)), 0),
      codes: [...new Set(asked.map((one) => `${one.outcome} ${one.code}`.trim()))],
      sqlFailed: [...before, ...during].filter((reply) => !isAnswered(reply)).length,
      sqlP95Ms: {
        before: round(
          quantile(
            before.map((one) => one.ms),
            0.95,
          ),
        ),
        during: round(
          quantile(
            during.map((one) => one.ms),
            0.95,
          ),
        ),
      },
    }
  } finally {
    await house.stop()
  }
}

try {
  const seen = []
  for (const [what, behaviour] of faults) seen.push(await look(what, behaviour))
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/model.ts --runs ${runs} --record`),
    promised: { longestMs: `<= ${timeoutMs + 1_000}`, sqlFailed: 0 },
    timeoutMs,
    runs,
    longestMs: Math.max(...seen.map((one) => one.longestMs)),
    sqlFailed: seen.reduce((sum, one) => sum + one.sqlFailed, 0),
    seen,
  }
  console.log(JSON.stringify(result, null, 2))
  if (values.record) saveResult('model-faults', result)
} finally {
  agent.destroy()
  await model.close()
  await postgres.stop()
}
