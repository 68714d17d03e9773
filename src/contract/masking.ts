import { z } from 'zod'
import { dateUnits, parseRowFilter, shownEnds } from '../domain/index.ts'
import { keepableText, slugShape } from './text.ts'

export const patternShape = keepableText().min(1).max(300)

const targets = { roles: z.array(slugShape).max(100).default([]), tables: z.array(patternShape).min(1).max(500) }

const maskShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('null') }),
  z.strictObject({ kind: z.literal('constant'), value: keepableText().max(200) }),
  z.strictObject({ kind: z.literal('hash') }),
  z.strictObject({ kind: z.literal('partial'), show: z.enum(shownEnds).default('last'), count: z.int().min(1).max(20).default(4) }),
  /** `by`: the width for numbers, a calendar unit for dates. */
  z.strictObject({ kind: z.literal('bucket'), by: z.union([z.number().positive().max(1e15), z.enum(dateUnits)]) }),
])

export const maskRuleShape = z.strictObject({ ...targets, columns: z.array(patternShape).min(1).max(500), mask: maskShape })

/** A predicate over the table's own columns and `actor.…`, checked to the last character. */
const whereShape = keepableText()
  .min(1)
  .max(4_000)
  .superRefine((text, context) => {
    const parsed = parseRowFilter(text)
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: `is not a filter: ${parsed.problem} (at character ${parsed.at})` })
  })

export const filterRuleShape = z.strictObject({ ...targets, where: whereShape })

const attributeName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/i, 'a letter, then letters, digits, underscores')
  .refine((name) => !['name', 'kind', 'roles'].includes(name), 'is what AI-Shell knows itself: choose another name')

export const attributeRuleShape = z.strictObject({
  members: z.array(patternShape).max(1_000).default([]),
  roles: z.array(slugShape).max(100).default([]),
  set: z.record(attributeName, z.union([keepableText().max(500), z.array(keepableText().max(500)).max(1_000)])),
})
