import type { Draft } from '../../../domain/index.ts'
import type { AskContext } from '../ask.ts'
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
  if (refusal !== undefined) return { kind: 'abstained', drafter, reason: refusal[1] }
  const vocabulary = vocabularyOf(context.view)
  const tokens = tokenise(text)
  const reader = new Reader(context.view, vocabulary, tokens, findMentions(tokens, vocabulary, context.today))
  const reading = readPlan(reader)
  if ('problem' in reading) return { kind: 'abstained', drafter, reason: reading.problem }
  const unknown = unknownWords(reader)
  if (unknown.length > 0)
    return {
      kind: 'abstained',
      drafter,
      reason: `I do not know what ${unknown.map((word) => `“${word}”`).join(', ')} means in this database.`,
    }
  const sql = render(reading.plan, context.view)
  if (sql === null) return { kind: 'abstained', drafter, reason: 'The tables this is about are not connected by keys.' }
  return { kind: 'drafted', drafter, sql, params: [], explanation: explain(reader), assumptions: reading.plan.assumptions }
}

/** Words with a meaning that no part of the reading has accounted for. */
function unknownWords(reader: Reader): string[] {
  const tableRoots = new Set(
    reader.vocabulary.tables.flatMap((table) => [...table.roots, ...table.columns.flatMap((column) => column.stems)]),
  )
  return reader.tokens
    .filter(
      (token, at) =>
        !reader.understood.has(at) &&
        !token.isFiller &&
        token.number === null &&
        !(tableRoots.has(token.root) && verbForm.test(token.lower)),
    )
    .filter((token) => !structural.test(token.lower))
    .map((token) => token.text)
}

/** A verb may share its root with a table or a date it belongs to: ordered, shipped, sold. */
const verbForm = /(ed|ing)$|^(sold|bought|born|paid|made|spent|sell|ship|order|pay)$/

/** Words of the grammar the readers look for; they have done their part. */
const structural =
  /^(how|average|mean|total|sum|maximum|minimum|max|min|different|distinct|unique|count|counts|highest|lowest|largest|smallest|number|numbers|top|descending|ascending|alphabetical|greater|larger|higher|lower|older|younger|smaller|above|below|under|over|after|before|since|between|ordered|sorted|grouped|group|contain|include|start|begin|end|starting|ending|average|all|everything|information|separately|individual|corresponding|respective|same|different|whether|kind|type|types|associated|currently|ids|id|details|detail|correspond|corresponds|list|lists)$/

function explain(reader: Reader): string {
  const names = reader.mentions.flatMap((mention) => (mention.kind === 'table' ? [reader.pickTable(mention.tables).relation.name] : []))
  return names.length === 0 ? 'Read from the columns the question names.' : `Read from ${[...new Set(names)].join(', ')}.`
}
