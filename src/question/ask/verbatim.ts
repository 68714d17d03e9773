import type { Drafted, Question } from '../../domain/index.ts'

/** SQL typed by hand is its own draft. */
export function draftVerbatim(question: Question & { readonly input: { readonly kind: 'sql' } }): Drafted {
  const { sql, params } = question.input
  return { assumptions: [], drafter: 'verbatim', explanation: 'The SQL as it was written.', kind: 'drafted', params, sql }
}
