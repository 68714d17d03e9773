import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AnswerEvent, CatalogBody, ConnectionBody, PrivilegeReport, ResultColumn } from '../../src/contract/index.ts'
import { newId } from '../../src/domain/index.ts'

/** What a question gets: events, some of them late, or a hang until the asker leaves. */
export interface Scripted {
  readonly events: readonly AnswerEvent[]
  /** true: the last event never comes. */
  readonly hangs?: boolean
}

/** A server that speaks the contract from a script; it knows what it was asked and who left. */
export interface ScriptedServer {
  readonly baseUrl: string
  readonly token: string
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[]
  /** Questions whose asker went away before the end. */
  readonly abandoned: string[]
  stop(): Promise<void>
}

export const timings = { askMs: 2, guardMs: 0.4, runMs: 5, totalMs: 8 }
export const text = (name: string): ResultColumn => ({ name, type: 'text', kind: 'text' })
export const number = (name: string): ResultColumn => ({ name, type: 'int8', kind: 'number' })

/** The usual life of an answer: begun, drafted, allowed, rows, ended. */
export function answered(sql: string, columns: readonly ResultColumn[], rows: readonly (readonly (string | null)[])[]): AnswerEvent[] {
  return [
    { type: 'answer-begin', id: newId(), connection: 'demo' },
    drafted(sql),
    {
      type: 'verdict-reached',
      attempt: 1,
      verdict: { decision: 'allow', class: 'read', reasons: [], tables: [], columns: [], functions: [], masked: [], filtered: [] },
    },
    { type: 'rows-begin', columns },
    { type: 'rows-batch', rows },
    end('answered', { rows: rows.length }),
  ]
}

export function drafted(sql: string): AnswerEvent {
  const explanation = 'Counts the orders of each carrier.'
  return {
    type: 'draft-ready',
    attempt: 1,
    draft: { kind: 'drafted', drafter: 'builtin', sql, params: [], explanation, assumptions: ['“last month” is October 2026'] },
  }
}

export function end(
  outcome: Extract<AnswerEvent, { type: 'answer-end' }>['outcome'],
  more: Partial<Extract<AnswerEvent, { type: 'answer-end' }>> = {},
): AnswerEvent {
  return { type: 'answer-end', outcome, rows: 0, bytes: 0, truncated: null, timings, ...more }
}

const demo: ConnectionBody = {
  id: '0190a000-0000-7000-8000-000000000001',
  name: 'demo',
  description: 'Harbor Goods, an invented shop',
  labels: [],
  engine: 'postgres',
  target: null,
  origin: 'demo',
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
}

/** One that somebody saved, with a writer. */
export const warehouse: ConnectionBody = {
  ...demo,
  id: '0190a000-0000-7000-8000-000000000002',
  name: 'warehouse',
  description: 'Stock',
  labels: ['eu'],
  target: { host: 'db', port: 5432, database: 'stock', user: 'reader', sslmode: 'require', writer: { user: 'scribe' } },
  origin: 'api',
}

const userReport = { isReachable: true, serverVersion: '18.0', level: 'least' as const, findings: [], script: null, elapsedMs: 3 }
const warehouseReport: PrivilegeReport = {
  ...userReport,
  databaseUser: 'reader',
  writer: { ...userReport, databaseUser: 'scribe', findings: [{ code: 'engines.writes', message: 'It may write: public.till.' }] },
}

const column = (name: string, type = 'text') => ({ name, type, isNullable: true, comment: null, statistics: null })
const relation = (name: string, columns: readonly string[]): CatalogBody['relations'][number] => ({
  schema: 'public',
  name,
  kind: 'table',
  comment: null,
  columns: columns.map((each) => column(each)),
  primaryKey: [columns[0] ?? ''],
  uniqueKeys: [],
  foreignKeys: [],
  estimatedRows: 1200,
  sizeBytes: 65536,
  definition: null,
  parents: [],
})

export const catalog: CatalogBody = {
  connection: 'demo',
  dialect: 'postgres',
  database: 'harbor',
  serverVersion: '18.0',
  version: 'v1',
  searchPath: ['public'],
  relations: [relation('customer', ['customer_id', 'name', 'city']), relation('sales_order', ['order_id', 'status', 'carrier'])],
  functions: [],
  operators: [],
  types: [],
  next: null,
}

/** Starts it on a free port. `script` is asked with the question's text or SQL; `more`: connections beside the demo. */
export async function startScriptedServer(
  script: (asked: string) => Scripted,
  more: readonly ConnectionBody[] = [],
): Promise<ScriptedServer> {
  const requests: { method: string; path: string; body: unknown }[] = []
  const abandoned: string[] = []
  const token = 'scripted-token'
  const server = createServer((request, response) => {
    void handle(request, response)
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array) // no encoding is set: buffers
    const body: unknown = chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const path = (request.url ?? '/').replace(/\?.*/, '')
    requests.push({ method: request.method ?? '', path, body })
    if (path === '/ready') return json(response, 200, { status: 'ready', checks: [{ name: 'store', state: 'ok', detail: 'reachable' }] })
    if (request.headers.authorization !== `Bearer ${token}`)
      return problem(response, 401, 'identity.token-unknown', 'This token is not known.', 'Sign in again.')
    if (path === '/api/v1/questions') return question(request, response, askedOf(body))
    route(request, response, path, body)
  }

  function route(request: IncomingMessage, response: ServerResponse, path: string, body: unknown): void {
    if (path === '/api/v1/connections' && request.method === 'GET') return json(response, 200, { items: [demo, ...more], next: null })
    if (path === `/api/v1/connections/${warehouse.id}` && request.method === 'PUT') return json(response, 200, warehouse)
    if (path === `/api/v1/connections/${warehouse.id}/test`) return json(response, 200, warehouseReport)
    if (path === '/api/v1/connections') return json(response, 201, { ...demo, ...(body as object), origin: 'api' }) // the client's own body
    if (path.endsWith('/catalog')) return json(response, 200, catalog)
    if (path === '/api/v1/tokens' && request.method === 'POST') return json(response, 201, { ...newToken, token: 'made-token' })
    if (path === '/api/v1/audit/verify')
      return json(response, 200, {
        isIntact: false,
        checked: 3,
        openIntents: 0,
        lostIntents: 0,
        head: null,
        findings: [{ sequence: 2, code: 'record.changed', message: 'The link was changed.' }],
      })
    if (path === '/api/v1/drafts') return json(response, 200, draftAnswer(askedOf(body)))
    problem(response, 404, 'http.not-found', 'There is nothing here.')
  }

  function draftAnswer(asked: string): object {
    const { events } = script(asked)
    const draft = events.find((event) => event.type === 'draft-ready')?.draft
    const verdict = events.find((event) => event.type === 'verdict-reached')?.verdict
    return { id: newId(), connection: 'demo', outcome: verdict?.decision === 'refuse' ? 'refused' : 'drafted', draft, verdict }
  }

  async function question(request: IncomingMessage, response: ServerResponse, asked: string): Promise<void> {
    const { events, hangs } = script(asked)
    response.on('close', () => {
      if (!response.writableEnded) abandoned.push(asked)
    })
    const accept = request.headers.accept ?? ''
    if (accept === 'text/csv' || accept === 'application/x-ndjson') return file(response, accept, events, hangs === true)
    if (accept === 'application/json') return json(response, 200, buffered(events))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': hello\n\n')
    for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    if (hangs !== true) response.end()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { baseUrl: `http://127.0.0.1:${port}`, token, requests, abandoned, stop }
}

const newToken = {
  id: 't1',
  name: 'ci',
  memberId: 'm1',
  roles: ['reader'],
  kind: 'person',
  verbs: null,
  connections: null,
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: '2026-04-01T00:00:00Z',
  lastUsedAt: null,
  revokedAt: null,
}

function askedOf(body: unknown): string {
  const { text, sql } = body as { text?: string; sql?: string } // the contract's two ways of asking
  return text ?? sql ?? ''
}

function file(response: ServerResponse, accept: string, events: readonly AnswerEvent[], hangs: boolean): void {
  const last = events.find((event) => event.type === 'answer-end')
  if (last === undefined) throw new Error('the script has no end')
  const rows = events.flatMap((event) => (event.type === 'rows-batch' ? event.rows : []))
  const columns = events.flatMap((event) => (event.type === 'rows-begin' ? event.columns : []))
  if (columns.length === 0) return problem(response, 422, `question.${last.outcome}`, 'There are no rows.')
  const isCsv = accept === 'text/csv'
  response.writeHead(200, {
    'content-type': accept,
    ...(isCsv ? { trailer: 'x-aishell-outcome, x-aishell-rows, x-aishell-truncated' } : {}),
  })
  if (isCsv) response.write(`${columns.map(({ name }) => name).join(',')}\n`)
  for (const row of rows)
    response.write(isCsv ? `${row.join(',')}\n` : `${JSON.stringify(Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])))}\n`)
  if (hangs) return
  if (last.outcome !== 'answered') return void response.write('\n', () => setTimeout(() => response.destroy(), 50)) // the head goes first
  if (!isCsv)
    return void response.end(`${JSON.stringify({ $end: { outcome: last.outcome, rows: last.rows, truncated: last.truncated } })}\n`)
  response.addTrailers({
    'x-aishell-outcome': last.outcome,
    'x-aishell-rows': String(last.rows),
    'x-aishell-truncated': last.truncated ?? 'no',
  })
  response.end()
}

function buffered(events: readonly AnswerEvent[]): object {
  const last = events.find((event) => event.type === 'answer-end')
  const draft = events.find((event) => event.type === 'draft-ready')?.draft
  const columns = events.flatMap((event) => (event.type === 'rows-begin' ? event.columns : []))
  return {
    ...last,
    id: newId(),
    connection: 'demo',
    draft,
    columns,
    data: events.flatMap((event) => (event.type === 'rows-batch' ? event.rows : [])),
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function problem(response: ServerResponse, status: number, code: string, detail: string, hint?: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'about:blank', title: 'Problem', status, code, detail, ...(hint === undefined ? {} : { hint }) }))
}
