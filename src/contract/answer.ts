import { z } from 'zod'
import type { Wire } from './wire.ts'
import { decisions, drafters, errorKinds, outcomes, phases, statementClasses, truncations } from '../domain/index.ts'
import { approvalShape } from './approval.ts'
import { cellShape, resultColumnShape } from './cell.ts'
import { reasonShape } from './reason.ts'
import { plannedWriteShape } from './write-policy.ts'

export * from './approval.ts'
export { reasonShape } from './reason.ts'

export const verdictShape = z
  .object({
    decision: z.enum(decisions),
    class: z.enum(statementClasses),
    reasons: z.array(reasonShape),
    tables: z.array(z.string()),
    columns: z.array(z.string()),
    functions: z.array(z.string()),
    /** Columns read whose values are shown changed: `schema.table.column`. */
    masked: z.array(z.string()),
    /** Tables of which only some rows are there for the asker: `schema.table`. */
    filtered: z.array(z.string()),
    /** What a write does to which tables. */
    writes: z.array(plannedWriteShape).optional(),
  })
  .meta({ id: 'Verdict' })
export type VerdictBody = Wire<z.infer<typeof verdictShape>>

export const draftShape = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('drafted'),
      drafter: z.enum(drafters),
      sql: z.string(),
      params: z.array(cellShape),
      explanation: z.string(),
      assumptions: z.array(z.string()),
    }),
    z.object({ kind: z.literal('abstained'), drafter: z.enum(drafters), reason: z.string() }),
    z.object({ kind: z.literal('clarify'), drafter: z.enum(drafters), prompt: z.string(), choices: z.array(z.string()) }),
  ])
  .meta({ id: 'Draft' })
export type DraftBody = Wire<z.infer<typeof draftShape>>

/** What went wrong, where an answer ended as `failed`. */
export const failureShape = z
  .object({ code: z.string(), kind: z.enum(errorKinds), message: z.string(), hint: z.string().optional() })
  .meta({ id: 'Failure' })
export type FailureBody = Wire<z.infer<typeof failureShape>>

export const chartHintShape = z
  .object({ mark: z.enum(['bar', 'line', 'point']), x: z.string(), y: z.string(), series: z.string().optional() })
  .meta({ id: 'ChartHint' })

/** What EXPLAIN says of a statement that was not run. */
export const planShape = z
  .object({ text: z.string(), estimatedRows: z.number().nullable(), estimatedCost: z.number().nullable() })
  .meta({ id: 'Plan' })

/** Long work goes on. Not within its first second, then at most once a second; anywhere after `verdict-reached`. */
export const progressShape = z
  .object({
    type: z.literal('progress'),
    phase: z.enum(phases),
    /** Read so far, and their bytes; 0 while the database has given none. */
    rows: z.int(),
    bytes: z.int(),
    /** Since the statement was about to run. */
    elapsedMs: z.int(),
  })
  .meta({ id: 'Progress' })
export type ProgressBody = Wire<z.infer<typeof progressShape>>

const answerEnd = {
  outcome: z.enum(outcomes),
  rows: z.int(),
  bytes: z.int(),
  truncated: z.enum(truncations).nullable(),
  /** Milliseconds per stage: ask, guard, run, total. */
  timings: z.object({ askMs: z.number(), guardMs: z.number(), runMs: z.number(), totalMs: z.number() }),
  failure: failureShape.optional(),
  chart: chartHintShape.optional(),
}

/** One step of an answer. The event stream carries them in this order; `rows-batch` and `progress` repeat. */
export const answerEventShape = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('answer-begin'), id: z.string(), connection: z.string() }),
    z.object({ type: z.literal('draft-ready'), draft: draftShape, attempt: z.int() }),
    z.object({ type: z.literal('verdict-reached'), verdict: verdictShape, attempt: z.int() }),
    z.object({ type: z.literal('plan-ready'), plan: planShape }),
    progressShape,
    z.object({ type: z.literal('approval-requested'), approval: approvalShape }),
    /** A write that needed no approval, or has it, is committed. */
    z.object({ type: z.literal('write-done'), affectedRows: z.number().nullable() }),
    z.object({ type: z.literal('rows-begin'), columns: z.array(resultColumnShape) }),
    z.object({ type: z.literal('rows-batch'), rows: z.array(z.array(cellShape)) }),
    z.object({ type: z.literal('answer-end'), ...answerEnd }),
  ])
  .meta({ id: 'AnswerEvent' })
export type AnswerEvent = Wire<z.infer<typeof answerEventShape>>

/** One buffered answer, `Accept: application/json`. */
export const answerShape = z
  .object({
    id: z.string(),
    connection: z.string(),
    draft: draftShape.optional(),
    verdict: verdictShape.optional(),
    /** Where the outcome is needs-approval: what waits for another person. */
    approval: approvalShape.optional(),
    /** Of a write: rows inserted, changed or deleted; null where the database does not tell. */
    affectedRows: z.number().nullable().optional(),
    columns: z.array(resultColumnShape),
    data: z.array(z.array(cellShape)),
    ...answerEnd,
  })
  .meta({ id: 'Answer' })
export type AnswerBody = Wire<z.infer<typeof answerShape>>

/** The last line of an NDJSON answer, under the key `$end`; rows are lines before it. */
export const rowsEndShape = z
  .object({
    outcome: z.enum(outcomes),
    rows: z.int(),
    truncated: z.enum(truncations).nullable(),
    failure: failureShape.optional(),
  })
  .meta({ id: 'RowsEnd' })
export type RowsEnd = Wire<z.infer<typeof rowsEndShape>>

/** `POST /drafts`: what would run, and what the guard says of it. */
export const draftAnswerShape = z
  .object({
    id: z.string(),
    connection: z.string(),
    outcome: z.enum(outcomes),
    draft: draftShape.optional(),
    verdict: verdictShape.optional(),
    plan: planShape.optional(),
    failure: failureShape.optional(),
  })
  .meta({ id: 'DraftAnswer' })
export type DraftAnswerBody = Wire<z.infer<typeof draftAnswerShape>>
