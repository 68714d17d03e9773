import { z } from 'zod'
import type { Wire } from './wire.ts'
import { actorKinds, approvalStates, statementClasses, surfaces } from '../domain/index.ts'
import { reasonShape } from './reason.ts'
import { cellShape } from './cell.ts'
import { keepableText } from './text.ts'
import { plannedWriteShape } from './write-policy.ts'

const person = z.object({ memberId: z.string(), name: z.string(), surface: z.enum(surfaces) })

/** One statement that waits for, or had, another person's consent. */
export const approvalShape = z
  .object({
    id: z.string(),
    state: z.enum(approvalStates),
    connection: z.object({ id: z.string(), name: z.string() }),
    /** The question it came of; its entry in the record. */
    question: z.string(),
    sql: z.string(),
    params: z.array(cellShape),
    class: z.enum(statementClasses),
    /** SHA-256 over text, values, connection, schema and policy: what the consent is bound to. */
    hash: z.string(),
    writes: z.array(plannedWriteShape),
    reasons: z.array(reasonShape),
    /** What a run that was rolled back has counted; null: there was none. */
    dryRun: z.object({ affectedRows: z.number().nullable(), notes: z.array(z.string()) }).nullable(),
    requestedBy: person.extend({ kind: z.enum(actorKinds) }),
    requestedAt: z.string(),
    expiresAt: z.string(),
    decidedBy: person.nullable(),
    decidedAt: z.string().nullable(),
    comment: z.string().nullable(),
    /** Unique to the one execution; its entry in the record. */
    execution: z.string().nullable(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    affectedRows: z.number().nullable(),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Approval' })
export type ApprovalBody = Wire<z.infer<typeof approvalShape>>

export const approvalQueryShape = z.strictObject({
  state: z.enum(approvalStates).optional(),
  /** `true`: only those that wait for you to decide. */
  mine: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: keepableText().min(1).max(200).optional(),
})

/** A word on a decision; for people only. */
export const decisionShape = z.strictObject({ comment: keepableText().max(1000).optional() }).meta({ id: 'Decision' })
