import type { Quotas } from './platform/tenancy/index.ts'
import type { Attend } from './question/index.ts'
import type { RunningAnswers } from './surfaces/http/index.ts'

/**
 * Each answer counts against its tenant's quotas and can be stopped by its question's id. A quota that is used up throws
 * before anything begins; the last rows of a day come as an answer cut at the row limit.
 */
export function attendants(running: RunningAnswers, quotas: Pick<Quotas, 'begin'>): Attend {
  return async (actor, question, signal) => {
    const ticket = await quotas.begin(actor)
    const here = running.enter(actor, question.id, signal)
    return {
      question: ticket.maxRows === null ? question : { ...question, rowsLeft: ticket.maxRows },
      signal: here.signal,
      leave: (rows) => {
        here.leave()
        ticket.end(rows)
      },
    }
  }
}
