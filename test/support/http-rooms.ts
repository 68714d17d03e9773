import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { builtinGrants, ShellError, type Actor, type Question } from '../../src/domain/index.ts'
import { problemShape, type AnswerEvent } from '../../src/contract/index.ts'
import type { Delivery, PipelineEvent } from '../../src/question/index.ts'
import { createHttpServer, RunningAnswers, type HttpOptions, type HttpRooms, type HttpServer } from '../../src/surfaces/http/index.ts'

export const aReader: Actor = {
  tenantId: 't1',
  memberId: 'm1',
  name: 'Ada',
  kind: 'person',
  roles: ['reader'],
  grants: builtinGrants('reader'),
  surface: 'http',
  tokenId: 'k1',
  verbs: null,
  connections: null,
}

type Script = (question: Question, signal: AbortSignal, delivery: Delivery | undefined) => AsyncGenerator<PipelineEvent>

/** Rooms around a scripted answer, for what is HTTP's own: framing, leaving, draining. Tokens are the names of actors. */
export function scriptedRooms(script: Script, actors: Readonly<{ [token: string]: Actor }> = { reader: aReader }): HttpRooms {
  const running = new RunningAnswers()
  const absent = {} as HttpRooms // these tests ask no other room; one that is asked by mistake fails loudly
  return {
    connections: absent.connections,
    approvals: absent.approvals,
    record: absent.record,
    people: absent.people,
    persons: absent.persons,
    signInPlace: absent.signInPlace,
    running,
    answer: async function* (actor, question, stop, delivery) {
      running.enter(actor, question.id, stop)
      try {
        yield* script(question, stop.signal, delivery)
      } finally {
        running.leave(question.id)
      }
    },
    identity: {
      ...absent.identity,
      recall: () => null,
      authenticate: async (bearer) => {
        const actor = bearer === null ? undefined : actors[bearer]
        if (actor === undefined) throw new ShellError({ code: 'identity.not-signed-in', kind: 'denied', message: 'This needs a token.' })
        return actor
      },
    },
    checks: [],
    observer: {
      observe: () => {},
      openRequest: (_start, proceed) => proceed({ traceId: null, end: () => {} }),
      metricsText: async () => ({ contentType: 'text/plain', body: 'up 1\n' }),
    },
    mcp: null,
  }
}

export function answerEnd(
  fields: Partial<Extract<AnswerEvent, { type: 'answer-end' }>> = {},
): Extract<AnswerEvent, { type: 'answer-end' }> {
  return {
    type: 'answer-end',
    outcome: 'answered',
    rows: 0,
    bytes: 0,
    truncated: null,
    timings: { askMs: 0, guardMs: 0, runMs: 0, totalMs: 0 },
    ...fields,
  }
}

const open: HttpServer[] = []

/** After each test: whatever it served is closed. */
export async function closeServers(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.close()))
}

export function willClose(server: HttpServer): HttpServer {
  open.push(server)
  return server
}

export async function serve(rooms: HttpRooms, options: Partial<HttpOptions> = {}): Promise<{ server: HttpServer; url: string }> {
  const server = await createHttpServer(rooms, { version: 'test', ...options })
  open.push(server)
  return { server, url: await server.listen({ host: '127.0.0.1', port: 0 }) }
}

export function ask(url: string, accept: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/api/v1/questions`, {
    method: 'POST',
    headers: { authorization: 'Bearer reader', 'content-type': 'application/json', accept },
    body: JSON.stringify({ connection: 'demo', sql: 'select 1' }),
    ...init,
  })
}

export async function problemOf(response: Response): Promise<{ status: number; code: string; text: string }> {
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const problem = problemShape.parse(JSON.parse(text))
  expect(problem.status).toBe(response.status)
  return { status: response.status, code: problem.code, text }
}

export function script(
  events: readonly AnswerEvent[] | readonly { type: 'rows-chunk'; bytes: Uint8Array }[] | readonly unknown[],
): HttpRooms {
  return scriptedRooms(async function* () {
    for (const event of events) yield event as AnswerEvent // the cases below are answer events or chunks
  })
}

export const chunk = (text: string): unknown => ({ type: 'rows-chunk', bytes: Buffer.from(text) })

/** Yields rows for ever and tells when it was left. */
export function endless(): { rooms: HttpRooms; begun: Promise<void>; left: Promise<string>; batches: () => number } {
  let begin: () => void = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  let tell: (how: string) => void = () => {}
  const left = new Promise<string>((resolve) => {
    tell = resolve
  })
  let batches = 0
  const rooms = scriptedRooms(async function* (_question, signal) {
    try {
      while (!signal.aborted) {
        batches++
        begin()
        yield { type: 'rows-batch', rows: [['x'.repeat(64 * 1024)]] }
        await sleep(1)
      }
      yield answerEnd({ outcome: 'abandoned' })
    } finally {
      tell(signal.aborted ? 'aborted' : 'returned')
    }
  })
  return { rooms, begun, left, batches: () => batches }
}

export async function rawPost(url: string, accept: string): Promise<IncomingMessage> {
  const request = httpRequest(`${url}/api/v1/questions`, {
    method: 'POST',
    headers: { authorization: 'Bearer reader', 'content-type': 'application/json', accept },
  })
  request.end(JSON.stringify({ connection: 'demo', sql: 'select 1' }))
  const [response] = (await once(request, 'response')) as [IncomingMessage] // the event's only argument
  return response
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response) text += String(part)
  return text
}

export async function sayRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  let text = ''
  for await (const part of socket) text += String(part)
  return text
}
