import type { Draft } from '../../../domain/index.ts'
import type { AskContext } from '../ask.ts'
import { narrowView } from '../narrow-view.ts'
import { leftOut } from './coverage.ts'
import { findMentions } from './mentions.ts'
import { unanswerable } from './phrases.ts'
import { Reader } from './reader.ts'
import { readPlan } from './read-plan.ts'
import { render } from './render.ts'
import { tokenise } from './tokens.ts'
import { vocabularyOf } from './vocabulary.ts'

const drafter = 'builtin'

/** Drafts SQL without a model: grounds the question's words in the catalog, and abstains where one of them has no place. */
export function draftBuiltin(text: string, context: Pick<AskContext, 'view' | 'today'>): Draft {
  const refusal = unanswerable.find(([pattern]) => pattern.test(text))
  if (refusal !== undefined) return abstain(refusal[1])
  const view = narrowView(context.view, text)
  const vocabulary = vocabularyOf(view)
  const tokens = tokenise(text)
  const reader = new Reader(text, view, vocabulary, tokens, findMentions(tokens, vocabulary, context.today))
  const reading = readPlan(reader)
  if ('problem' in reading) return abstain(reading.problem)
  const left = leftOut(reader, reading.subject)
  if (left !== null) return abstain(left)
  if ('choices' in reading)
    return { kind: 'clarify', drafter, prompt: 'This can be read in two ways. Which do you mean?', choices: reading.choices }
  const rendered = render(reading.plan, view, new Set(tokens.map((token) => token.root)))
  if ('problem' in rendered) return abstain(rendered.problem)
  const explanation = `Reads ${rendered.tables.join(', ')}.`
  return { kind: 'drafted', drafter, sql: rendered.sql, params: [], explanation, assumptions: reading.plan.assumptions }
}

function abstain(reason: string): Draft {
  return { kind: 'abstained', drafter, reason }
}
