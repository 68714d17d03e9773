import { z } from 'zod'
import type { Wire } from './wire.ts'

export const healthShape = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' })

export const checkStates = ['ok', 'degraded', 'failed'] as const
/** `/ready`: 200 while the store answers, migrations are in and the server is not draining. */
export const readyShape = z
  .object({
    status: z.enum(['ready', 'draining', 'not-ready']),
    checks: z.array(z.object({ name: z.string(), state: z.enum(checkStates), detail: z.string() })),
  })
  .meta({ id: 'Ready' })
export type ReadyBody = Wire<z.infer<typeof readyShape>>

/** One finding of whoever looks for what is wrong: `failed` does not work, `degraded` works and should be mended. */
export interface Check {
  readonly name: string
  readonly state: (typeof checkStates)[number]
  readonly detail: string
  /** The repair. */
  readonly hint?: string
}
