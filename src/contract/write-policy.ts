import { z } from 'zod'
import { writeVerbs } from '../domain/index.ts'
import { slugShape } from './text.ts'

/** What a policy says of writes, see domain/write-policy.ts. */
export function writePolicyFields(pattern: z.ZodType<string>) {
  return {
    /** Roles that may have writes run; empty: nothing is ever changed. */
    writers: z.array(slugShape).max(100).default([]),
    /** Where there are rules, what none of them covers may not be written. */
    writes: z
      .array(
        z.strictObject({
          roles: z.array(slugShape).max(100).default([]),
          tables: z.array(pattern).min(1).max(500),
          verbs: z.array(z.enum(writeVerbs)).default([]),
          columns: z.array(pattern).max(500).default([]),
          /** `waived`: runs at once, without another person. */
          approval: z.enum(['person', 'waived']).default('person'),
        }),
      )
      .max(500)
      .default([]),
    /** An UPDATE or DELETE of a whole table: refused, or left to the person who approves. */
    wholeTableWrites: z.enum(['refuse', 'confirm']).default('confirm'),
    /** Triggers, rules and defaults that run code of the database: refused unless marked safe, or told. */
    sideEffects: z.enum(['refuse', 'tell']).default('tell'),
    /** Roles whose members may approve; empty: everybody with the right to. */
    approvers: z.array(slugShape).max(100).default([]),
    /** How long a request waits for a decision. */
    approvalMinutes: z
      .int()
      .min(1)
      .max(30 * 24 * 60)
      .default(24 * 60),
  }
}

/** What a write does to one table. */
export const plannedWriteShape = z
  .object({ table: z.string(), verb: z.enum(writeVerbs), columns: z.array(z.string()), isWhole: z.boolean() })
  .meta({ id: 'PlannedWrite' })
