import { newId, type Limits, type Question, type QuestionInput } from '../../../domain/index.ts'
import type { Cell, McpAnswer, VerdictBody } from '../../../contract/index.ts'
import { cells, watchedCells } from '../../../question/index.ts'
import type { McpRooms, ToolCall } from '../rooms.ts'
import { done, failed, type ToolResult } from '../tool-result.ts'
import { tableText } from './table-text.ts'

/** An agent pays for each row it reads. */
const defaultMaxRows = 100
/** And for each character: a few rows may hold whole documents. */
const maxBytes = 256 * 1024

interface SqlInput {
  readonly connection: string
  readonly sql: string
  readonly params?: readonly Cell[] | undefined
}

export async function ask(
  rooms: McpRooms,
  call: ToolCall,
  input: { readonly connection: string; readonly question: string; readonly max_rows?: number | undefined },
): Promise<ToolResult> {
  return resultOf(await answerOf(rooms, call, questionOf(input.connection, { kind: 'text', text: input.question }, input.max_rows)))
}

export async function runSql(
  rooms: McpRooms,
  call: ToolCall,
  input: SqlInput & { readonly max_rows?: number | undefined },
): Promise<ToolResult> {
  return resultOf(await answerOf(rooms, call, questionOf(input.connection, sqlOf(input), input.max_rows)))
}

export async function explain(rooms: McpRooms, call: ToolCall, input: SqlInput): Promise<ToolResult> {
  return resultOf(await answerOf(rooms, call, { ...questionOf(input.connection, sqlOf(input), undefined), purpose: 'explain' }))
}

function sqlOf(input: SqlInput): QuestionInput {
  return { kind: 'sql', sql: input.sql, params: input.params ?? [] }
}

function questionOf(connection: string, input: QuestionInput, maxRows: number | undefined): Question {
  const limits: Partial<Limits> = { maxRows: maxRows ?? defaultMaxRows, maxBytes }
  return { id: newId(), connection, input, conversation: null, limits, askedAt: new Date(), purpose: 'run' }
}

async function answerOf(rooms: McpRooms, call: ToolCall, question: Question): Promise<McpAnswer> {
  let answer: McpAnswer = { id: question.id, outcome: 'failed' }
  const rows: (readonly Cell[])[] = []
  const delivery = call.progress === undefined ? cells : watchedCells
  for await (const event of rooms.answer(call.actor, question, call.stop, delivery)) {
    switch (event.type) {
      case 'draft-ready':
        answer = { ...answer, ...draftFields(event.draft) }
        break
      case 'verdict-reached':
        answer = { ...answer, ...verdictFields(event.verdict) }
        break
      case 'plan-ready':
        answer = { ...answer, plan: event.plan.text }
        break
      case 'rows-begin':
        answer = { ...answer, columns: event.columns.map((column) => column.name), rows }
        break
      case 'rows-batch':
        rows.push(...event.rows)
        break
      case 'answer-end':
        answer = { ...answer, outcome: event.outcome, ...(answer.columns === undefined ? {} : { truncated: event.truncated }) }
        if (event.failure !== undefined) answer = { ...answer, failure: event.failure }
        break
      case 'approval-requested': {
        const { id, state, expiresAt } = event.approval
        answer = { ...answer, approval: { id, state, expiresAt } }
        break
      }
      case 'write-done':
        answer = { ...answer, affected_rows: event.affectedRows }
        break
      case 'progress':
        call.progress?.(event)
        break
      case 'answer-begin':
      case 'rows-chunk':
        break
    }
  }
  return answer
}

type DraftBody = Extract<Awaited<ReturnType<ReturnType<McpRooms['answer']>['next']>>['value'], { type: 'draft-ready' }>['draft']

function verdictFields({ reasons, masked, filtered }: VerdictBody): Partial<McpAnswer> {
  return {
    ...(reasons.length > 0 ? { reasons } : {}),
    ...(masked.length > 0 ? { masked } : {}),
    ...(filtered.length > 0 ? { filtered } : {}),
  }
}

function draftFields(draft: DraftBody): Partial<McpAnswer> {
  if (draft.kind === 'abstained') return { explanation: draft.reason }
  if (draft.kind === 'clarify') return { explanation: draft.prompt, choices: draft.choices }
  const assumptions = draft.assumptions.length === 0 ? {} : { assumptions: draft.assumptions }
  return { sql: draft.sql, ...(draft.explanation === '' ? {} : { explanation: draft.explanation }), ...assumptions }
}

function resultOf(answer: McpAnswer): ToolResult {
  switch (answer.outcome) {
    case 'answered':
      return done(answeredText(answer), { ...answer })
    case 'drafted':
      return done([answer.sql, answer.plan].filter((part) => part !== undefined).join('\n\n'), { ...answer })
    case 'needs-clarification':
      return done([answer.explanation, ...(answer.choices ?? []).map((choice) => `- ${choice}`)].join('\n'), { ...answer })
    case 'abstained':
      return done(`Cannot be answered from this data: ${answer.explanation ?? 'no reason was given'}`, { ...answer })
    case 'failed': {
      const failure = answer.failure ?? { code: 'internal', message: 'Internal error.' }
      return failed({ ...failure, more: { ...answer } })
    }
    case 'abandoned':
      return failed({ code: 'question.abandoned', message: 'The question was cancelled.', more: { ...answer } })
    default:
      return refusedResult(answer)
  }
}

function refusedResult(answer: McpAnswer): ToolResult {
  const reasons = answer.reasons ?? []
  const word = answer.outcome === 'refused' ? 'Refused' : 'Needs the approval of another person'
  const waits = answer.approval === undefined ? '' : ` It waits as ${answer.approval.id} (get_approval tells what became of it).`
  const message = `${word}: ${reasons.map((reason) => reason.message).join(' ') || 'no reason was given.'}${waits}`
  const code = reasons[0]?.code ?? `question.${answer.outcome}`
  return failed({ code, message, hint: reasons.find((reason) => reason.hint !== undefined)?.hint, more: { ...answer } })
}

function answeredText(answer: McpAnswer): string {
  const rows = answer.rows ?? []
  const notes = [
    ...(answer.explanation === undefined ? [] : [answer.explanation]),
    ...(answer.assumptions ?? []),
    ...(answer.sql === undefined ? [] : [`SQL: ${answer.sql}`]),
  ]
  const changed =
    answer.affected_rows === undefined ? [] : [`Committed; rows changed: ${answer.affected_rows ?? 'not told by the database'}.`]
  if (answer.columns === undefined) return [...notes, ...changed].join('\n')
  return [...notes, ...changed, tableText(answer.columns, rows), countNote(rows.length, answer.truncated ?? null)].join('\n')
}

function countNote(rows: number, truncated: NonNullable<McpAnswer['truncated']> | null): string {
  const count = `${rows} ${rows === 1 ? 'row' : 'rows'}`
  if (truncated === null) return `(${count}, complete)`
  const cap = truncated === 'row-cap' ? 'the row limit' : 'the size limit'
  return `(TRUNCATED at ${cap}: the first ${count} of more. Aggregate or filter rather than count these.)`
}
