import { z } from 'zod'

export const reasonShape = z
  .object({
    code: z.string(),
    message: z.string(),
    span: z.object({ start: z.int(), end: z.int() }).optional(),
    hint: z.string().optional(),
  })
  .meta({ id: 'Reason' })
