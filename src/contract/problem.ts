import { z } from 'zod'
import type { Wire } from './wire.ts'

/** An RFC 9457 problem document with a stable `code`. */
export const problemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    /** The request's id, to be named to an operator. */
    instance: z.string().optional(),
    /** Where the request's own fields were wrong. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = Wire<z.infer<typeof problemShape>>
