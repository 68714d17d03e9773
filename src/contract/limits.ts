import { z } from 'zod'

/** Limits an asker may tighten or, up to the policy's ceiling, widen. */
export const limitsShape = z
  .strictObject({
    statementTimeoutMs: z.int().min(1),
    lockTimeoutMs: z.int().min(1),
    maxRows: z.int().min(1),
    maxBytes: z.int().min(1),
    maxTempBytes: z.int().min(0),
  })
  .partial()
  .meta({ id: 'Limits' })
