import type { Drafted, QuestionInput } from '../../domain/index.ts'

/** SQL typed by hand is its own draft. */
export function draftVerbatim({ sql, params }: Extract<QuestionInput, { kind: 'sql' }>): Drafted {
  return { assumptions: [], drafter: 'verbatim', explanation: 'The SQL as it was written.', kind: 'drafted', params, sql }
}
