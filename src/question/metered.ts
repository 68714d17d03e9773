import type { Actor, Question } from '../domain/index.ts'
import type { Quotas } from '../platform/tenancy/index.ts'
import type { Delivery, PipelineEvent } from './delivery.ts'

/** The pipeline with its rooms already in hand. */
export type Answer = (actor: Actor, question: Question, signal: AbortSignal, delivery?: Delivery) => AsyncGenerator<PipelineEvent>

/**
 * The same pipeline under the tenant's quotas. A quota that is used up throws before anything begins; the last rows of a
 * day come as an answer cut at the row limit.
 */
export function metered(answer: Answer, quotas: Pick<Quotas, 'begin'>): Answer {
  return async function* (actor, question, signal, delivery) {
    const ticket = await quotas.begin(actor)
    let rows = 0
    try {
      for await (const event of answer(actor, narrowed(question, ticket.maxRows), signal, delivery)) {
        if (event.type === 'rows-batch') rows += event.rows.length
        if (event.type === 'answer-end') rows = Math.max(rows, event.rows)
        yield event
      }
    } finally {
      ticket.end(rows)
    }
  }
}

function narrowed(question: Question, rowsLeft: number | null): Question {
  return rowsLeft === null ? question : { ...question, rowsLeft }
}
