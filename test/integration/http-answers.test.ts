import { afterEach, describe, expect, test } from 'vitest'
import { Client, type AnswerEvent } from '../../src/contract/index.ts'
import { answerEnd, ask, chunk, closeServers, problemOf, rawPost, script, scriptedRooms, serve, textOf } from '../support/http-rooms.ts'

afterEach(closeServers)

const refused: AnswerEvent[] = [
  {
    type: 'verdict-reached',
    attempt: 1,
    verdict: {
      decision: 'refuse',
      class: 'write',
      reasons: [{ code: 'guard.write', message: 'It writes.' }],
      tables: [],
      columns: [],
      functions: [],
      masked: [],
      filtered: [],
    },
  },
  answerEnd({ outcome: 'refused' }),
]

describe('an answer', () => {
  test('is a stream of named events unless something else is accepted', async () => {
    const { url } = await serve(script([{ type: 'rows-begin', columns: [] }, answerEnd()]))
    for (const accept of ['*/*', 'text/event-stream', 'text/*;q=0.5, image/png']) {
      const response = await ask(url, accept)
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      expect(await response.text()).toMatch(/^event: rows-begin\ndata: \{.*\}\n\nevent: answer-end\ndata: \{.*\}\n\n$/)
    }
  })

  test('is read back by the client as the events that were sent', async () => {
    const events: AnswerEvent[] = [
      { type: 'answer-begin', id: 'q', connection: 'demo' },
      { type: 'rows-begin', columns: [{ name: 'n', type: 'int8', kind: 'number' }] },
      { type: 'rows-batch', rows: [['9007199254740993'], [null], ['line\nbreak "quoted"']] },
      answerEnd({ rows: 3 }),
    ]
    const { url } = await serve(script(events))
    const got: AnswerEvent[] = []
    for await (const event of new Client({ baseUrl: url, token: 'reader' }).ask({ connection: 'demo', sql: 'select 1' })) got.push(event)
    expect(got).toEqual(events)
  })

  test('may say what this client has not heard of; the rest is read', async () => {
    const progress: AnswerEvent = { type: 'progress', phase: 'read', rows: 5, bytes: 40, elapsedMs: 1_001 }
    const { url } = await serve(script([{ type: 'applause', loudness: 'high' }, progress, answerEnd()]))
    const got: AnswerEvent[] = []
    for await (const event of new Client({ baseUrl: url, token: 'reader' }).ask({ connection: 'demo', sql: 'select 1' })) got.push(event)
    expect(got).toEqual([progress, answerEnd()])
  })

  test('in JSON carries a refusal with status 200', async () => {
    const { url } = await serve(script(refused))
    const response = await ask(url, 'application/json')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ outcome: 'refused', verdict: { decision: 'refuse' }, data: [] })
  })

  test.each([
    ['refused', 403],
    ['needs-approval', 409],
    ['needs-clarification', 422],
    ['abstained', 422],
    ['abandoned', 409],
  ] as const)('that ended %s is a problem %d where only rows fit', async (outcome, status) => {
    const { url } = await serve(script([answerEnd({ outcome })]))
    for (const accept of ['text/csv', 'application/x-ndjson'])
      expect(await problemOf(await ask(url, accept))).toMatchObject({ status, code: `question.${outcome}` })
  })

  test.each([
    ['connections.unknown', 'missing', 404],
    ['engines.unreachable', 'failed', 424],
    ['engines.busy', 'busy', 429],
    ['run.timeout', 'failed', 422],
    ['record.unavailable', 'failed', 503],
    ['internal', 'failed', 500],
  ] as const)('that failed with %s (%s) is a problem %d where only rows fit', async (code, kind, status) => {
    const { url } = await serve(script([answerEnd({ outcome: 'failed', failure: { code, kind, message: 'It failed.' } })]))
    expect(await problemOf(await ask(url, 'text/csv'))).toMatchObject({ status, code })
  })

  test('of a busy database is 429 in JSON too, with a time to come again', async () => {
    const failure = { code: 'engines.busy', kind: 'busy', message: 'All leases are out.' } as const
    const { url } = await serve(script([answerEnd({ outcome: 'failed', failure })]))
    const response = await ask(url, 'application/json')
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'engines.busy' })
  })

  test('as NDJSON says in its last line how it ended', async () => {
    const { url } = await serve(script([chunk('{"n":1}\n{"n":'), chunk('2}\n'), answerEnd({ rows: 2, truncated: 'row-cap' })]))
    const lines = (await (await ask(url, 'application/x-ndjson')).text()).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { n: 1 },
      { n: 2 },
      { $end: { outcome: 'answered', rows: 2, truncated: 'row-cap' } },
    ])
  })

  test('as CSV says in its trailers how it ended', async () => {
    const { url } = await serve(script([chunk('n\n1\n'), answerEnd({ rows: 1, truncated: 'byte-cap' })]))
    const response = await rawPost(url, 'text/csv')
    expect(await textOf(response)).toBe('n\n1\n')
    expect(response.trailers).toEqual({ 'x-aishell-outcome': 'answered', 'x-aishell-rows': '1', 'x-aishell-truncated': 'byte-cap' })
  })

  test('as CSV that fails half-way is broken off, not ended', async () => {
    const failure = { code: 'engines.unreachable', kind: 'failed', message: 'Gone.' } as const
    const { url } = await serve(script([chunk('n\n1\n'), answerEnd({ outcome: 'failed', failure })]))
    const response = await ask(url, 'text/csv')
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  test('of a type nobody can give is refused before anything runs', async () => {
    let hasRun = false
    const { url } = await serve(
      scriptedRooms(async function* () {
        hasRun = true
        yield answerEnd()
      }),
    )
    expect(await problemOf(await ask(url, 'image/png'))).toMatchObject({ status: 406, code: 'http.not-acceptable' })
    expect(hasRun).toBe(false)
  })
})
