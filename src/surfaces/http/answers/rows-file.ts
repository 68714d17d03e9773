import type { Outcome } from '../../../domain/index.ts'
import type { AnswerEvent, RowsEnd } from '../../../contract/index.ts'
import type { PipelineEvent } from '../../../question/index.ts'
import type { Exchange } from '../exchange.ts'
import { problem } from '../problem.ts'
import { statusOf, statusOfOutcome } from '../status.ts'
import type { Problem } from '../../../contract/index.ts'
import type { AnswerEnd } from './buffered.ts'

const contentTypes = { csv: 'text/csv; charset=utf-8; header=present', ndjson: 'application/x-ndjson; charset=utf-8' } as const
const trailerNames = 'x-aishell-outcome, x-aishell-rows, x-aishell-truncated'

/**
 * The rows as a file. The head waits for the first row, so that an answer without any (refused, abstained, failed) can
 * be a problem document with its own status, which is then given back instead of sent.
 */
export async function sendRowsFile(
  exchange: Exchange,
  format: 'csv' | 'ndjson',
  questionId: string,
  events: AsyncGenerator<PipelineEvent>,
): Promise<Problem | null> {
  const notes: Note[] = []
  let isOpen = false
  for await (const event of events) {
    if (event.type === 'rows-chunk') {
      if (!isOpen) open(exchange, format, questionId)
      isOpen = true
      await exchange.write(event.bytes)
      if (exchange.isGone) return null
    } else if (event.type === 'answer-end') {
      if (!isOpen && event.outcome !== 'answered') return problemOfEnd(event, notes, questionId)
      if (!isOpen) open(exchange, format, questionId)
      await close(exchange, format, event)
    } else notes.push(...notesOf(event))
  }
  return null
}

function open(exchange: Exchange, format: 'csv' | 'ndjson', questionId: string): void {
  exchange.begin(200, {
    'content-type': contentTypes[format],
    'cache-control': 'no-store',
    'x-aishell-question': questionId,
    ...(format === 'csv' ? { trailer: trailerNames } : {}),
  })
}

async function close(exchange: Exchange, format: 'csv' | 'ndjson', end: AnswerEnd): Promise<void> {
  if (format === 'ndjson') {
    const { outcome, rows, truncated, failure } = end
    const last: RowsEnd = { outcome, rows, truncated, ...(failure === undefined ? {} : { failure }) }
    await exchange.write(`${JSON.stringify({ $end: last })}\n`)
    return exchange.end()
  }
  // CSV has no room for a last word but trailers, which many clients drop: half a file must not look like a whole one.
  if (end.outcome !== 'answered') return exchange.cut()
  exchange.end({
    'x-aishell-outcome': end.outcome,
    'x-aishell-rows': String(end.rows),
    'x-aishell-truncated': end.truncated ?? 'no',
  })
}

interface Note {
  readonly message: string
  readonly hint?: string | undefined
}

/** Why there will be no rows, from the events before the end. */
function notesOf(event: Exclude<PipelineEvent, { type: 'rows-chunk' | 'answer-end' }>): readonly Note[] {
  if (event.type === 'verdict-reached') return event.verdict.reasons
  if (event.type !== 'draft-ready') return []
  if (event.draft.kind === 'abstained') return [{ message: event.draft.reason }]
  return event.draft.kind === 'clarify' ? [{ message: event.draft.prompt, hint: event.draft.choices.join(' ') }] : []
}

const sentences: Readonly<{ [Name in Exclude<Outcome, 'answered' | 'failed'>]: string }> = {
  drafted: 'The question was drafted but not run.',
  refused: 'The guard refused this statement.',
  'needs-approval': 'This statement needs the approval of another person before it may run.',
  'needs-clarification': 'The question has more than one reading.',
  abstained: 'The question cannot be answered from this data.',
  abandoned: 'The question was cancelled.',
}

function problemOfEnd(end: Extract<AnswerEvent, { type: 'answer-end' }>, notes: readonly Note[], questionId: string): Problem {
  if (end.failure !== undefined) return problem(statusOf(end.failure), { ...end.failure, instance: questionId })
  if (end.outcome === 'answered' || end.outcome === 'failed')
    return problem(500, { code: 'internal', message: 'Internal error.', instance: questionId })
  return problem(statusOfOutcome[end.outcome], {
    code: `question.${end.outcome}`,
    message: [sentences[end.outcome], ...notes.map((note) => note.message)].join(' '),
    hint: notes.find((note) => note.hint !== undefined)?.hint,
    instance: questionId,
  })
}
