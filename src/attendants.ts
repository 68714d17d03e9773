import { andThen, orUndo } from './domain/index.ts'
import type { Quotas, Ticket } from './platform/tenancy/index.ts'
import type { Attend, Attended } from './question/index.ts'
import type { RunningAnswers } from './surfaces/http/index.ts'

/**
 * Each answer counts against its tenant's quotas and can be stopped by its question's id. A quota that is used up throws
 * before anything begins; the last rows of a day come as an answer cut at the row limit.
 */
export function attendants(running: RunningAnswers, quotas: Pick<Quotas, 'begin'>): Attend {
  return (actor, question, stop) => {
    running.enter(actor, question.id, stop) // first: it can be stopped while its quotas are looked up
    const attended = (ticket: Ticket): Attended => ({
      question: ticket.maxRows === null ? question : { ...question, rowsLeft: ticket.maxRows },
      leave: (rows) => {
        running.leave(question.id)
        ticket.end(rows)
      },
    })
    return orUndo(
      () => andThen(quotas.begin(actor), attended),
      () => running.leave(question.id),
    )
  }
}
