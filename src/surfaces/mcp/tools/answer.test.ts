import { describe, expect, test } from 'vitest'
import type { AnswerEvent } from '../../../contract/index.ts'
import { builtinGrants, type Actor, type Question } from '../../../domain/index.ts'
import type { McpRooms, ToolCall } from '../rooms.ts'
import { ask, explain, runSql } from './answer.ts'

const actor: Actor = {
  tenantId: 't',
  memberId: 'm',
  name: 'a',
  kind: 'agent',
  roles: ['reader'],
  grants: builtinGrants('reader'),
  surface: 'mcp',
  tokenId: null,
  verbs: null,
  connections: null,
}
const call: ToolCall = { actor, stop: new AbortController() }
const zero = { rows: 0, bytes: 0, truncated: null, timings: { askMs: 0, guardMs: 0, runMs: 0, totalMs: 0 } }
const end = (outcome: Extract<AnswerEvent, { type: 'answer-end' }>['outcome']): AnswerEvent => ({ type: 'answer-end', outcome, ...zero })

/** Rooms whose pipeline yields these events, and what was asked of it. */
function scripted(events: readonly AnswerEvent[]): { rooms: McpRooms; asked: Question[] } {
  const asked: Question[] = []
  const rooms = {
    answer: async function* (_actor: Actor, question: Question) {
      asked.push(question)
      yield* events
    },
  } as Partial<McpRooms> as McpRooms // these tools ask no other room
  return { rooms, asked }
}

describe('an answer as an agent reads it', () => {
  test('asks for few rows and few bytes unless told', async () => {
    const { rooms, asked } = scripted([end('answered')])
    await ask(rooms, call, { connection: 'c', question: 'q' })
    await runSql(rooms, call, { connection: 'c', sql: 's', max_rows: 7 })
    await explain(rooms, call, { connection: 'c', sql: 's' })
    expect(asked.map((question) => [question.purpose, question.limits.maxRows])).toEqual([
      ['run', 100],
      ['run', 7],
      ['explain', 100],
    ])
  })

  test('keeps NULL, tabs and breaks apart from text', async () => {
    const columns = [{ name: 'a', type: 'text', kind: 'text' as const }]
    const { rooms } = scripted([
      { type: 'rows-begin', columns },
      { type: 'rows-batch', rows: [[null], ['\\N'], ['a\tb\nc']] },
      end('answered'),
    ])
    const { content, structuredContent } = await runSql(rooms, call, { connection: 'c', sql: 's' })
    expect(content[0]?.text).toBe('a\n\\N\n\\\\N\na\\tb\\nc\n(3 rows, complete)')
    expect(structuredContent['rows']).toEqual([[null], ['\\N'], ['a\tb\nc']])
  })

  test('gives a question back with its choices, and no error', async () => {
    const draft = {
      kind: 'clarify' as const,
      drafter: 'builtin' as const,
      prompt: 'Which year?',
      choices: ['Sold in 2025?', 'Sold in 2026?'],
    }
    const { rooms } = scripted([{ type: 'draft-ready', draft, attempt: 1 }, end('needs-clarification')])
    const result = await ask(rooms, call, { connection: 'c', question: 'q' })
    expect(result).toMatchObject({ content: [{ text: 'Which year?\n- Sold in 2025?\n- Sold in 2026?' }] })
    expect(result.isError).toBeUndefined()
  })

  test.each(['needs-approval', 'refused', 'abandoned', 'failed'] as const)('that ended %s is an error with a code', async (outcome) => {
    const { rooms } = scripted([end(outcome)])
    const result = await ask(rooms, call, { connection: 'c', question: 'q' })
    expect(result.isError).toBe(true)
    expect(result.structuredContent).toMatchObject({ outcome, error: { code: expect.stringMatching(/./) } })
  })
})
