import { z } from 'zod'
import type { Wire } from './wire.ts'
import { limitsShape } from './limits.ts'
import { keepableText, nameOrIdShape } from './text.ts'

const asked = {
  /** Name or id of the connection. */
  connection: nameOrIdShape,
  conversation: keepableText().max(200).optional(),
  limits: limitsShape.optional(),
  /** CSV only: a text that a spreadsheet would take for a formula gets an apostrophe before it. */
  escapeFormulas: z.boolean().optional(),
}

/** `POST /questions`: either plain language or SQL. */
export const questionShape = z
  .union([
    z.strictObject({ ...asked, text: z.string().min(1).max(4000) }),
    z.strictObject({
      ...asked,
      sql: z.string().min(1).max(1_000_000),
      params: z
        .array(z.union([z.string(), z.null()]))
        .max(1000)
        .optional(),
    }),
  ])
  .meta({ id: 'Question' })
export type QuestionBody = Wire<z.infer<typeof questionShape>>

/** `POST /drafts`: as a question; `explain` asks for the server's plan as well. */
export const draftQuestionShape = z
  .union([
    z.strictObject({ ...asked, text: z.string().min(1).max(4000), explain: z.boolean().optional() }),
    z.strictObject({
      ...asked,
      sql: z.string().min(1).max(1_000_000),
      params: z
        .array(z.union([z.string(), z.null()]))
        .max(1000)
        .optional(),
      explain: z.boolean().optional(),
    }),
  ])
  .meta({ id: 'DraftQuestion' })
export type DraftQuestionBody = Wire<z.infer<typeof draftQuestionShape>>
