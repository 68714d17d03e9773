import type { Drafted, Question } from '../../domain/index.ts'

/** SQL typed by hand is its own draft. */
export function draftVerbatim(question: Question & { readonly input: { readonly kind: 'sql' } }): Drafted {
  const { sql, params } = question.input
  return { kind: 'drafted', drafter: 'verbatim', sql, params, explanation: 'The SQL as it was written.', assumptions: [] }
}
